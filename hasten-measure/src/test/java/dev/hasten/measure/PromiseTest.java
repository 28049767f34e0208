package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PromiseTest {
  private static Comparison drops(double... drops) {
    Outputs none =
        new Outputs(
            OutputKind.EMBEDDING, Arrays.stream(drops).mapToObj(d -> new float[1]).toList());
    double mean = Arrays.stream(drops).average().orElseThrow();
    return new Comparison(
        new Cosine(), 1, 1 - mean, Optional.of(drops), Sample.unlabeled(none, none), 0);
  }

  private static double[] draw(Random random, int n, Function<Random, Double> one) {
    return DoubleStream.generate(() -> one.apply(random)).limit(n).toArray();
  }

  /** How often each one-sided 95 % bound misses the true mean. */
  private static double[] misses(int n, int trials, double truth, Function<Random, Double> one) {
    Random random = new Random(11);
    int above = 0;
    int below = 0;
    for (int t = 0; t < trials; t++) {
      Interval interval = Drops.interval(draw(random, n, one), 0.9, t);
      above += truth > interval.high() ? 1 : 0;
      below += truth < interval.low() ? 1 : 0;
    }
    return new double[] {above / (double) trials, below / (double) trials};
  }

  @Test
  void boundsOfSymmetricDropsMissAsOftenAsTheySay() {
    double[] misses = misses(100, 600, 0.01, r -> 0.01 + 0.05 * r.nextGaussian());
    assertThat(misses[0]).isCloseTo(0.05, within(0.025));
    assertThat(misses[1]).isCloseTo(0.05, within(0.025));
  }

  @Test
  void boundsOfSkewedDropsMissAboutAsOftenAsTheySay() {
    // Exponential: as skewed as divergences are.
    double[] misses = misses(100, 600, 0.02, r -> -0.02 * Math.log(1 - r.nextDouble()));
    assertThat(misses[0]).isLessThan(0.085);
    assertThat(misses[1]).isLessThan(0.085);
  }

  @Test
  void boundsOfNeighbourOverlapMissAboutAsOftenAsTheySay() {
    // Tenths: 1 - overlap@10 with 8 % of neighbours lost.
    Function<Random, Double> one =
        r -> {
          int lost = 0;
          for (int i = 0; i < 10; i++) {
            lost += r.nextDouble() < 0.08 ? 1 : 0;
          }
          return lost / 10.0;
        };
    double[] misses = misses(200, 400, 0.08, one);
    assertThat(misses[0]).isLessThan(0.08);
    assertThat(misses[1]).isLessThan(0.08);
  }

  @Test
  void boundsOfRareRightOrWrongOutcomesMissAboutAsOftenAsTheySay() {
    // 2 % lost, 1 % won: accuracy falls by one point.
    Function<Random, Double> one =
        r -> {
          double u = r.nextDouble();
          return u < 0.02 ? 1.0 : u < 0.03 ? -1.0 : 0.0;
        };
    double[] misses = misses(400, 2_000, 0.01, one);
    assertThat(misses[0]).isLessThan(0.065);
    assertThat(misses[1]).isLessThan(0.065);
    // 1 % lost, none won: agreement.
    double[] agreement = misses(300, 2_000, 0.01, r -> r.nextDouble() < 0.01 ? 1.0 : 0.0);
    assertThat(agreement[0]).isLessThan(0.06);
    assertThat(agreement[1]).isLessThan(0.06);
  }

  @Test
  void aBrokenPromiseIsSeldomCalledKept() {
    Random random = new Random(5);
    int kept = 0;
    for (int t = 0; t < 400; t++) {
      double[] drops = draw(random, 150, r -> 0.0101 + 0.04 * r.nextGaussian());
      kept += Promise.of(0.01).test(drops(drops), t) instanceof Verdict.Kept ? 1 : 0;
    }
    assertThat(kept / 400.0).isLessThan(0.08);
  }

  @Test
  void theThreeVerdicts() {
    Random random = new Random(1);
    double[] drops = draw(random, 400, r -> 0.01 + 0.02 * r.nextGaussian());
    Verdict kept = Promise.of(0.02).test(drops(drops), 7);
    assertThat(kept).isInstanceOf(Verdict.Kept.class);
    assertThat(kept.text()).contains("cosine drops by 0.0", "with 95.00 % confidence", "0.0200");
    assertThat(Promise.of(0.005).test(drops(drops), 7)).isInstanceOf(Verdict.Broken.class);
    Verdict undecided = Promise.of(0.0105).test(drops(drops), 7);
    assertThat(undecided).isInstanceOf(Verdict.Undecided.class);
    assertThat(undecided.name()).isEqualTo("UNDECIDED");
    assertThat(Promise.of(0.0105).test(drops(drops), 7)).isEqualTo(undecided);
  }

  @Test
  void theNumberOfExamplesNeededDecidesAboutFourTimesInFive() {
    Random random = new Random(3);
    Promise promise = Promise.of(0.02);
    // Truth: drop 0.01, spread 0.1. Needed: ((1.645 + 0.842) · 0.1 / 0.01)² = 618.
    double[] few = draw(random, 100, r -> 0.1 * r.nextGaussian());
    double mean = Arrays.stream(few).average().orElseThrow();
    double[] exact = Arrays.stream(few).map(d -> d - mean + 0.01).toArray();
    Verdict.Undecided verdict = (Verdict.Undecided) promise.test(drops(exact), 1);
    assertThat((double) verdict.examplesNeeded()).isCloseTo(618, within(200.0));
    int decided = 0;
    for (int t = 0; t < 200; t++) {
      double[] enough = draw(random, 618, r -> 0.01 + 0.1 * r.nextGaussian());
      decided += promise.test(drops(enough), t) instanceof Verdict.Kept ? 1 : 0;
    }
    assertThat(decided / 200.0).isCloseTo(0.8, within(0.1));
  }

  @Test
  void fewExamplesDecideNothingAndNaNBreaks() {
    assertThat(Promise.of(0.1).test(drops(0.001, 0.0011, 0.0012), 1))
        .isInstanceOf(Verdict.Undecided.class);
    Comparison good = drops(new double[50]);
    Comparison bad = new Comparison(good.metric(), 1, 1, good.drops(), good.sample(), 3);
    assertThat(Promise.of(0.5).test(bad, 1))
        .isInstanceOf(Verdict.Broken.class)
        .extracting(Verdict::text)
        .isEqualTo("3 of 50 outputs are NaN or infinite");
    assertThatThrownBy(() -> Promise.of(-0.1))
        .isInstanceOf(BadInputException.class)
        .hasMessage("max drop: -0.1 (expected: >= 0)");
  }

  @Test
  void metricsOverASetAreResampled() {
    Random random = new Random(6);
    int n = 300;
    List<float[]> original = new ArrayList<>();
    List<float[]> candidate = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double truth = random.nextGaussian();
      labels.add(Double.toString(truth));
      original.add(new float[] {(float) (truth + 0.3 * random.nextGaussian())});
      candidate.add(new float[] {(float) (truth + 1.0 * random.nextGaussian())});
    }
    Sample sample =
        Sample.labeled(
            new Outputs(OutputKind.VALUES, original),
            new Outputs(OutputKind.VALUES, candidate),
            labels);
    Comparison spearman = Metrics.compare(Metrics.byName("spearman"), sample);
    assertThat(spearman.drops()).isEmpty();
    assertThat(Promise.of(0.5).test(spearman, 1)).isInstanceOf(Verdict.Kept.class);
    assertThat(Promise.of(0.05).test(spearman, 1)).isInstanceOf(Verdict.Broken.class);
  }

  @Test
  void theExactIntervalIsTheTextbooks() {
    // 3 of 40: 0.0157 to 0.2039 by Clopper and Pearson's tables.
    Interval interval = Proportions.of(3, 40, 0.95);
    assertThat(interval.low()).isCloseTo(0.0157, within(5e-4));
    assertThat(interval.high()).isCloseTo(0.2039, within(5e-4));
    // None of 100: the rule of three.
    assertThat(Proportions.of(0, 100, 0.9).high()).isCloseTo(0.0295, within(1e-4));
  }

  @Property(tries = 50)
  void thePairedBoundsAreWhereTheScoreTestTurns(
      @ForAll @IntRange(max = 30) int lost, @ForAll @IntRange(max = 30) int won) {
    Interval interval = Proportions.paired(lost, won, 80, 0.95);
    assertThat(scoreStatistic(lost, won, 80, interval.low())).isCloseTo(1.96, within(0.01));
    assertThat(scoreStatistic(lost, won, 80, interval.high())).isCloseTo(-1.96, within(0.01));
  }

  /**
   * The score statistic, its nuisance parameter found by a plain search for the likelihood's top.
   */
  private static double scoreStatistic(int lost, int won, int n, double delta) {
    double from = Math.max(0, -delta);
    double to = (1 - delta) / 2;
    for (int i = 0; i < 200; i++) {
      double a = from + (to - from) / 3;
      double b = to - (to - from) / 3;
      if (likelihood(lost, won, n, delta, a) < likelihood(lost, won, n, delta, b)) {
        from = a;
      } else {
        to = b;
      }
    }
    double variance = n * (2 * from + delta - delta * delta);
    return (lost - won - n * delta) / Math.sqrt(variance);
  }

  private static double likelihood(int lost, int won, int n, double delta, double q) {
    return times(lost, Math.log(q + delta))
        + times(won, Math.log(q))
        + times(n - lost - won, Math.log(1 - 2 * q - delta));
  }

  private static double times(int count, double logarithm) {
    return count == 0 ? 0 : count * logarithm;
  }

  @Property(tries = 100)
  void pairedIntervalsAreOrderedAndMirror(
      @ForAll @IntRange(max = 30) int lost, @ForAll @IntRange(max = 30) int won) {
    Interval interval = Proportions.paired(lost, won, 80, 0.9);
    Interval mirrored = Proportions.paired(won, lost, 80, 0.9);
    assertThat(interval.contains(interval.estimate())).isTrue();
    assertThat(mirrored.low()).isCloseTo(-interval.high(), within(1e-6));
  }

  @Test
  void theWorstSliceIsNamed() {
    Random random = new Random(9);
    double[] drops = new double[300];
    List<LabeledExample> examples = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      String language = i % 3 == 0 ? "fi" : i % 3 == 1 ? "de" : "en";
      drops[i] = (language.equals("fi") ? 0.1 : 0.01) + 0.02 * random.nextGaussian();
      Map<String, String> slices =
          i < 5 ? Map.of("lang", language, "rare", "yes") : Map.of("lang", language);
      examples.add(new LabeledExample("" + i, Example.text("" + i), null, slices));
    }
    List<SliceDrop> slices = Slices.of(drops(drops), examples, 0.95, 1);
    assertThat(slices).hasSize(3);
    assertThat(slices.get(0).value()).isEqualTo("fi");
    assertThat(slices.get(0).worse()).isTrue();
    assertThat(slices.get(0).drop().contains(0.1)).isTrue();
    assertThat(slices.get(0).candidate()).isCloseTo(0.9, within(0.02));
    assertThat(slices.get(2).worse()).isFalse();
  }

  @Test
  void theMedianIsCoveredToo() {
    Random random = new Random(21);
    int misses = 0;
    for (int t = 0; t < 200; t++) {
      double[] ratios = draw(random, 60, r -> Math.exp(0.3 + 0.1 * r.nextGaussian()));
      misses += Bootstrap.median(ratios, 0.95, t).contains(Math.exp(0.3)) ? 0 : 1;
    }
    assertThat(misses / 200.0).isLessThan(0.09);
  }

  /** Whatever the drops and the allowance, the sentence holds numbers. */
  @Test
  void tinyDropsAndAllowancesAreNumbers() {
    double[] allowances = {0, Double.MIN_VALUE, 1e-300, 1e-12, 1e-6, 0.01};
    double[] scales = {0, Double.MIN_VALUE, 1e-310, 1e-200, 1e-120, 1e-17, 1e-9, 1};
    Random random = new Random(8);
    for (double scale : scales) {
      double[] drops = draw(random, 200, r -> scale * r.nextInt(-3, 5));
      for (double allowance : allowances) {
        Verdict verdict = Promise.of(allowance).test(drops(drops), 1);
        assertThat(verdict.text()).doesNotContain("NaN", "Infinity");
        Interval drop = verdict.drop();
        assertThat(drop.low()).isLessThanOrEqualTo(drop.estimate());
        assertThat(drop.high()).isGreaterThanOrEqualTo(drop.estimate());
      }
    }
  }

  @Test
  void theMeansIntervalScalesWithItsValues() {
    double[] drops = draw(new Random(2), 200, r -> r.nextGaussian() + 0.3);
    Interval one = Bootstrap.mean(drops, 0.9, 5);
    for (double scale : new double[] {1e-150, 1e-9, 1e9}) {
      Interval scaled = Bootstrap.mean(Arrays.stream(drops).map(d -> d * scale).toArray(), 0.9, 5);
      assertThat(scaled.low() / scale).isCloseTo(one.low(), within(1e-9));
      assertThat(scaled.high() / scale).isCloseTo(one.high(), within(1e-9));
    }
  }

  @Test
  void equalOutputsKeepAnAllowanceThatTheDataCanShow() {
    Verdict kept = Promise.of(0.01).test(drops(new double[400]), 1);
    assertThat(kept).isInstanceOf(Verdict.Kept.class);
    assertThat(kept.text()).startsWith("cosine drops by 0.0000, at most 0.0075 with");
    Verdict.Undecided tiny = (Verdict.Undecided) Promise.of(1e-6).test(drops(new double[400]), 1);
    assertThat(tiny.text())
        .startsWith("cosine drops by 0.0000, between 0.0000 and 0.0075 (allowed: 1.0e-06): 400")
        .endsWith(
            "and more than a thousand million would be needed: the drop seems to be nearly what is allowed");
    assertThat(Promise.of(0).test(drops(new double[400]), 1).text())
        .endsWith("and no number would: the drop seems to be just what is allowed");
  }

  @Test
  void answersThatAreTheOriginalsBitByBitKeepThePromise() {
    for (Metric metric : List.of(new Cosine(), new TopAgreement(), new Deviation())) {
      Outputs outputs = answers(r -> (float) r.nextGaussian(), 25, OutputKind.SCORES);
      Verdict equal =
          Promise.of(0.001).test(Metrics.compare(metric, Sample.unlabeled(outputs, outputs)), 1);
      assertThat(equal).as(metric.name()).isInstanceOf(Verdict.Kept.class);
      assertThat(equal.text()).isEqualTo("all 25 answers are the original's, bit by bit");
      assertThat(equal.drop().high()).isZero();

      List<float[]> rows = new ArrayList<>(outputs.rows());
      rows.set(3, rows.get(3).clone());
      rows.get(3)[0] = Math.nextUp(rows.get(3)[0]);
      Outputs other = new Outputs(OutputKind.SCORES, rows);
      assertThat(Promise.of(0).test(Metrics.compare(metric, Sample.unlabeled(outputs, other)), 1))
          .as("one bit off: " + metric.name())
          .isNotInstanceOf(Verdict.Kept.class);
    }
  }

  @Test
  void equalClassesMayHideWhatDiffersBehindThem() {
    Outputs classes = answers(r -> (float) r.nextInt(5), 25, OutputKind.SCORES);
    Comparison equal = Metrics.compare(new TopAgreement(), Sample.unlabeled(classes, classes));
    assertThat(Promise.of(0.01).test(equal, 1)).isInstanceOf(Verdict.Undecided.class);
  }

  private static Outputs answers(Function<Random, Float> one, int n, OutputKind kind) {
    Random random = new Random(4);
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(new float[] {one.apply(random), one.apply(random), one.apply(random)});
    }
    return new Outputs(kind, rows);
  }

  @Test
  void equalScoresOfASetAreNotTakenForCertainty() {
    List<float[]> rows = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      rows.add(new float[] {i});
      labels.add(Integer.toString(i * i));
    }
    Outputs outputs = new Outputs(OutputKind.VALUES, rows);
    Comparison equal =
        Metrics.compare(Metrics.byName("spearman"), Sample.labeled(outputs, outputs, labels));
    // With 95 % confidence, 20 examples without a difference leave room for 1 - 0.05^(1/20).
    Interval drop = Drops.interval(equal, 0.9, 1);
    assertThat(drop.estimate()).isZero();
    assertThat(drop.high()).isCloseTo(1 - Math.pow(0.05, 1 / 20.0), within(1e-6));
    assertThat(drop.low()).isEqualTo(-drop.high());
    assertThat(Promise.of(0.01).test(equal, 1)).isInstanceOf(Verdict.Undecided.class);
    assertThat(Promise.of(0.2).test(equal, 1)).isInstanceOf(Verdict.Kept.class);
  }

  @Test
  void aMetricThatIsNotDefinedOnTheExamplesDecidesNothing() {
    List<float[]> rows = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      rows.add(new float[] {i, 40 - i});
      labels.add("1");
    }
    Outputs outputs = new Outputs(OutputKind.SCORES, rows);
    Comparison auc =
        Metrics.compare(Metrics.byName("auc"), Sample.labeled(outputs, outputs, labels));
    Verdict verdict = Promise.of(0.01).test(auc, 1);
    assertThat(verdict).isInstanceOf(Verdict.Undecided.class);
    assertThat(verdict.text())
        .isEqualTo(
            "auc is not defined on these 40 examples: too few, or their labels are all alike");
  }

  @Test
  void aSetOfOneExampleHasAnIntervalOfNoWidth() {
    assertThat(Bootstrap.statistic(1, places -> 0.25, 0.9, 1))
        .isEqualTo(new Interval(0.25, 0.25, 0.25, 0.9));
  }
}
