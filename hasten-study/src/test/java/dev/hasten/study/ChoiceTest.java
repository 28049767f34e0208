package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Which of two good recipes a user would rather have. */
class ChoiceTest {
  private static final Trial BASELINE = Trials.original("m.onnx", 1_000, "abc");

  private final Choice choice =
      new Choice(Searches.workload(Objective.LATENCY), Searches.FIRST, true);

  private static Trial trial(
      String id, double speedup, double drop, double spread, long bytes, int steps) {
    List<Step> recipe = new ArrayList<>(Collections.nCopies(steps, new Step("s", Map.of())));
    Interval interval = new Interval(speedup, speedup * 0.99, speedup * 1.01, 0.95);
    SpeedRow row =
        new SpeedRow(
            Searches.FIRST,
            Duration.ofMillis(1),
            Duration.ofMillis(1),
            Duration.ofMillis(1),
            1000,
            interval,
            new Interval(1, 0.99, 1.01, 0.95),
            false,
            10);
    Trial made =
        Trials.made(
            Trials.begun(new Study.Planned(id, id, recipe, "")),
            new TrialRunner.Made(id, id, bytes, List.of(), List.of()));
    Quality quality = FakeRunner.quality(Split.VALIDATE, drop, spread, 0.01);
    return Trials.withValidate(Trials.withSpeed(made, List.of(row)), quality, Trial.Stage.FINAL);
  }

  private static SpeedRow row(Row row, double low, double high, boolean drowned) {
    Duration time = Duration.ofMillis(1);
    return new SpeedRow(
        row,
        time,
        time,
        time,
        1000,
        new Interval((low + high) / 2, low, high, 0.95),
        new Interval(1, 0.99, 1.01, 0.95),
        drowned,
        10);
  }

  private static Optional<String> ruledOut(Objective objective, SpeedRow... rows) {
    Trial trial = Trials.withSpeed(trial("t", 2, 0.001, 0.001, 900, 1), List.of(rows));
    return new Choice(Searches.workload(objective), Searches.FIRST, true).ruledOut(trial, BASELINE);
  }

  @Test
  void aGainThatNobodyWouldNoticeIsNone() {
    SpeedRow other = row(Searches.SECOND, 1.2, 1.3, false);
    assertThat(ruledOut(Objective.LATENCY, row(Searches.FIRST, 1.001, 1.003, false), other))
        .get(STRING)
        .contains("not faster than the original beyond the noise");
    assertThat(ruledOut(Objective.LATENCY, row(Searches.FIRST, 0.99, 1.10, false), other))
        .isPresent();
    assertThat(ruledOut(Objective.LATENCY, row(Searches.FIRST, 1.02, 1.04, true), other))
        .isPresent();
    assertThat(ruledOut(Objective.LATENCY, row(Searches.FIRST, 1.02, 1.04, false), other))
        .isEmpty();
  }

  @Test
  void fasterHereAndSlowerThereIsNotDelivered() {
    SpeedRow judged = row(Searches.FIRST, 1.3, 1.4, false);
    SpeedRow slower = row(Searches.SECOND, 0.97, 0.98, false);
    assertThat(ruledOut(Objective.LATENCY, judged, slower))
        .get(STRING)
        .contains("slower than the original at " + Searches.SECOND);
    assertThat(ruledOut(Objective.LATENCY, judged, row(Searches.SECOND, 0.97, 1.01, false)))
        .as("perhaps slower, not shown")
        .isEmpty();
    assertThat(ruledOut(Objective.LATENCY, judged, row(Searches.SECOND, 0.97, 0.98, true)))
        .as("within the noise of the original against itself")
        .isEmpty();
  }

  @Test
  void whoAsksForSizeIsGivenTheSmallerFileThoughItIsSlower() {
    assertThat(
            ruledOut(
                Objective.SIZE,
                row(Searches.FIRST, 0.8, 0.9, false),
                row(Searches.SECOND, 0.8, 0.9, false)))
        .isEmpty();
  }

  private List<String> order(Trial... trials) {
    return choice.order(List.of(trials), BASELINE).stream().map(Trial::id).toList();
  }

  @Test
  void aClearlyFasterOneWinsWhateverElse() {
    assertThat(
            order(
                trial("small", 2.00, 0.000, 0.001, 200, 1),
                trial("fast", 2.15, 0.008, 0.001, 900, 5)))
        .containsExactly("fast", "small");
  }

  @Test
  void amongAlikeSpeedsBetterQualityWinsOverSizeAndSimplicity() {
    assertThat(
            order(
                trial("fast", 2.04, 0.008, 0.001, 200, 1),
                trial("good", 2.00, 0.001, 0.001, 900, 5)))
        .containsExactly("good", "fast");
  }

