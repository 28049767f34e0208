package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;

/**
 * A matrix in symmetric bytes: {@code weight[r][c] ≈ scale[c] · value[r][c]}.
 *
 * @param values row-major, within ±{@code limit}
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

  /**
   * Bounds every sum of two products of VPMADDUBSW, {@code 255·w₁ + 255·w₂}, by 16 bits: 2 · 255 ·
   * 64 = 32,640 ≤ 32,767.
   */
  static final int REDUCED = 64;

  static final int FULL = 127;

  private static final int CLIP_STEPS = 20;
  private static final float CLIP_STEP = 0.02f;

  static QuantizedWeight of(
      float[] weights, int rows, int columns, boolean perChannel, int limit, Clip clip) {
    float[] scales = new float[perChannel ? columns : 1];
    for (int i = 0; i < weights.length; i++) {
      int channel = perChannel ? i % columns : 0;
      scales[channel] = Math.max(scales[channel], Math.abs(weights[i]));
    }
    for (int channel = 0; channel < scales.length; channel++) {
      // A column of zeros has any scale; a scale below the normal numbers would divide badly.
      scales[channel] =
          scales[channel] == 0 ? 1f : Math.max(scales[channel] / limit, Float.MIN_NORMAL);
    }
    if (clip == Clip.MSE) {
      minimizeError(weights, columns, scales, limit);
    }
    byte[] values = new byte[weights.length];
    for (int i = 0; i < weights.length; i++) {
      values[i] = (byte) round(weights[i], scales[perChannel ? i % columns : 0], limit);
    }
    return new QuantizedWeight(values, scales, rows, columns);
  }

  private static int round(float weight, float scale, int limit) {
    return (int) Math.max(-limit, Math.min(limit, Math.rint(weight / scale)));
  }

  private static void minimizeError(float[] weights, int columns, float[] scales, int limit) {
    float[] widest = scales.clone();
    double[] least = errors(weights, columns, scales, limit);
    for (int step = 1; step <= CLIP_STEPS; step++) {
      float[] tried = new float[scales.length];
      for (int channel = 0; channel < tried.length; channel++) {
        tried[channel] = Math.max(widest[channel] * (1 - step * CLIP_STEP), Float.MIN_NORMAL);
      }
      double[] errors = errors(weights, columns, tried, limit);
      for (int channel = 0; channel < tried.length; channel++) {
        if (errors[channel] < least[channel]) {
          least[channel] = errors[channel];
          scales[channel] = tried[channel];
        }
      }
    }
  }

  private static double[] errors(float[] weights, int columns, float[] scales, int limit) {
    double[] errors = new double[scales.length];
    for (int i = 0; i < weights.length; i++) {
      int channel = scales.length == 1 ? 0 : i % columns;
      double error =
          weights[i] - (double) scales[channel] * round(weights[i], scales[channel], limit);
      errors[channel] += error * error;
    }
    return errors;
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
    java.util.Arrays.fill(zeros, (byte) (unsigned ? 128 : 0));
    DataType type = unsigned ? DataType.UINT8 : DataType.INT8;
    return scales.length == 1 && columns != 1
        ? Tensor.bytes(type, zeros)
        : Tensor.bytes(type, zeros, zeros.length);
  }
}
