package dev.hasten.runtime;

import ai.djl.huggingface.translator.TextEmbeddingTranslatorFactory;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;

/** Prints the vectors of texts, one a line: first DJL's, then ours, in one process. */
final class EmbedWithDjl {
  private EmbedWithDjl() {}

  /**
   * @param args the bundle's folder, and a file with a text a line
   */
  public static void main(String[] args) throws Exception {
    Path bundle = Path.of(args[0]);
    List<String> texts = Files.readAllLines(Path.of(args[1]));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Criteria<String, float[]> criteria =
        Criteria.builder()
            .setTypes(String.class, float[].class)
            .optModelPath(bundle)
            .optModelName("model")
            .optEngine("OnnxRuntime")
            .optTranslatorFactory(new TextEmbeddingTranslatorFactory())
            .optArgument("pooling", "mean")
            .optArgument("normalize", "true")
            .optArgument("includeTokenTypes", "true")
            .build();
    try (ZooModel<String, float[]> model = criteria.loadModel();
        ai.djl.inference.Predictor<String, float[]> djl = model.newPredictor()) {
      for (String text : texts) {
        out.println(line(djl.predict(text)));
      }
      try (Predictor ours = Predictor.open(bundle)) {
        for (String text : texts) {
          out.println(line(ours.predict(Example.text(text)).embedding()));
        }
      }
    }
  }

  private static String line(float[] vector) {
    StringJoiner line = new StringJoiner(" ");
    for (float v : vector) {
      line.add(Float.toString(v));
    }
    return line.toString();
  }
}
