package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtEnvironment;
import dev.langchain4j.model.embedding.onnx.OnnxEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hosts on the JVM load is the bundle's own two files, unchanged. */
class DeliveredBundleTest {
  private static final List<String> TEXTS =
      List.of("a large feline of tropical America", "the act of giving up", "Ünïcödé 漢字");

  @SuppressWarnings("NullAway.Init")
  @TempDir
  private static Path folder;

  @SuppressWarnings("NullAway.Init")
  private static List<float[]> ours;

  @BeforeAll
  static void deliver() {
    Path bundle = folder.resolve("bundle");
    Bundle.write(
        bundle,
        BundleManifest.of("minilm", MiniLm.SPEC),
        Map.of("model.onnx", MiniLm.model(), "tokenizer.json", MiniLm.tokenizer()));
    try (Predictor predictor = Predictor.open(bundle)) {
      ours =
          predictor.predict(TEXTS.stream().map(Example::text).toList()).stream()
              .map(Prediction::embedding)
              .toList();
    }
  }

  @Test
  void theHostsRunOurRuntime() {
    assertThat(OrtEnvironment.getEnvironment().getVersion()).isEqualTo("1.29.0");
  }

  @Test
  void loadsInLangChain4j() {
    OnnxEmbeddingModel model =
        new OnnxEmbeddingModel(
            folder.resolve("bundle/model.onnx"),
            folder.resolve("bundle/tokenizer.json"),
            PoolingMode.MEAN);
    for (int i = 0; i < TEXTS.size(); i++) {
      assertThat(model.embed(TEXTS.get(i)).content().vector())
          .as(TEXTS.get(i))
          .containsExactly(ours.get(i), within(1e-5f));
    }
  }

  /**
   * In a process of its own: DJL's engine insists on making ONNX Runtime's environment itself, so
   * it must come first, before us and before LangChain4j.
   */
  @Test
  void loadsInDjlAndOursRunsBesideIt() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx512m",
            EmbedWithDjl.class.getName(),
            folder.resolve("bundle").toString(),
            // Not as arguments: those go through the locale's character set.
            Files.write(folder.resolve("texts"), TEXTS).toString());
    Path errors = folder.resolve("errors");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    // Not as an argument: ONNX Runtime 1.29 does not bear a long command line.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    List<float[]> vectors;
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      vectors = out.lines().map(DeliveredBundleTest::vector).toList();
    }
    assertThat(process.waitFor()).as(() -> read(errors)).isZero();
    assertThat(vectors).hasSize(2 * TEXTS.size());
    for (int i = 0; i < vectors.size(); i++) {
      assertThat(vectors.get(i))
          .as((i < TEXTS.size() ? "DJL: " : "ours after DJL: ") + TEXTS.get(i % TEXTS.size()))
          .containsExactly(ours.get(i % TEXTS.size()), within(1e-5f));
    }
  }

  private static float[] vector(String line) {
    String[] fields = line.split(" ");
    float[] vector = new float[fields.length];
    for (int i = 0; i < fields.length; i++) {
      vector[i] = Float.parseFloat(fields[i]);
    }
    return vector;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
