package dev.hasten.study;

import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.util.Arrays;

/** Energy of a value and of what differs from it, summed over any number of batches. */
final class SignalNoise {
  /** What equal values get: beyond it float32 rounds. */
  static final double EQUAL = 150;

  private double signal;
  private double noise;
  private double largest;
  private long count;
  private boolean comparable = true;

  void add(NdArray reference, NdArray other) {
    boolean fits =
        reference.type() == ElementType.FLOAT
            && other.type() == ElementType.FLOAT
            && Arrays.equals(reference.shape(), other.shape());
    if (!fits) {
      comparable = false;
      return;
    }
    float[] a = reference.toFloats();
    float[] b = other.toFloats();
    for (int i = 0; i < a.length; i++) {
      // Masks hold -infinity or the lowest number: they are no signal.
      if (!Float.isFinite(a[i]) || Math.abs(a[i]) > 1e9f) {
        continue;
      }
      double difference = (double) a[i] - b[i];
      signal += (double) a[i] * a[i];
      noise += Float.isFinite(b[i]) ? difference * difference : (double) a[i] * a[i];
      largest = Math.max(largest, Math.abs(a[i]));
      count++;
    }
  }

  boolean comparable() {
    return comparable && count > 0 && signal > 0;
  }

  /** Noise as a share of the signal. */
  double ratio() {
    return signal == 0 ? 0 : noise / signal;
  }

  /** Signal-to-noise ratio in decibels, at most {@link #EQUAL}. */
  double decibels() {
    return decibels(ratio());
  }

  static double decibels(double ratio) {
    return ratio <= 0 ? EQUAL : Math.min(EQUAL, -10 * Math.log10(ratio));
  }

  /** Largest number over the root mean square: what one scale for all must span. */
  double crest() {
    return signal == 0 ? 0 : largest / Math.sqrt(signal / count);
  }
}
