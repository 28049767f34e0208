package dev.hasten.runtime;

/**
 * One channel of sound.
 *
 * @param samples from -1 to 1; not to be written to once shared
 * @param rate samples per second
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; too large to be copied.
record Sound(double[] samples, int rate) {
  /** With zeros behind, or cut. */
  Sound ofLength(int length) {
    return samples.length == length
        ? this
        : new Sound(java.util.Arrays.copyOf(samples, length), rate);
  }

  /** Mean 0 and variance 1, as Hugging Face's feature extractors do. */
  Sound normalized() {
    double mean = java.util.Arrays.stream(samples).average().orElse(0);
    double variance =
        java.util.Arrays.stream(samples).map(s -> (s - mean) * (s - mean)).average().orElse(0);
    double unit = 1 / Math.sqrt(variance + 1e-7);
    return new Sound(java.util.Arrays.stream(samples).map(s -> (s - mean) * unit).toArray(), rate);
  }
}
