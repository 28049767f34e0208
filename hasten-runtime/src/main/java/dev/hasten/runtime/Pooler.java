package dev.hasten.runtime;

import java.util.Arrays;

/** The vectors of a text's tokens to one vector. */
final class Pooler {
  private Pooler() {}

  /**
   * {@code [batch, tokens, width]} to {@code [batch, width]}; without pooling {@code [batch,
   * width]} stays what it is, and may be normalised.
   *
   * @param mask {@code [batch, tokens]}, 0 where padded
   */
  static NdArray pool(String name, NdArray output, long[] mask, PipelineSpec.Text spec) {
    int expected = spec.pooling() == Pooling.NONE ? 2 : 3;
    if (output.rank() != expected || output.type() == ElementType.STRING) {
      throw new BadInputException(
          "output "
              + name
              + ": "
              + output
              + " (expected: "
              + expected
              + " axes of numbers for pooling "
              + Section.label(spec.pooling())
              + (output.rank() == 2 ? "; for an output that is pooled already, pooling: none" : "")
              + ")");
    }
    int batch = Math.toIntExact(output.dimension(0));
    int width = Math.toIntExact(output.dimension(expected - 1));
    float[] all = output.toFloats();
    float[] result = spec.pooling() == Pooling.NONE ? all : new float[batch * width];
    if (spec.pooling() != Pooling.NONE) {
      int tokens = Math.toIntExact(output.dimension(1));
      for (int row = 0; row < batch; row++) {
        pool(all, row * tokens, tokens, width, mask, result, row * width, spec.pooling());
      }
    }
    if (spec.normalize()) {
      for (int row = 0; row < batch; row++) {
        normalize(result, row * width, width);
      }
    }
    return NdArray.floats(result, batch, width);
  }

  private static void pool(
      float[] all,
      int firstToken,
      int tokens,
      int width,
      long[] mask,
      float[] to,
      int at,
      Pooling pooling) {
    switch (pooling) {
      case MEAN -> {
        int counted = 0;
        for (int t = 0; t < tokens; t++) {
          if (mask[firstToken + t] != 0) {
            counted++;
            int from = (firstToken + t) * width;
            for (int i = 0; i < width; i++) {
              to[at + i] += all[from + i];
            }
          }
        }
        for (int i = 0; i < width; i++) {
          to[at + i] /= Math.max(1, counted);
        }
      }
      case CLS -> System.arraycopy(all, firstToken * width, to, at, width);
      case LAST -> {
        int last = tokens - 1;
        while (last > 0 && mask[firstToken + last] == 0) {
          last--;
        }
        System.arraycopy(all, (firstToken + last) * width, to, at, width);
      }
      case NONE -> throw new AssertionError(Arrays.toString(mask));
    }
  }

  private static void normalize(float[] vector, int at, int width) {
    double squares = 0;
    for (int i = at; i < at + width; i++) {
      squares += (double) vector[i] * vector[i];
    }
    if (squares > 0) {
      float scale = (float) (1 / Math.sqrt(squares));
      for (int i = at; i < at + width; i++) {
        vector[i] *= scale;
      }
    }
  }
}
