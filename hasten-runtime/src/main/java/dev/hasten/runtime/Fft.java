package dev.hasten.runtime;

/**
 * Discrete Fourier transform of one size, whatever its factors (Cooley and Tukey 1965): window
 * sizes such as 400 are no powers of two.
 */
final class Fft {
  private final int size;
  private final double[] cos;
  private final double[] sin;

  Fft(int size) {
    this.size = size;
    this.cos = new double[size];
    this.sin = new double[size];
    for (int i = 0; i < size; i++) {
      cos[i] = Math.cos(2 * Math.PI * i / size);
      sin[i] = -Math.sin(2 * Math.PI * i / size);
    }
  }

  /** Squared magnitudes of the first {@code size / 2 + 1} frequencies of real numbers. */
  double[] power(double[] input) {
    double[] real = new double[size];
    double[] imaginary = new double[size];
    transform(input, 0, 1, size, real, imaginary, 0);
    double[] power = new double[size / 2 + 1];
    for (int i = 0; i < power.length; i++) {
      power[i] = real[i] * real[i] + imaginary[i] * imaginary[i];
    }
    return power;
  }

  /** Of {@code count} numbers from {@code from} on, {@code stride} apart, to {@code to} on. */
  private void transform(
      double[] in, int from, int stride, int count, double[] real, double[] imaginary, int to) {
    if (count == 1) {
      real[to] = in[from];
      imaginary[to] = 0;
      return;
    }
    int factor = smallestFactor(count);
    int part = count / factor;
    for (int f = 0; f < factor; f++) {
      transform(in, from + f * stride, stride * factor, part, real, imaginary, to + f * part);
    }
    double[] re = new double[factor];
    double[] im = new double[factor];
    for (int k = 0; k < part; k++) {
      for (int f = 0; f < factor; f++) {
        int at = to + f * part + k;
        re[f] = real[at];
        im[f] = imaginary[at];
      }
      for (int q = 0; q < factor; q++) {
        double sumRe = 0;
        double sumIm = 0;
        for (int f = 0; f < factor; f++) {
          int turn = (int) ((long) f * (k + (long) q * part) * stride % size);
          sumRe += re[f] * cos[turn] - im[f] * sin[turn];
          sumIm += re[f] * sin[turn] + im[f] * cos[turn];
        }
        real[to + q * part + k] = sumRe;
        imaginary[to + q * part + k] = sumIm;
      }
    }
  }

  private static int smallestFactor(int n) {
    for (int f = 2; f * f <= n; f++) {
      if (n % f == 0) {
        return f;
      }
    }
    return n;
  }
}
