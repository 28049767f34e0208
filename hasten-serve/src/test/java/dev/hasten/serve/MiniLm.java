package dev.hasten.serve;

import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.PipelineSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Sentence embeddings by the model that LangChain4j ships. */
public final class MiniLm {
  private MiniLm() {}

  /** A bundle of it. */
  public static void bundle(Path to) throws IOException {
    bundle(to, Map.of());
  }

  /** A bundle of it, with further files by their names in it. */
  public static void bundle(Path to, Map<String, Path> more) throws IOException {
    Path files = Files.createTempDirectory("minilm");
    Map<String, Path> all = new HashMap<>(more);
    all.put(Bundle.MODEL, copy("all-minilm-l6-v2.onnx", files));
    all.put(Bundle.TOKENIZER, copy("all-minilm-l6-v2-tokenizer.json", files));
    Bundle.write(to, BundleManifest.of("minilm", PipelineSpec.Text.of(Bundle.TOKENIZER)), all);
    Files.delete(files.resolve("all-minilm-l6-v2.onnx"));
    Files.delete(files.resolve("all-minilm-l6-v2-tokenizer.json"));
    Files.delete(files);
  }

  private static Path copy(String name, Path folder) throws IOException {
    Path to = folder.resolve(name);
    try (InputStream in =
        Objects.requireNonNull(MiniLm.class.getClassLoader().getResourceAsStream(name))) {
      Files.copy(in, to);
    }
    return to;
  }
}
