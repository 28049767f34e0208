package dev.hasten.compress;

import dev.hasten.compress.BlockFormat.Range;

/**
 * Scale and zero point that make {@code Σ|w − ŵ|^0.7} small, without data: outliers may be missed
 * so that the many small weights are met. Half-quadratic: an error {@code e} is split off, sparse,
 * by the generalized shrinkage of that norm; then scale and zero point follow in closed form from
 * {@code w − e}; and again with a larger penalty. Badri and Shaji, Half-Quadratic Quantization,
 * 2023.
 *
 * <p>Three differences: errors are counted in steps, so that the penalty means the same in every
 * layer; the scale is fitted too; zero points are whole numbers, since the runtime's fast kernels
 * know only these. The best found is kept, so the norm is never above rounding to nearest.
 */
final class Hqq implements BlockFormat.Fit {
  static final double NORM = 0.7;
  private static final int ITERATIONS = 20;
  private static final double PENALTY = 10;
  private static final double GROWTH = 1.01;

  @Override
  public Range of(float[] block, BlockFormat format) {
    Range best = format.widest(block);
    double least = Double.POSITIVE_INFINITY;
    float scale = best.scale();
    double zero = best.zero();
    double[] target = new double[block.length];
    int[] q = new int[block.length];
    double penalty = PENALTY;
    for (int iteration = 0; iteration <= ITERATIONS; iteration++) {
      Range range = new Range(scale, (int) Math.rint(zero));
      double norm = split(block, format, range, penalty, q, target);
      if (norm < least) {
        least = norm;
        best = range;
      } else if (iteration > 1) {
        break;
      }
      // Zero point for this scale, then scale for this zero point: both least squares.
      if (!format.symmetric()) {
        double sum = 0;
        for (int i = 0; i < q.length; i++) {
          sum += q[i] - target[i] / scale;
        }
        zero = Math.max(0, Math.min(format.largest(), sum / q.length));
      }
      double product = 0;
      double square = 0;
      for (int i = 0; i < q.length; i++) {
        double step = q[i] - Math.rint(zero);
        product += target[i] * step;
        square += step * step;
      }
      if (square == 0 || product == 0) {
        break;
      }
      scale = BlockFormat.usable((float) (product / square));
      penalty *= GROWTH;
    }
    return best;
  }

  /** Rounds, and splits the sparse error off; the norm of the error before. */
  private static double split(
      float[] block, BlockFormat format, Range range, double penalty, int[] q, double[] target) {
    double norm = 0;
    for (int i = 0; i < block.length; i++) {
      q[i] = format.round(block[i], range);
      double error = (block[i] - range.real(q[i])) / range.scale();
      double size = Math.abs(error);
      if (size == 0) {
        target[i] = block[i];
        continue;
      }
      double slope = Math.pow(size, NORM - 1);
      norm += size * slope;
      double kept = Math.max(0, size - slope / penalty);
      target[i] = block[i] - Math.copySign(kept, error) * range.scale();
    }
    return norm * Math.pow(Math.abs(range.scale()), NORM);
  }
}
