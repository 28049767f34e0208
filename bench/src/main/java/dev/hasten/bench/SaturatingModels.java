package dev.hasten.bench;

import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Step;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.NdArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Writes models made to saturate, as Hasten quantizes them for a processor with AVX2 alone: in
 * every form that keeps them from it, and at full range, which does not. Run by {@code
 * bench/saturation.sh}.
 */
public final class SaturatingModels {
  private static final int ROWS = 16;
  private static final int K = 256;
  private static final int N = 64;
  private static final Hardware AVX2 =
      new Hardware("AVX2 alone", "x86_64", Set.of("avx2"), 1, 1, 1L << 33, List.of(), "");

  private SaturatingModels() {}

  /**
   * @param args folder to write to
   */
  public static void main(String[] args) throws IOException {
    Path out = Files.createDirectories(Path.of(args[0]));
    for (boolean conv : List.of(false, true)) {
      Model model = conv ? convolution() : product();
      long[] dims = conv ? new long[] {1, K, 4, 4} : new long[] {ROWS, K};
      float[] bright = new float[ROWS * K];
      Random random = new Random(1);
      for (int i = 0; i < bright.length; i++) {
        bright[i] = random.nextInt(4) == 0 ? random.nextFloat() : 1;
      }
      Context context =
          Context.of(AVX2)
              .withCalibration(
                  List.of(
                      Map.of("x", NdArray.floats(bright, dims)),
                      Map.of("x", NdArray.floats(bright, dims))));
      String name = conv ? "conv" : "matmul";
      Files.write(out.resolve(name + "-fp32.onnx"), model.toBytes());
      for (String technique : List.of("static-int8", "dynamic-int8")) {
        if (conv && technique.startsWith("dynamic")) {
          continue;
        }
        write(model, context, out, name, technique, "range", "full");
        for (String remedy : List.of("auto", "paired", "uint8", "exclude")) {
          write(model, context, out, name, technique, "saturating", remedy);
        }
      }
    }
  }

  private static void write(
      Model model, Context context, Path out, String name, String technique, String... settings)
      throws IOException {
    Recipe recipe = Recipe.of(Step.of(technique, (Object[]) settings));
    String file = "%s-%s-%s.onnx".formatted(name, technique.split("-")[0], settings[1]);
    Files.write(out.resolve(file), recipe.apply(model, context).model().toBytes());
  }

  private static float[] loud() {
    Random random = new Random(2);
    float[] weights = new float[K * N];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 0.7f + 0.3f * random.nextFloat();
    }
    return weights;
  }

  private static Model product() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, ROWS, K)
        .floats("w", loud(), K, N)
        .node("y", "MatMul", "x", "w")
        .output("y", DataType.FLOAT, ROWS, N)
        .build();
  }

  private static Model convolution() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, 1, K, 4, 4)
        .floats("w", loud(), N, K, 1, 1)
        .node("y", "Conv", "x", "w")
        .output("y", DataType.FLOAT, 1, N, 4, 4)
        .build();
  }
}
