package dev.hasten.study;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.WriteOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/** A real model, small but with weights worth compressing, its data and its workload file. */
final class SmallStudy {
  static final int WIDTH = 64;
  static final int HIDDEN = 512;

  private SmallStudy() {}

  /** Writes {@code model.onnx}, {@code examples.jsonl} and {@code workload.yaml}. */
  static Path write(Path folder) throws IOException {
    writeModel(folder.resolve("model.onnx"), 1, WriteOptions.defaults());
    Random random = new Random(5);
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      lines.append("{\"x\": [");
      for (int k = 0; k < WIDTH; k++) {
        lines.append(k == 0 ? "" : ", ");
        lines.append(String.format(Locale.ROOT, "%.3f", random.nextGaussian()));
      }
      lines.append("]}\n");
    }
    Files.writeString(folder.resolve("examples.jsonl"), lines);
    return Files.writeString(
        folder.resolve("workload.yaml"),
        """
        model: model.onnx
        input: {type: tensors}
        data: {path: examples.jsonl, tensors: [x]}
        quality: {metric: cosine, maxDrop: 1%}
        objective: size
        measure:
          rows: [{batch: 1}]
        techniques:
          include: [simplify, dynamic-int8]
        budget: 4s
        """);
  }

  /** {@code x[batch,64] → MatMul → Relu → MatMul → y[batch,64]}, with 65,536 random weights. */
  static void writeModel(Path file, long seed, WriteOptions options) {
    Random random = new Random(seed);
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", WIDTH)
        .floats("w1", weights(random), WIDTH, HIDDEN)
        .floats("w2", weights(random), HIDDEN, WIDTH)
        .node("hidden", "MatMul", "x", "w1")
        .node("active", "Relu", "hidden")
        .node("y", "MatMul", "active", "w2")
        .output("y", DataType.FLOAT, "batch", WIDTH)
        .build()
        .write(file, options);
  }

  private static float[] weights(Random random) {
    float[] weights = new float[WIDTH * HIDDEN];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (0.1 * random.nextGaussian());
    }
    return weights;
  }
}
