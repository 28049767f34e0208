package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.runtime.BadInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static Outputs scores(float[]... rows) {
    return new Outputs(OutputKind.SCORES, List.of(rows));
  }

  private static Outputs values(double... values) {
    return new Outputs(
        OutputKind.VALUES, Arrays.stream(values).mapToObj(v -> new float[] {(float) v}).toList());
  }

  private static Outputs embeddings(float[]... rows) {
    return new Outputs(OutputKind.EMBEDDING, List.of(rows));
  }

  private static float[] row(double... values) {
    float[] row = new float[values.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) values[i];
    }
    return row;
  }

  private static double score(String metric, Sample sample) {
    return Metrics.compare(Metrics.byName(metric), sample).candidate();
  }

  @Test
  void classificationMetricsHaveTheirTextbookValues() {
    Outputs original = scores(row(2, 1, 0), row(0, 2, 1), row(0, 1, 2), row(3, 1, 0));
    Outputs candidate = scores(row(2, 1, 0), row(0, 1, 2), row(0, 1, 2), row(1, 3, 0));
    Sample sample = Sample.labeled(original, candidate, List.of("0", "1", "1", "0"));
    assertThat(score("top-1-agreement", sample)).isEqualTo(0.5);
    assertThat(score("accuracy", sample)).isEqualTo(0.25);
    assertThat(score("top-2", sample)).isEqualTo(1.0);
    // Answers 0, 2, 2, 1 for labels 0, 1, 1, 0: F1 of 0 is 2·1/(1+2), of 1 and 2 nothing.
    assertThat(score("f1", sample)).isCloseTo(2.0 / 9, within(1e-12));
    Comparison accuracy = Metrics.compare(Metrics.byName("accuracy"), sample);
    assertThat(accuracy.original()).isEqualTo(0.75);
    assertThat(accuracy.drop()).isEqualTo(0.5);
    assertThat(accuracy.drops().orElseThrow()).containsExactly(0, 1, 0, 1);
  }

  @Test
  void klComparesLogitsAndProbabilitiesAlike() {
    Outputs p = scores(row(0.5, 0.5), row(0.9, 0.1));
    Outputs q = scores(row(0.25, 0.75), row(0.9, 0.1));
    double expected = (0.5 * Math.log(2) + 0.5 * Math.log(2.0 / 3)) / 2;
    assertThat(score("kl", Sample.unlabeled(p, q))).isCloseTo(expected, within(1e-6));
    Outputs logitsP = scores(row(3, 3), row(Math.log(9), 0));
    Outputs logitsQ = scores(row(0, Math.log(3)), row(1 + Math.log(9), 1));
    assertThat(score("kl", Sample.unlabeled(logitsP, logitsQ))).isCloseTo(expected, within(1e-6));
  }

  @Test
  void aucAndSpearmanCountTies() {
    Outputs answers = values(0.1, 0.4, 0.35, 0.8, 0.4);
    Sample binary = Sample.labeled(answers, answers, List.of("0", "0", "1", "1", "1"));
    // Pairs (positive above negative): .35>.1, .8>.1, .8>.4, .4>.1 and .4=.4 counts a half, of 6.
    assertThat(score("auc", binary)).isCloseTo(4.5 / 6, within(1e-12));
    Sample ranks = Sample.labeled(answers, answers, List.of("1", "2", "3", "4", "5"));
    // Ranks 1, 3.5, 2, 5, 3.5 against 1 to 5: covariance 6.5, variances 9.5 and 10.
    assertThat(score("spearman", ranks)).isCloseTo(6.5 / Math.sqrt(95), within(1e-12));
    assertThat(score("mse", Sample.labeled(values(1, 2), values(1, 4), List.of("1", "1"))))
        .isCloseTo(4.5, within(1e-12));
  }

  @Test
  void deviationIsInUnitsOfTheOriginalsVariance() {
    assertThat(score("deviation", Sample.unlabeled(values(1, 2, 3), values(1, 2, 4))))
        .isCloseTo((1.0 / 3) / (2.0 / 3), within(1e-9));
  }

  @Test
  void cosineKnowsAngles() {
    Sample sample =
        Sample.unlabeled(
            embeddings(row(1, 0), row(0, 2), row(1, 1)),
            embeddings(row(3, 0), row(1, 0), row(1, 0)));
    Comparison cosine = Metrics.compare(Metrics.byName("cosine"), sample);
    assertThat(cosine.candidate()).isCloseTo((1 + 0 + Math.sqrt(0.5)) / 3, within(1e-9));
    assertThat(cosine.original()).isEqualTo(1);
  }

  @Property(tries = 20)
  void overlapEqualsTheNaiveDefinition(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 7) int k) {
    Random random = new Random(seed);
    Outputs original = random(random, 25, 6, 1);
    List<float[]> moved = new ArrayList<>();
    for (float[] row : original.rows()) {
      float[] copy = row.clone();
      for (int c = 0; c < copy.length; c++) {
        copy[c] += 0.5f * (float) random.nextGaussian();
      }
      moved.add(copy);
    }
    Outputs candidate = new Outputs(OutputKind.EMBEDDING, moved);
    Comparison comparison =
        Metrics.compare(new NeighbourOverlap(k), Sample.unlabeled(original, candidate));
    double[] drops = comparison.drops().orElseThrow();
    for (int i = 0; i < 25; i++) {
      Set<Integer> before = Set.copyOf(nearest(original, i, k));
      long kept = nearest(candidate, i, k).stream().filter(before::contains).count();
      assertThat(drops[i]).isCloseTo(1 - kept / (double) k, within(1e-9));
    }
  }

  private static List<Integer> nearest(Outputs outputs, int i, int k) {
    return IntStream.range(0, outputs.size())
        .filter(j -> j != i)
        .boxed()
        .sorted((a, b) ->
            Double.compare(
                Vectors.cosine(outputs.row(i), outputs.row(b)),
                Vectors.cosine(outputs.row(i), outputs.row(a))))
        .limit(k)
        .toList();
  }

  private static Outputs random(Random random, int rows, int width, double spread) {
    return new Outputs(
        OutputKind.EMBEDDING,
        IntStream.range(0, rows)
            .mapToObj(r -> {
              float[] row = new float[width];
              for (int c = 0; c < width; c++) {
                row[c] = (float) (random.nextGaussian() * spread);
              }
              return row;
            })
            .toList());
  }

  @Test
  void theProbeFindsWhatIsLinearlyThereAndNothingInNoise() {
    Random random = new Random(4);
    List<float[]> rows = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    float[][] centres = random(random, 5, 20, 1).rows().toArray(float[][]::new);
    for (int i = 0; i < 1_000; i++) {
      int label = random.nextInt(5);
      float[] row = centres[label].clone();
      for (int c = 0; c < row.length; c++) {
        row[c] += 0.7f * (float) random.nextGaussian();
      }
      rows.add(row);
      labels.add("class " + label);
    }
    Outputs clean = new Outputs(OutputKind.EMBEDDING, rows);
    Outputs noise = random(random, 1_000, 20, 1);
    int[] fit = IntStream.range(0, 600).toArray();
    int[] test = IntStream.range(600, 1_000).toArray();
    Sample whole = Sample.labeled(clean, noise, labels);
    Sample sample = whole.subset(test).withFit(whole.subset(fit));
    Comparison probe = Metrics.compare(Metrics.byName("linear-probe"), sample);
    assertThat(probe.original()).isGreaterThan(0.9);
    assertThat(probe.candidate()).isCloseTo(0.2, within(0.08));
  }

  @Test
  void theRidgeSolutionSatisfiesItsNormalEquations() {
    Random random = new Random(8);
    Outputs features = random(random, 50, 7, 2);
    int[] targets = random.ints(50, 0, 3).toArray();
    RidgeClassifier classifier = RidgeClassifier.fit(features.rows(), targets, 3);
    assertThat(classifier.residual(features.rows(), targets)).isLessThan(1e-8);
  }

  @Test
  void notFiniteAnswersCountAsZerosAndAreTold() {
    Outputs original = embeddings(row(1, 0), row(0, 1));
    Outputs candidate = embeddings(row(Double.NaN, 0), row(0, 1));
    Comparison comparison =
        Metrics.compare(Metrics.byName("cosine"), Sample.unlabeled(original, candidate));
    assertThat(comparison.notFinite()).isEqualTo(1);
    assertThat(comparison.candidate()).isEqualTo(0.5);
    assertThatThrownBy(
            () -> Metrics.compare(Metrics.byName("cosine"), Sample.unlabeled(candidate, original)))
        .hasMessageContaining("the original's output for example 0 of 2 is not finite");
  }

  @Test
  void aUsersOwnClassIsFoundByItsName() {
    assertThat(Metrics.byName(Own.class.getName()).name()).isEqualTo("own");
    assertThatThrownBy(() -> Metrics.byName("com.example.Missing"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no class com.example.Missing in the class path");
    assertThatThrownBy(() -> Metrics.byName("java.lang.String"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected: it implements dev.hasten.measure.Metric");
  }

  @Test
  void errorsSayWhatWouldWork() {
    assertThatThrownBy(() -> Metrics.byName("acuracy"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContainingAll("metric: acuracy", "overlap@10", "accuracy", "linear-probe");
    Outputs outputs = scores(row(1, 0), row(0, 1));
    assertThatThrownBy(
            () -> Metrics.compare(Metrics.byName("accuracy"), Sample.unlabeled(outputs, outputs)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContainingAll("example 0 of 2 has no label", "name the label field");
    assertThatThrownBy(() ->
            Metrics.compare(
                Metrics.byName("accuracy"), Sample.labeled(outputs, outputs, List.of("0", "spam"))))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("label `spam` of example 1 (expected: a class number, 0 to 1)");
    assertThatThrownBy(
            () -> Metrics.compare(Metrics.byName("overlap@10"), Sample.unlabeled(outputs, outputs)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContainingAll("can't score SCORES", "top-1-agreement");
    List<@Nullable String> labels = List.of("a", "b");
    Outputs vectors = embeddings(row(1, 0), row(0, 1));
    assertThatThrownBy(() ->
            Metrics.compare(
                Metrics.byName("linear-probe"), Sample.labeled(vectors, vectors, labels)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("a calibrate split with labels");
  }

  @Test
  void suggestsByWhatTheOutputLooksLike() {
    assertThat(Metrics.guessKind(List.of(row(0.2, 0.8), row(1, 0)))).isEqualTo(OutputKind.SCORES);
    assertThat(Metrics.guessKind(List.of(row(0.6, -0.8)))).isEqualTo(OutputKind.EMBEDDING);
    assertThat(Metrics.guessKind(List.of(row(5, -2, 1)))).isEqualTo(OutputKind.SCORES);
    assertThat(Metrics.guessKind(List.of(row(5)))).isEqualTo(OutputKind.VALUES);
    assertThat(Metrics.suggest(OutputKind.EMBEDDING, 384, false).name()).isEqualTo("overlap@10");
    assertThat(Metrics.suggest(OutputKind.SCORES, 3, false).name()).isEqualTo("top-1-agreement");
    assertThat(Metrics.suggest(OutputKind.SCORES, 3, true).name()).isEqualTo("accuracy");
  }

  @Test
  void answersToMadeUpInputsAreComparedAsNumbers() {
    for (OutputKind kind : List.of(OutputKind.EMBEDDING, OutputKind.SCORES, OutputKind.VALUES)) {
      assertThat(Metrics.suggestForMadeUp(kind, 10).name()).isEqualTo("cosine");
    }
    assertThat(Metrics.suggestForMadeUp(OutputKind.VALUES, 1).name()).isEqualTo("deviation");
    assertThat(Metrics.suggestForMadeUp(OutputKind.TEXT, 0).name())
        .isEqualTo(Metrics.suggest(OutputKind.TEXT, 0, false).name());
  }

  @Test
  void everyMetricFindsTheOriginalEqualToItself() {
    Random random = new Random(2);
    for (Metric metric : Metrics.all()) {
      OutputKind kind = metric.kinds().iterator().next();
      int width = kind == OutputKind.VALUES ? 1 : 6;
      Outputs outputs =
          switch (kind) {
            case TEXT -> new Outputs(kind, Collections.nCopies(40, Texts.row("some text")));
            case BOXES -> new Outputs(kind, Collections.nCopies(40, row(1, 1, 5, 5, 0.9, 0)));
            case EMBEDDING, SCORES, VALUES ->
                new Outputs(kind, random(random, 40, width, 1).rows());
          };
      boolean boxes = kind == OutputKind.BOXES;
      List<String> labels =
          IntStream.range(0, 40).mapToObj(i -> boxes ? "[[1, 1, 5, 6, 0]]" : "" + i % 2).toList();
      Sample sample = Sample.labeled(outputs, outputs, labels);
      Comparison self = Metrics.compare(metric, sample.withFit(sample));
      assertThat(self.drop()).as(metric.name()).isCloseTo(0, within(1e-9));
      assertThat(Metrics.byName(metric.name()).name()).isEqualTo(metric.name());
    }
  }

  /** A user's metric. */
  public static final class Own implements Metric {
    @Override
    public String name() {
      return "own";
    }

    @Override
    public String meaning() {
      return "always 1";
    }

    @Override
    public boolean needsLabels() {
      return false;
    }

    @Override
    public Set<OutputKind> kinds() {
      return Set.of(OutputKind.VALUES);
    }

    @Override
    public Score score(Sample sample) {
      return Score.of(1);
    }
  }
}
