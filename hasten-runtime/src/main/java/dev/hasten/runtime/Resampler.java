package dev.hasten.runtime;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Another sample rate by a polyphase filter: SciPy's {@code resample_poly} with its default window,
 * a sinc of 10 zero crossings on each side under a Kaiser window (β = 5). The result has {@code
 * ceil(n × to / from)} samples.
 */
final class Resampler {
  private static final double BETA = 5;
  private static final int CROSSINGS = 10;

  private static final int MOST_KEPT = 16;

  /** Filters of odd pairs of rates are long: they are made anew each time. */
  private static final int LARGEST_KEPT = 1 << 15;

  /** By up and down. What lies in it is never written to. */
  private static final Map<List<Integer>, double[]> KEPT = new ConcurrentHashMap<>();

  private final int up;
  private final int down;
  private final double[] filter;

  private Resampler(int up, int down) {
    this.up = up;
    this.down = down;
    this.filter = kept(up, down);
  }

  static Sound resample(Sound sound, int rate) {
    if (sound.rate() == rate) {
      return sound;
    }
    int divisor =
        java.math.BigInteger.valueOf(rate)
            .gcd(java.math.BigInteger.valueOf(sound.rate()))
            .intValue();
    Resampler resampler = new Resampler(rate / divisor, sound.rate() / divisor);
    return new Sound(resampler.apply(sound.samples()), rate);
  }

  private static double[] kept(int up, int down) {
    List<Integer> key = List.of(up, down);
    double[] filter = KEPT.get(key);
    if (filter == null) {
      filter = filter(up, down);
      if (filter.length <= LARGEST_KEPT && KEPT.size() < MOST_KEPT) {
        KEPT.put(key, filter);
      }
    }
    return filter;
  }

  /** Low-pass at the lower of the two rates' limits, of gain {@code up}. */
  private static double[] filter(int up, int down) {
    int most = Math.max(up, down);
    int half = Math.multiplyExact(CROSSINGS, most);
    double[] filter = new double[2 * half + 1];
    double sum = 0;
    for (int i = 0; i < filter.length; i++) {
      double place = i - half;
      double x = Math.PI * place / most;
      double sinc = place == 0 ? 1 : Math.sin(x) / x;
      double ratio = place / half;
      filter[i] = sinc * bessel(BETA * Math.sqrt(Math.max(0, 1 - ratio * ratio)));
      sum += filter[i];
    }
    for (int i = 0; i < filter.length; i++) {
      filter[i] *= up / sum;
    }
    return filter;
  }

  /** Modified Bessel function of order 0, by its series. */
  private static double bessel(double x) {
    double sum = 1;
    double term = 1;
    for (int k = 1; term > 1e-17 * sum; k++) {
      term *= (x / (2 * k)) * (x / (2 * k));
      sum += term;
    }
    return sum;
  }

  private double[] apply(double[] samples) {
    long length = Math.ceilDiv((long) samples.length * up, (long) down);
    double[] result = new double[Math.toIntExact(length)];
    int half = filter.length / 2;
    for (int i = 0; i < result.length; i++) {
      // Where the result lies among the samples with up - 1 zeros after each.
      long place = (long) i * down;
      long first = Math.max(0, Math.ceilDiv(place - half, (long) up));
      long last = Math.min(samples.length - 1L, (place + half) / up);
      double sum = 0;
      for (long k = first; k <= last; k++) {
        sum += samples[(int) k] * filter[(int) (place - k * up) + half];
      }
      result[i] = sum;
    }
    return result;
  }
}
