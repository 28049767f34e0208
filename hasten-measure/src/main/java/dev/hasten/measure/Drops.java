package dev.hasten.measure;

import java.util.Arrays;

/** The interval of a mean drop, by the method that its values call for. */
final class Drops {
  private Drops() {}

  /** Paired interval from per-example drops where the metric has them, else by resampling it. */
  static Interval interval(Comparison comparison, double confidence, long seed) {
    return comparison
        .drops()
        .map(drops -> interval(drops, confidence, seed))
        .orElseGet(() -> resampled(comparison, confidence, seed));
  }

  static Interval interval(double[] drops, double confidence, long seed) {
    long lost = Arrays.stream(drops).filter(d -> d == 1).count();
    long won = Arrays.stream(drops).filter(d -> d == -1).count();
    long same = Arrays.stream(drops).filter(d -> d == 0).count();
    boolean outcomes = lost + won + same == drops.length;
    // A metric of fine grain whose drops are all 0 saw equal outputs; one of right and wrong did
    // not, so rare differences may still be there. The drops alone can't tell which: be careful.
    if (outcomes && won == 0) {
      return Proportions.of(lost, drops.length, confidence);
    }
    if (outcomes) {
      return Proportions.paired(lost, won, drops.length, confidence);
    }
    return Bootstrap.mean(drops, confidence, seed);
  }

  private static Interval resampled(Comparison comparison, double confidence, long seed) {
    Metric metric = comparison.metric();
    Sample sample = comparison.sample();
    Interval interval =
        Bootstrap.statistic(
            sample.size(),
            places -> {
              Sample drawn = sample.subset(places);
              double original =
                  metric.originalScore().orElseGet(() -> metric.score(drawn.ofOriginal()).value());
              return metric.direction().drop(original, metric.score(drawn).value());
            },
            confidence,
            seed);
    return interval.low() == interval.high() ? widened(interval, sample.size()) : interval;
  }

  /**
   * Resamples that all drop alike say nothing of what was not drawn: as many examples without a
   * difference still leave room for a share of them that differs.
   */
  private static Interval widened(Interval alike, int examples) {
    double unseen = Proportions.of(0, examples, alike.confidence()).high();
    double estimate = alike.estimate();
    return new Interval(estimate, estimate - unseen, estimate + unseen, alike.confidence());
  }
}
