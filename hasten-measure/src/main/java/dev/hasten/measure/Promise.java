package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.Arrays;
import java.util.Locale;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * "Quality is at most {@code maxDrop} below the original's, with this confidence."
 *
 * <p>The test is paired: it looks at how much worse the candidate is on each example. It is kept if
 * the upper bound of the mean drop is within the allowance and broken if the lower bound is beyond
 * it; each bound is wrong with probability 1 - confidence at most. Right-or-wrong outcomes get
 * exact and score intervals, others a bootstrap ({@link Bootstrap}).
 *
 * @param maxDrop the largest drop allowed, in the metric's own unit (0.01 = one point of accuracy)
 * @param confidence of each one-sided bound, for example 0.95
 */
public record Promise(double maxDrop, double confidence) {
  /** With fewer examples no interval can be trusted. */
  private static final int MIN_EXAMPLES = 20;

  /** Chance of deciding that {@code examplesNeeded} aims at. */
  private static final double POWER = 0.8;

  public Promise {
    if (!(maxDrop >= 0)) {
      throw new BadInputException("max drop: " + maxDrop + " (expected: >= 0)");
    }
    if (!(confidence > 0.5 && confidence < 1)) {
      throw new BadInputException(
          "confidence: " + confidence + " (expected: 0.5 < confidence < 1)");
    }
  }

  /** With 95 % confidence. */
  public static Promise of(double maxDrop) {
    return new Promise(maxDrop, 0.95);
  }

  /**
   * Tests the promise on a comparison over {@link Split#TEST}. The same seed gives the same
   * verdict.
   */
  public Verdict test(Comparison comparison, long seed) {
    int n = comparison.sample().size();
    Interval drop = Drops.interval(comparison, 2 * confidence - 1, seed);
    String name = comparison.metric().name();
    if (comparison.notFinite() > 0) {
      return new Verdict.Broken(
          drop, n, "%d of %d outputs are NaN or infinite".formatted(comparison.notFinite(), n));
    }
    if (n >= MIN_EXAMPLES && answersAreEqual(comparison.sample())) {
      return new Verdict.Kept(
          new Interval(0, 0, 0, drop.confidence()),
          n,
          "all %d answers are the original's, bit by bit".formatted(n));
    }
    if (Double.isNaN(drop.estimate())) {
      return new Verdict.Undecided(
          drop,
          n,
          Long.MAX_VALUE,
          "%s is not defined on these %d examples: too few, or their labels are all alike"
              .formatted(name, n));
    }
    if (n >= MIN_EXAMPLES && drop.high() <= maxDrop) {
      return new Verdict.Kept(
          drop,
          n,
          text(
              "%s drops by %s, at most %s with %s confidence (allowed: %s)",
              name, drop.estimate(), drop.high()));
    }
    if (n >= MIN_EXAMPLES && drop.low() > maxDrop) {
      return new Verdict.Broken(
          drop,
          n,
          text(
              "%s drops by %s, at least %s with %s confidence (allowed: %s)",
              name, drop.estimate(), drop.low()));
    }
    long needed = examplesNeeded(drop, n);
    return new Verdict.Undecided(
        drop,
        n,
        needed,
        "%s drops by %s, between %s and %s (allowed: %s): %d examples do not decide, %s"
            .formatted(
                name,
                number(drop.estimate()),
                number(drop.low()),
                number(drop.high()),
                number(maxDrop),
                n,
                enough(drop, needed)));
  }

  /**
   * Whether every answer is the original's to the last bit. Another computation rounds otherwise
   * somewhere, so this is the same one, and no rare example is left to fear. Answers that are all
   * whole numbers, such as classes, or texts say less: they hide what was computed before.
   */
  private static boolean answersAreEqual(Sample sample) {
    if (sample.original().kind() == OutputKind.TEXT) {
      return false;
    }
    boolean whole = true;
    for (int i = 0; i < sample.size(); i++) {
      float[] row = sample.original().row(i);
      if (!Arrays.equals(row, sample.candidate().row(i))) {
        return false;
      }
      for (int c = 0; whole && c < row.length; c++) {
        whole = row[c] == Math.rint(row[c]);
      }
    }
    return !whole;
  }

  private String enough(Interval drop, long needed) {
    if (needed < Long.MAX_VALUE) {
      return "about " + needed + " would";
    }
    return drop.estimate() == maxDrop
        ? "and no number would: the drop seems to be just what is allowed"
        : "and more than a thousand million would be needed: the drop seems to be nearly what is"
            + " allowed";
  }

  private String text(String format, String metric, double estimate, double bound) {
    return format.formatted(
        metric, number(estimate), number(bound), percent(confidence), number(maxDrop));
  }

  /** Four decimals, or as many digits as show that it is not 0. */
  private static String number(double value) {
    String plain = String.format(Locale.ROOT, "%.4f", value == 0 ? 0 : value);
    boolean lost = value != 0 && Math.abs(value) < 0.00005;
    return lost ? String.format(Locale.ROOT, "%.1e", value) : plain;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.4g %%", share * 100);
  }

  /** How many examples would decide with a chance of {@link #POWER}, were the drop as estimated. */
  private long examplesNeeded(Interval drop, int n) {
    NormalDistribution normal = NormalDistribution.of(0, 1);
    double zBound = normal.inverseCumulativeProbability(confidence);
    double zPower = normal.inverseCumulativeProbability(POWER);
    double gap = Math.abs(maxDrop - drop.estimate());
    // Towards the allowance, the bound that must pass it tells the spread of one example.
    double reach =
        drop.estimate() <= maxDrop ? drop.high() - drop.estimate() : drop.estimate() - drop.low();
    double spread = reach / zBound * Math.sqrt(n);
    double needed = Math.pow((zBound + zPower) * spread / gap, 2);
    if (!(needed < 1e9)) {
      return Long.MAX_VALUE;
    }
    return Math.max(MIN_EXAMPLES, Math.max(n + 1L, (long) Math.ceil(needed)));
  }
}