  @Test
  void amongAlikeQualitiesTheSmallerWinsOverTheSimpler() {
    assertThat(
            order(
                trial("simple", 2.04, 0.0012, 0.001, 900, 1),
                trial("small", 2.00, 0.0015, 0.001, 300, 5)))
        .containsExactly("small", "simple");
  }

  @Test
  void amongAlikeSizesTheSimplerWins() {
    assertThat(
            order(
                trial("complex", 2.04, 0.0012, 0.001, 300, 5),
                trial("simple", 2.00, 0.0015, 0.001, 302, 2)))
        .containsExactly("simple", "complex");
    assertThat(order(trial("b", 2, 0.001, 0.001, 300, 2), trial("a", 2, 0.001, 0.001, 300, 2)))
        .as("the name settles what nothing else does")
        .containsExactly("a", "b");
  }

  @Test
  void noiseWithinTheToleranceDoesNotTurnTheChoice() {
    Random random = new Random(4);
    for (int i = 0; i < 50; i++) {
      double noise = 1 + 0.01 * (random.nextDouble() - 0.5);
      assertThat(
              order(
                  trial("x", 2 * noise, 0.001, 0.001, 300, 1),
                  trial("y", 2 / noise, 0.001, 0.001, 300, 2)))
          .containsExactly("x", "y");
    }
  }

  @Test
  void aChainOfAlikeOnesDoesNotReachTheSlowest() {
    // b is alike a, c is alike b, but c is not alike a: the best sets the measure.
    assertThat(
            order(
                trial("c", 1.86, 0.000, 0.001, 300, 1),
                trial("b", 1.93, 0.004, 0.001, 300, 1),
                trial("a", 2.00, 0.008, 0.001, 300, 1)))
        .containsExactly("b", "a", "c");
  }

  @Test
  void thoseThatSeemToBreakThePromiseComeLast() {
    assertThat(
            order(
                trial("doubtful", 3, 0.0105, 0.001, 300, 1),
                trial("likely", 1.5, 0.0095, 0.001, 900, 5)))
        .containsExactly("likely", "doubtful");
  }

  @Test
  void withoutQualityItComesLast() {
    Trial unscored = Trials.begun(new Study.Planned("unscored", "", List.of(), ""));
    Trial nan = trial("nan", 3, Double.NaN, 0.001, 10, 1);
    assertThat(order(unscored, nan, trial("ok", 1.1, 0.001, 0.001, 900, 5)))
        .containsExactly("ok", "nan", "unscored");
  }

  @Provide
  Arbitrary<List<Trial>> finalists() {
    Arbitrary<Trial> one =
        Combinators.combine(
                Arbitraries.doubles().between(1.9, 2.1).ofScale(4),
                Arbitraries.doubles().between(0, 0.012).ofScale(4),
                Arbitraries.longs().between(295, 305),
                Arbitraries.integers().between(1, 3))
            .as((speedup, drop, bytes, steps) -> trial("?", speedup, drop, 0.001, bytes, steps));
    return one.list().ofMinSize(1).ofMaxSize(6);
  }

  /** Whatever the order they come in, they leave in the same one, and none is lost. */
  @Property(tries = 200, seed = "11")
  void theOrderDependsOnTheTrialsOnly(@ForAll("finalists") List<Trial> drawn, @ForAll long seed) {
    List<Trial> trials = new ArrayList<>();
    for (int i = 0; i < drawn.size(); i++) {
      Trial t = drawn.get(i);
      Trial named = Trials.begun(new Study.Planned("t" + i, "t" + i, t.recipe(), ""));
      trials.add(
          Trials.withValidate(
              Trials.withSpeed(
                  Trials.made(
                      named, new TrialRunner.Made("", "", t.fileBytes(), List.of(), List.of())),
                  t.speed()),
              java.util.Objects.requireNonNull(t.validate()),
              Trial.Stage.FINAL));
    }
    List<Trial> ordered = choice.order(trials, BASELINE);
    assertThat(ordered).containsExactlyInAnyOrderElementsOf(trials);
    List<Trial> shuffled = new ArrayList<>(trials);
    Collections.shuffle(shuffled, new Random(seed));
    assertThat(choice.order(shuffled, BASELINE)).isEqualTo(ordered);
    // Taking the first away leaves the order of the rest.
    assertThat(choice.order(ordered.subList(1, ordered.size()), BASELINE))
        .isEqualTo(ordered.subList(1, ordered.size()));
  }
}
