package dev.hasten.compress;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How the range of an activation follows from what calibration has seen of it. */
enum RangeRule {
  /** A share of the values lies within; half of the rest is cut at either end. */
  PERCENTILE {
    @Override
    Range raw(Observed seen, double percentile, int levels) {
      double tail = (1 - percentile / 100) / 2;
      Histogram histogram = seen.histogram();
      return tail <= 0
          ? new Range(histogram.min(), histogram.max())
          : new Range(histogram.quantile(tail), histogram.quantile(1 - tail));
    }
  },
  /** Every value lies within. */
  MIN_MAX {
    @Override
    Range raw(Observed seen, double percentile, int levels) {
      return new Range(seen.histogram().min(), seen.histogram().max());
    }
  },
  /** The averages of the batches' smallest and largest values (Jacob et al. 2018). */
  MOVING_AVERAGE {
    @Override
    Range raw(Observed seen, double percentile, int levels) {
      return new Range(seen.averageLow(), seen.averageHigh());
    }
  },
  /**
   * The range whose quantized distribution has the least Kullback-Leibler divergence from the
   * original, cut values counted in the last bin (Migacz, 8-bit inference with TensorRT, GTC 2017).
   * The first bin counts as full as the second, as in NVIDIA's own later tools: zero has a code of
   * its own at any scale, yet the many zeros behind a Relu or HardSwish would weigh as a peak that
   * only the narrowest range keeps, and nearly all else would be cut.
   */
  ENTROPY {
    @Override
    Range raw(Observed seen, double percentile, int levels) {
      Histogram histogram = seen.histogram();
      boolean oneSided = histogram.min() >= 0 || histogram.max() <= 0;
      long[] magnitudes = histogram.magnitudes();
      if (magnitudes.length > 1) {
        magnitudes[0] = magnitudes[1];
      }
      int bins = Divergence.leastAt(magnitudes, oneSided ? levels : levels / 2);
      return within(histogram, bins * histogram.binWidth());
    }
  },
  /** The range with the least squared error, found on the histogram. */
  MSE {
    @Override
    Range raw(Observed seen, double percentile, int levels) {
      Histogram histogram = seen.histogram();
      double largest = Math.max(-histogram.min(), histogram.max());
      Range best = within(histogram, largest);
      double least = error(histogram, best, levels);
      for (int step = MSE_STEPS - 1; step > 0; step--) {
        Range range = within(histogram, largest * step / MSE_STEPS);
        double error = error(histogram, range, levels);
        if (error < least) {
          least = error;
          best = range;
        }
      }
      return best;
    }
  };

  private static final int MSE_STEPS = 128;

  static final Parameter.Choice PARAMETER =
      new Parameter.Choice(
          "calibrate",
          "how a range follows from what was seen",
          List.of("percentile", "min-max", "moving-average", "entropy", "mse"));

  /** Two ends, zero between them. */
  record Range(double low, double high) {}

  static RangeRule of(Settings settings) {
    return valueOf(settings.word(PARAMETER.name()).toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /**
   * The range, widened to hold zero.
   *
   * @param percentile in %, for {@link #PERCENTILE}
   * @param levels how many numbers the integer type has
   */
  Range of(Observed seen, double percentile, int levels) {
    if (seen.histogram().total() == 0) {
      return new Range(0, 0);
    }
    Range range = raw(seen, percentile, Math.min(levels, MOST_LEVELS));
    return new Range(Math.min(0, range.low), Math.max(0, range.high));
  }

  /** More levels than a histogram has bins tell nothing. */
  private static final int MOST_LEVELS = 256;

  abstract Range raw(Observed seen, double percentile, int levels);

  private static Range within(Histogram histogram, double magnitude) {
    return new Range(Math.max(histogram.min(), -magnitude), Math.min(histogram.max(), magnitude));
  }

  private static double error(Histogram histogram, Range range, int levels) {
    double low = Math.min(0, range.low);
    double scale = (Math.max(0, range.high) - low) / (levels - 1);
    double zero = Math.rint(-low / scale);
    double sum = 0;
    for (int i = 0; i < Histogram.BINS; i++) {
      if (histogram.count(i) > 0) {
        double x = histogram.middle(i);
        double code = Math.max(0, Math.min(levels - 1, Math.rint(x / scale) + zero));
        double error = x - (code - zero) * scale;
        sum += error * error * histogram.count(i);
      }
    }
    return sum;
  }

  /** Kullback-Leibler divergences of a histogram from its own quantized form. */
  private static final class Divergence {
    private final long[] counts;
    private final int levels;

    private Divergence(long[] counts, int levels) {
      this.counts = counts;
      this.levels = levels;
    }

    /** How many of the first bins to keep. */
    static int leastAt(long[] counts, int levels) {
      Divergence divergence = new Divergence(counts, levels);
      int best = counts.length;
      double least = Double.POSITIVE_INFINITY;
      for (int kept = Math.min(levels, counts.length); kept <= counts.length; kept++) {
        double found = divergence.of(kept);
        if (found <= least) { // of equals the widest
          least = found;
          best = kept;
        }
      }
      return best;
    }

    private double of(int kept) {
      double total = Arrays.stream(counts).sum();
      long cut = Arrays.stream(counts, kept, counts.length).sum();
      double inside = total - cut;
      double divergence = 0;
      for (int level = 0; level < levels; level++) {
        int from = (int) ((long) level * kept / levels);
        int to = (int) ((level + 1L) * kept / levels);
        long sum = 0;
        int filled = 0;
        for (int i = from; i < to; i++) {
          sum += counts[i];
          filled += counts[i] + (i == kept - 1 ? cut : 0) > 0 ? 1 : 0;
        }
        for (int i = from; i < to; i++) {
          double p = (counts[i] + (i == kept - 1 ? cut : 0)) / total;
          double q = sum / (double) filled / inside;
          if (p > 0) {
            divergence += q > 0 ? p * Math.log(p / q) : Double.POSITIVE_INFINITY;
          }
        }
      }
      return divergence;
    }
  }
}
