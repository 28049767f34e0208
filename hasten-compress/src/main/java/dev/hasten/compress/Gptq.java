package dev.hasten.compress;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rounds a matrix so that the <em>output</em> of its product errs least: after each input is
 * rounded, the inputs not yet rounded make up for its error, as far as they go along with it in the
 * calibration data. Frantar et al., GPTQ, 2022, algorithm 1: Hessian {@code XᵀX}, damped; its
 * inverse through Cholesky. The paper's lazy batches serve a GPU's memory; here output channels,
 * which are independent, are taken in stripes that fit the cache, on all cores.
 *
 * @param damping share of the Hessian's mean diagonal that is added to it
 * @param byActivity inputs are rounded in the order of their activity (act-order); blocks then have
 *     the range of the original weights, since their inputs are not rounded one after another
 */
record Gptq(BlockFormat format, BlockFormat.Fit fit, double damping, boolean byActivity) {
  private static final int STRIPE = 32;

  /**
   * @param matrix {@code [rows, columns]}, a row per output channel
   * @param hessian {@code [columns, columns]}, up to a factor; is overwritten
   * @return nothing if the Hessian has no inverse
   */
  Optional<BlockWeight> quantize(float[] matrix, int rows, int columns, double[] hessian) {
    int[] order = order(hessian, columns);
    double[] factor = byActivity ? permuted(hessian, order) : hessian;
    damp(factor, columns);
    if (!inverseFactor(factor, columns)) {
      return Optional.empty();
    }
    BlockWeight out = BlockWeight.empty(format, rows, columns);
    int stripes = Math.ceilDiv(rows, STRIPE);
    IntStream.range(0, stripes)
        .parallel()
        .forEach(stripe -> {
          int from = stripe * STRIPE;
          stripe(matrix, from, Math.min(rows, from + STRIPE), order, factor, out);
        });
    return Optional.of(out);
  }

  /** Rounds some output channels; {@code w[k]} is what is left of input k's weights. */
  private void stripe(
      float[] matrix, int from, int to, int[] order, double[] factor, BlockWeight out) {
    int columns = order.length;
    int width = to - from;
    float[][] w = new float[columns][width];
    for (int column = 0; column < columns; column++) {
      for (int row = from; row < to; row++) {
        w[column][row - from] = matrix[row * columns + column];
      }
    }
    if (byActivity) {
      for (int block = 0; block < format.blocks(columns); block++) {
        fit(w, block, from, out);
      }
    }
    float[] error = new float[width];
    for (int k = 0; k < columns; k++) {
      int column = order[k];
      int block = column / format.size();
      if (!byActivity && column % format.size() == 0) {
        fit(w, block, from, out);
      }
      double pivot = factor[k * columns + k];
      for (int i = 0; i < width; i++) {
        BlockFormat.Range range = out.range(from + i, block);
        int q = format.round(w[column][i], range);
        out.set(from + i, column, q);
        error[i] = (float) ((w[column][i] - range.real(q)) / pivot);
      }
      for (int later = k + 1; later < columns; later++) {
        subtract(w[order[later]], (float) factor[k * columns + later], error);
      }
    }
  }

  private static void subtract(float[] weights, float share, float[] error) {
    for (int i = 0; i < error.length; i++) {
      weights[i] -= share * error[i];
    }
  }

  private void fit(float[][] w, int block, int firstRow, BlockWeight out) {
    int from = block * format.size();
    float[] numbers = new float[Math.min(w.length, from + format.size()) - from];
    for (int i = 0; i < w[0].length; i++) {
      for (int k = 0; k < numbers.length; k++) {
        numbers[k] = w[from + k][i];
      }
      out.set(firstRow + i, block, fit.of(numbers, format));
    }
  }

  private int[] order(double[] hessian, int size) {
    IntStream all = IntStream.range(0, size);
    return byActivity
        ? all.boxed()
            .sorted(Comparator.comparingDouble(k -> -hessian[k * size + k]))
            .mapToInt(Integer::intValue)
            .toArray()
        : all.toArray();
  }

  private static double[] permuted(double[] matrix, int[] order) {
    int size = order.length;
    double[] out = new double[matrix.length];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        out[i * size + j] = matrix[order[i] * size + order[j]];
      }
    }
    return out;
  }

  private void damp(double[] hessian, int size) {
    double mean = 0;
    for (int k = 0; k < size; k++) {
      mean += hessian[k * size + k] / size;
    }
    for (int k = 0; k < size; k++) {
      hessian[k * size + k] += damping * mean;
    }
  }

  /**
   * Overwrites a symmetric positive matrix {@code H} by the upper triangular {@code U} with {@code
   * H⁻¹ = UᵀU}. Taking {@code H = M·Mᵀ} with {@code M} upper triangular, that is Cholesky from the
   * last row up, {@code U} is {@code M⁻¹}: the inverse itself is never needed.
   *
   * @return whether the matrix was positive
   */
  static boolean inverseFactor(double[] h, int size) {
    for (int j = size - 1; j >= 0; j--) {
      int row = j * size;
      double pivot = h[row + j] - dot(h, row, row, j + 1, size);
      if (!(pivot > 0) || Double.isInfinite(pivot)) {
        return false;
      }
      double root = Math.sqrt(pivot);
      h[row + j] = root;
      int column = j;
      IntStream rows = IntStream.range(0, j);
      (j > 64 ? rows.parallel() : rows)
          .forEach(i -> {
            double rest = h[i * size + column] - dot(h, i * size, row, column + 1, size);
            h[i * size + column] = rest / root;
          });
    }
    invertUpper(h, size);
    return true;
  }

  private static double dot(double[] h, int a, int b, int from, int to) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = from;
    for (; i + 3 < to; i += 4) { // four sums: one alone would wait for itself
      s0 += h[a + i] * h[b + i];
      s1 += h[a + i + 1] * h[b + i + 1];
      s2 += h[a + i + 2] * h[b + i + 2];
      s3 += h[a + i + 3] * h[b + i + 3];
    }
    for (; i < to; i++) {
      s0 += h[a + i] * h[b + i];
    }
    return s0 + s1 + s2 + s3;
  }

  /** In place, from the last row up: each row of the inverse is made of those below it. */
  private static void invertUpper(double[] m, int size) {
    double[] sum = new double[size];
    for (int i = size - 1; i >= 0; i--) {
      int row = i * size;
      double inverse = 1 / m[row + i];
      Arrays.fill(sum, i, size, 0);
      for (int t = i + 1; t < size; t++) {
        double share = m[row + t];
        int below = t * size;
        for (int j = t; j < size; j++) {
          sum[j] += share * m[below + j];
        }
      }
      for (int j = i + 1; j < size; j++) {
        m[row + j] = -inverse * sum[j];
      }
      m[row + i] = inverse;
    }
    for (int i = 1; i < size; i++) {
      Arrays.fill(m, i * size, i * size + i, 0);
    }
  }
}
