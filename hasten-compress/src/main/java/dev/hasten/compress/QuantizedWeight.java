package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A matrix in symmetric bytes: {@code weight[r][c] ≈ scale[c] · value[r][c]}.
 *
 * @param values row-major, within the bounds of a {@link WeightRange}
 * @param scales one, or one per column
 */
record QuantizedWeight(byte[] values, float[] scales, int rows, int columns) {

  /** How the scale follows from the weights. */
  enum Clip {
    /** The largest weight is kept exactly. */
    NONE,
    /** The scale with the least squared error; a few large weights are cut. */
    MSE
  }

  private static final int STEPS = 20;
  private static final float CLIP_STEP = 0.02f;

  /**
   * @param weights row-major {@code [rows, columns]}; consecutive rows are the products that a
   *     kernel adds, two at a time
   * @param perChannel a scale per column
   * @param range resolved, see {@link WeightRange#on}
   */
  static QuantizedWeight of(
      float[] weights, int rows, int columns, boolean perChannel, WeightRange range, Clip clip) {
    float[] widest = new float[perChannel ? columns : 1];
    for (int i = 0; i < weights.length; i++) {
      int channel = perChannel ? i % columns : 0;
      widest[channel] = Math.max(widest[channel], Math.abs(weights[i]));
    }
    for (int channel = 0; channel < widest.length; channel++) {
      // A column of zeros has any scale; a scale below the normal numbers would divide badly.
      widest[channel] =
          widest[channel] == 0 ? 1f : Math.max(widest[channel] / range.limit(), Float.MIN_NORMAL);
    }
    Rounding rounding = new Rounding(weights, rows, columns, range);
    float[] scales = leastError(rounding, widest, factors(range, clip));
    byte[] values = new byte[weights.length];
    rounding.errors(scales, values);
    return new QuantizedWeight(values, scales, rows, columns);
  }

  /** The same weights rounded to other scales. */
  QuantizedWeight withScales(float[] weights, float[] newScales, WeightRange range) {
    byte[] rounded = new byte[weights.length];
    new Rounding(weights, rows, columns, range).errors(newScales, rounded);
    return new QuantizedWeight(rounded, newScales, rows, columns);
  }

  /** The relative squared error: {@code ‖W − Ŵ‖² / ‖W‖²}; 0 where all weights are 0. */
  double error(float[] weights) {
    double error = 0;
    double power = 0;
    for (int i = 0; i < weights.length; i++) {
      double e = weights[i] - (double) scales[scales.length == 1 ? 0 : i % columns] * values[i];
      error += e * e;
      power += (double) weights[i] * weights[i];
    }
    return power == 0 ? 0 : error / power;
  }

  float scale(int column) {
    return scales[scales.length == 1 ? 0 : column];
  }

  /** How many sums of two products some unsigned activations would make saturate at 16 bits. */
  int saturatingPairs() {
    int count = 0;
    for (int i = 0; i + columns < values.length; i++) {
      if (i / columns % 2 == 0) {
        int sum = values[i] + values[i + columns];
        boolean sameSign = values[i] < 0 == values[i + columns] < 0;
        count += sameSign && Math.abs(sum) > WeightRange.PAIR_SUM ? 1 : 0;
      }
    }
    return count;
  }

  /** Which multiples of the widest scale are worth a try. */
  private static float[] factors(WeightRange range, Clip clip) {
    float[] factors = new float[1 + 2 * STEPS];
    int count = 0;
    factors[count++] = 1;
    for (int step = 1; step <= STEPS; step++) {
      if (clip == Clip.MSE) {
        factors[count++] = 1 - step * CLIP_STEP;
      }
      if (range == WeightRange.PAIRED) { // up to where ±64 makes every pair fit
        factors[count++] =
            (float) Math.pow(127.0 / (WeightRange.PAIR_SUM / 2), (double) step / STEPS);
      }
    }
    return Arrays.copyOf(factors, count);
  }

  private static float[] leastError(Rounding rounding, float[] widest, float[] factors) {
    float[] scales = widest.clone();
    if (factors.length == 1) {
      return scales;
    }
    double[] least = rounding.errors(scales, null);
    for (int i = 1; i < factors.length; i++) {
      float[] tried = new float[scales.length];
      for (int channel = 0; channel < tried.length; channel++) {
        tried[channel] = Math.max(widest[channel] * factors[i], Float.MIN_NORMAL);
      }
      double[] errors = rounding.errors(tried, null);
      for (int channel = 0; channel < tried.length; channel++) {
        if (errors[channel] < least[channel]) {
          least[channel] = errors[channel];
          scales[channel] = tried[channel];
        }
      }
    }
    return scales;
  }

  /** Brings weights to whole numbers under the bounds of a range. */
  private record Rounding(float[] weights, int rows, int columns, WeightRange range) {

    /**
     * The squared error per scale.
     *
     * @param values receives the numbers, if given
     */
    double[] errors(float[] scales, byte @Nullable [] values) {
      double[] errors = new double[scales.length];
      int limit = range.limit();
      for (int row = 0; row < rows; row += 2) {
        boolean single = row + 1 == rows;
        for (int c = 0; c < columns; c++) {
          int channel = scales.length == 1 ? 0 : c;
          float scale = scales[channel];
          int i = row * columns + c;
          int j = i + columns;
          float a = weights[i] / scale;
          float b = single ? 0 : weights[j] / scale;
          int p = round(a, limit);
          int q = round(b, limit);
          if (range == WeightRange.PAIRED) {
            while (p + q > WeightRange.PAIR_SUM) { // the cheaper of the two gives way
              if (a - p < b - q) {
                p--;
              } else {
                q--;
              }
            }
            while (p + q < -WeightRange.PAIR_SUM) {
              if (p - a < q - b) {
                p++;
              } else {
                q++;
              }
            }
          }
          double e = (weights[i] - (double) scale * p);
          double f = single ? 0 : (weights[j] - (double) scale * q);
          errors[channel] += e * e + f * f;
          if (values != null) {
            values[i] = (byte) p;
            if (!single) {
              values[j] = (byte) q;
            }
          }
        }
      }
      return errors;
    }

    private static int round(float steps, int limit) {
      return (int) Math.max(-limit, Math.min(limit, Math.rint(steps)));
    }
  }

  Tensor tensor(boolean unsigned) {
    byte[] stored = values;
    if (unsigned) {
      stored = values.clone();
      for (int i = 0; i < stored.length; i++) {
        stored[i] = (byte) (stored[i] + 128);
      }
    }
    return Tensor.bytes(unsigned ? DataType.UINT8 : DataType.INT8, stored, rows, columns);
  }

  /** A scalar, or {@code [columns]}. */
  Tensor scaleTensor() {
    return scales.length == 1 && columns != 1
        ? Tensor.scalar(scales[0])
        : Tensor.floats(scales, scales.length);
  }

  Tensor zeroPointTensor(boolean unsigned) {
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) (unsigned ? 128 : 0));
    DataType type = unsigned ? DataType.UINT8 : DataType.INT8;
    return scales.length == 1 && columns != 1
        ? Tensor.bytes(type, zeros)
        : Tensor.bytes(type, zeros, zeros.length);
  }
}
