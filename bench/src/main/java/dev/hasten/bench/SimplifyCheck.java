package dev.hasten.bench;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Techniques;
import dev.hasten.graph.Model;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether the simplified model equals the original on real texts, and whether all its shapes are
 * known.
 *
 * <p>{@code java … dev.hasten.bench.SimplifyCheck DEMO_FOLDER [TEXTS]}; the folder is what {@code
 * hasten demo --prepare} wrote.
 */
public final class SimplifyCheck {
  private static final int BATCH = 8;

  private SimplifyCheck() {}

  /** Prints the largest differences; exits with 1 if one is above 1e-5 or a shape is unknown. */
  public static void main(String[] args) throws IOException {
    Path demo = Path.of(args[0]);
    int texts = args.length > 1 ? Integer.parseInt(args[1]) : 1_000;
    Model original = Model.read(demo.resolve("model.onnx"));
    Shapes shapes = ShapeInference.infer(original);
    Applied simplified =
        Techniques.named("simplify")
            .create(Map.of())
            .apply(original, Context.of(Hardware.detect()));
    System.out.printf(
        "nodes: %d before, %d after; unknown shapes: %d before, %d after; changes: %d, refusals: %d%n",
        original.graph().nodes().size(),
        simplified.model().graph().nodes().size(),
        shapes.unknown().size(),
        ShapeInference.infer(simplified.model()).unknown().size(),
        simplified.changes().size(),
        simplified.refusals().size());

    List<Example> examples = new ArrayList<>();
    ObjectMapper json = new ObjectMapper();
    for (String line : Files.readAllLines(demo.resolve("glosses.jsonl")).subList(0, texts)) {
      examples.add(Example.text(json.readTree(line).get("text").asText()));
    }
    double most = 0;
    // As written, so that our rewrites alone are held against the original; and as it is used.
    for (Optimization level : List.of(Optimization.NONE, Optimization.ALL)) {
      most = Math.max(most, compare(level, original, simplified.model(), examples, demo));
    }
    if (!(most <= 1e-5) || !shapes.complete()) {
      System.exit(1);
    }
  }

  /** The largest difference of the outputs, which is printed with that of the embeddings. */
  private static double compare(
      Optimization level, Model original, Model simplified, List<Example> examples, Path folder) {
    double outputs = 0;
    double embeddings = 0;
    try (Session a = open(original, level);
        Session b = open(simplified, level);
        InputPipeline pipeline =
            InputPipeline.open(PipelineSpec.Text.of("tokenizer.json"), folder, a.inputs())) {
      for (int i = 0; i + BATCH <= examples.size(); i += BATCH) {
        Map<String, NdArray> inputs = pipeline.encode(examples.subList(i, i + BATCH));
        Map<String, NdArray> left = a.run(inputs);
        Map<String, NdArray> right = b.run(inputs);
        for (String name : left.keySet()) {
          outputs =
              Math.max(outputs, difference(attended(left, inputs), attended(right, inputs), name));
        }
        embeddings =
            Math.max(
                embeddings,
                difference(
                    pipeline.decode(inputs, left),
                    pipeline.decode(inputs, right),
                    InputPipeline.EMBEDDING));
      }
    }
    System.out.printf(
        "runtime's own optimizations %s: largest difference over %d texts %.2e in the outputs, %.2e"
            + " in the embeddings%n",
        level, examples.size(), outputs, embeddings);
    return outputs;
  }

  private static Session open(Model model, Optimization level) {
    return Backend.cpu()
        .open(model.toBytes(), model.source(), SessionOptions.defaults().withOptimization(level));
  }

  /**
   * Token outputs where the mask is on; what stands at padding means nothing and nobody reads it.
   */
  private static Map<String, NdArray> attended(
      Map<String, NdArray> outputs, Map<String, NdArray> inputs) {
    long[] mask = requireNonNull(inputs.get("attention_mask")).toLongs();
    Map<String, NdArray> kept = new HashMap<>();
    outputs.forEach((name, array) -> {
      float[] values = array.toFloats();
      int width = values.length / mask.length;
      for (int i = 0; i < values.length; i++) {
        values[i] = mask[i / width] == 0 ? 0 : values[i];
      }
      kept.put(name, NdArray.floats(values, array.shape()));
    });
    return kept;
  }

  private static double difference(Map<String, NdArray> a, Map<String, NdArray> b, String name) {
    float[] left = requireNonNull(a.get(name)).toFloats();
    float[] right = requireNonNull(b.get(name)).toFloats();
    double most = left.length == right.length ? 0 : Double.POSITIVE_INFINITY;
    for (int i = 0; i < Math.min(left.length, right.length); i++) {
      most = Math.max(most, Math.abs(left[i] - right[i]));
    }
    return most;
  }
}
