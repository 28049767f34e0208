package dev.hasten.study;

import static dev.hasten.study.FakeRunner.Outcome.GOOD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.WriteOptions;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.study.FakeRunner.Failure;
import dev.hasten.study.FakeRunner.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchTest {
  private static final Workload.Asked PROMISE =
      new Workload.Asked(0.01, 0.95, OptionalDouble.empty());

  @TempDir Path folder;

  private Search.Found run(FakeRunner runner, Workload workload, int candidates) {
    return Searches.run(
        workload, runner, candidates, folder.resolve("journal.jsonl"), Progress.NONE);
  }

  private static FakeRunner runner(Workload workload, Map<String, Outcome> outcomes) {
    return new FakeRunner(workload, outcomes);
  }

  private static Trial trial(Search.Found found, String id) {
    return found.trials().stream().filter(t -> t.id().equals(id)).findFirst().orElseThrow();
  }

  private static @org.jspecify.annotations.Nullable String chosen(Search.Found found) {
    return found.chosen() == null ? null : found.chosen().id();
  }

  @Test
  void theStagesComeInTheirOrderAndEachStopsWhatIsHopeless() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner =
        runner(
            workload,
            Map.of(
                "t1", GOOD.dropping(0.05, 0.05),
                "t2", GOOD.faster(0.8),
                // Wide at first sight, clear on all of validate.
                "t3", GOOD.dropping(0.013, 0.013),
                "t4", GOOD));
    Search.Found found = run(runner, workload, 4);

    assertThat(runner.asked)
        .containsExactly(
            "profile baseline",
            "make t1",
            "look at t1",
            "make t2",
            "look at t2",
            "time t2",
            "slow t2",
            "make t3",
            "look at t3",
            "time t3",
            "score t3",
            "make t4",
            "look at t4",
            "time t4",
            "score t4",
            "time t4",
            "weigh baseline",
            "weigh t4",
            "test t4",
            "tune t4",
            "profile t4");
    assertThat(found.trials())
        .extracting(Trial::id, Trial::status, Trial::stage)
        .containsExactly(
            tuple("t1", Trial.Status.DROPPED, Trial.Stage.QUICK_QUALITY),
            tuple("t2", Trial.Status.DROPPED, Trial.Stage.QUICK_SPEED),
            tuple("t3", Trial.Status.DROPPED, Trial.Stage.QUICK_SPEED),
            tuple("t4", Trial.Status.MEASURED, Trial.Stage.TESTED));
    assertThat(trial(found, "t1").reason()).isEqualTo("quality: drop of 0.05 BROKEN");
    assertThat(trial(found, "t2").reason()).startsWith("slower than the original: 0.8000 [");
    assertThat(trial(found, "t3").reason()).isEqualTo("quality: drop of 0.013 BROKEN");
    assertThat(trial(found, "t4").took()).isEqualTo(Duration.ofMillis(400));
    assertThat(chosen(found)).isEqualTo("t4");
    assertThat(found.reason())
        .isEqualTo("candidate 4: best latency of 1 finalists; drop of 0.001 KEPT");
    assertThat(found.tuning()).hasSize(1);
    assertThat(found.after()).isNotNull();
    assertThat(found.baseline().speed()).hasSize(2);
  }

  @Test
  void aTrialThatThrowsHasFailedAndTheStudyGoesOn() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner =
        runner(
            workload,
            Map.of(
                "t1", GOOD.failing(Failure.MAKE),
                "t2", GOOD.failing(Failure.QUICK_QUALITY),
                "t3", GOOD.failing(Failure.QUICK_SPEED),
                "t4", GOOD.failing(Failure.QUALITY)));
    Search.Found found = run(runner, workload, 5);
    for (int i = 1; i <= 4; i++) {
      assertThat(trial(found, "t" + i).status()).isEqualTo(Trial.Status.FAILED);
      assertThat(trial(found, "t" + i).reason()).startsWith("IllegalStateException: t" + i);
    }
    // What it got to before stays known.
    assertThat(trial(found, "t1").fileBytes()).isZero();
    assertThat(trial(found, "t4").fileBytes()).isEqualTo(500);
    assertThat(trial(found, "t4").speed()).isNotEmpty();
    assertThat(chosen(found)).isEqualTo("t5");
  }

  @Test
  void aFinalistThatFailsAtOneRowDoesNotTakeTheOthersAlong() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner = runner(workload, Map.of("t1", GOOD.faster(3).failing(Failure.FINAL_SPEED)));
    Search.Found found = run(runner, workload, 3);
    assertThat(trial(found, "t1").status()).isEqualTo(Trial.Status.FAILED);
    assertThat(trial(found, "t1").reason()).contains("t1 fails at b8 1t");
    assertThat(runner.asked).contains("time t1+t2+t3", "time t2+t3").doesNotContain("weigh t1");
    assertThat(chosen(found)).isEqualTo("t2");
    assertThat(found.trials().get(1).speed()).hasSize(2);
  }

  @Test
  void aBaselineThatFailsAtARowStopsTheStudy() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner = runner(workload, Map.of("baseline", GOOD.failing(Failure.FINAL_SPEED)));
    assertThatThrownBy(() -> run(runner, workload, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("baseline fails at b8 1t");
  }

  @Test
  void aFinalistThatFailsOnTestDataIsPassedOver() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner = runner(workload, Map.of("t1", GOOD.faster(3).failing(Failure.TEST)));
    Search.Found found = run(runner, workload, 2);
    assertThat(trial(found, "t1").status()).isEqualTo(Trial.Status.FAILED);
    assertThat(trial(found, "t1").reason()).startsWith("test: IllegalStateException: t1 fails");
    assertThat(chosen(found)).isEqualTo("t2");
    assertThat(found.promisesTested()).isEqualTo(2);
  }

  @Test
  void whatTheEnvironmentLacksIsNotTheCandidatesFault() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner full = runner(workload, Map.of("t1", GOOD.failing(Failure.DISK)));
    assertThatThrownBy(() -> run(full, workload, 1))
        .isInstanceOf(EnvironmentException.class)
        .hasMessage("no space left");
    // With room again the same journal goes on.
    FakeRunner roomy = runner(workload, Map.of());
    assertThat(chosen(run(roomy, workload, 1))).isEqualTo("t1");
    assertThat(roomy.asked).startsWith("make t1");
  }

  @Test
  void memoryThatCannotBeMeasuredIsAFigureLess() {
    Workload workload = Searches.workload(Objective.LATENCY);
    List<String> notes = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void note(String text) {
            notes.add(text);
          }
        };
    FakeRunner runner = runner(workload, Map.of("t1", GOOD.failing(Failure.COST)));
    Search.Found found =
        Searches.run(workload, runner, 1, folder.resolve("journal.jsonl"), progress);
    assertThat(chosen(found)).isEqualTo("t1");
    assertThat(trial(found, "t1").memory()).isNull();
    assertThat(notes).singleElement().asString().contains("memory could not be measured");
  }

  @Test
  void whenTheTimeIsUpTheRestIsNotTriedButNeverAll() {
    Workload workload = Searches.workload(Objective.LATENCY);
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    outcomes.put("t1", GOOD.dropping(0.05, 0.05));
    outcomes.put("t2", GOOD.failing(Failure.MAKE));
    // Of the minute, the first three candidates take more than their share.
    FakeRunner runner = runner(workload, outcomes).taking(Duration.ofSeconds(4));
    Search.Found found = run(runner, workload, 6);
    assertThat(found.trials())
        .extracting(Trial::status)
        .containsExactly(
            Trial.Status.DROPPED,
            Trial.Status.FAILED,
            Trial.Status.MEASURED,
            Trial.Status.NOT_TRIED,
            Trial.Status.NOT_TRIED,
            Trial.Status.NOT_TRIED);
    assertThat(trial(found, "t4").reason()).isEqualTo("the time was up before its turn");
    assertThat(trial(found, "t4").stage()).isEqualTo(Trial.Stage.APPLIED);
    assertThat(runner.asked).doesNotContain("make t4");
    assertThat(chosen(found)).isEqualTo("t3");
  }

  @Test
  void pastTheTimeTheFirstFewAreTriedForOneThatHelps() {
    Workload workload = Searches.workload(Objective.LATENCY);
    // As simplification often is: fit to be delivered, but no faster.
    FakeRunner runner =
        runner(workload, Map.of("t1", GOOD.faster(1))).taking(Duration.ofSeconds(4));
    Search.Found found = run(runner, workload, 5);
    assertThat(runner.asked).contains("make t2").doesNotContain("make t3");
    assertThat(chosen(found)).isEqualTo("t2");

    Outcome noFaster = GOOD.faster(1);
    Map<String, Outcome> outcomes = Map.of("t1", noFaster, "t2", noFaster, "t3", noFaster);
    FakeRunner hopeless = runner(workload, outcomes).taking(Duration.ofSeconds(4));
    Searches.run(workload, hopeless, 5, folder.resolve("other.jsonl"), Progress.NONE);
    assertThat(hopeless.asked).contains("make t3").doesNotContain("make t4");
  }

  @Test
  void aModelSoLargeThatOneTrialTakesTheBudgetGetsOneAndNoExtras() {
    Workload workload = Searches.workload(Objective.LATENCY);
    // Each answer takes longer than the whole budget.
    FakeRunner runner = runner(workload, Map.of()).taking(Duration.ofMinutes(2));
    List<String> notes = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void note(String text) {
            notes.add(text);
          }
        };
    Search.Found found =
        Searches.run(workload, runner, 6, folder.resolve("journal.jsonl"), progress);
    assertThat(runner.asked)
        .containsExactly(
            "profile baseline",
            "make t1",
            "look at t1",
            "time t1",
            "score t1",
            "time t1",
            "test t1");
    assertThat(chosen(found)).isEqualTo("t1");
    assertThat(found.trials().subList(1, 6)).allMatch(t -> t.status() == Trial.Status.NOT_TRIED);
    assertThat(found.tuning()).isEmpty();
    assertThat(found.after()).isNull();
    assertThat(notes).hasSize(2).allMatch(n -> n.endsWith("was not measured: the time was up"));
  }

  @Test
  void pastTheBudgetWhatHasNoProspectIsNotTimedAgain() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner =
        runner(workload, Map.of("t1", GOOD.faster(1))).taking(Duration.ofMinutes(2));
    Search.Found found = run(runner, workload, 6);
    assertThat(runner.asked)
        .containsExactly("profile baseline", "make t1", "look at t1", "time t1", "score t1");
    assertThat(found.chosen()).isNull();
    assertThat(found.reason()).contains("not faster than the original beyond the noise");
  }

  @Test
  void noModelIsMeasuredTwice() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner =
        runner(workload, Map.of("t3", GOOD.faster(1)))
            .equal("t1", "baseline")
            .equal("t4", "t3")
            .equal("t5", "t3");
    Search.Found found = run(runner, workload, 6);
    assertThat(trial(found, "t1").status()).isEqualTo(Trial.Status.DROPPED);
    assertThat(trial(found, "t1").reason()).isEqualTo("same model as the original");
    assertThat(trial(found, "t4").reason()).isEqualTo("same model as t3 (candidate 3)");
    assertThat(trial(found, "t5").reason()).isEqualTo("same model as t3 (candidate 3)");
    assertThat(runner.asked)
        .contains("make t1", "make t4", "make t5", "look at t3", "look at t6")
        .doesNotContain("look at t1", "look at t4", "look at t5");
  }

  @Test
  void aLookThatSawAllExamplesIsTheScore() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner = runner(workload, Map.of()).ofFewExamples();
    assertThat(chosen(run(runner, workload, 1))).isEqualTo("t1");
    assertThat(runner.asked).contains("look at t1").doesNotContain("score t1");
  }

  @Test
  void trialsLeaveTimeForTheFinals() {
    Workload workload = Searches.workload(Objective.LATENCY);
    // A trial takes four seconds: in a minute, of which six tenths are theirs, no more than nine.
    FakeRunner runner = runner(workload, Map.of()).taking(Duration.ofSeconds(1));
    run(runner, workload, 20);
    long made = runner.asked.stream().filter(a -> a.startsWith("make")).count();
    assertThat(made).isBetween(6L, 9L);
  }

  @Test
  void theErrorAllowedIsSpreadOverTheFinalistsTested() {
    Workload workload = Searches.workload(Objective.LATENCY);
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    for (int i = 1; i <= 6; i++) {
      // All good on validate; the faster, the worse on test.
      outcomes.put("t" + i, GOOD.faster(4 - 0.4 * i).dropping(0.001, i < 4 ? 0.02 : 0.001));
    }
    FakeRunner runner = runner(workload, outcomes);
    Search.Found found = run(runner, workload, 6);
    assertThat(runner.confidences()).containsOnlyKeys("t1", "t2", "t3", "t4");
    List<Double> confidences = List.copyOf(runner.confidences().values());
    for (int i = 0; i < 4; i++) {
      assertThat(1 - confidences.get(i)).isCloseTo(0.05 / Math.pow(2, i + 1), within(1e-12));
    }
    assertThat(confidences.stream().mapToDouble(c -> 1 - c).sum()).isLessThan(0.05);
    assertThat(chosen(found)).isEqualTo("t4");
    assertThat(found.promisesTested()).isEqualTo(4);
    assertThat(trial(found, "t1").reason())
        .isEqualTo("test: does not keep the promise: drop of 0.02 BROKEN");
    assertThat(trial(found, "t1").status()).isEqualTo(Trial.Status.DROPPED);
    assertThat(trial(found, "t5").stage()).as("no finalist").isEqualTo(Trial.Stage.QUICK_SPEED);
  }

  @Test
  void whenNothingIsGoodEnoughNothingIsDeliveredAndTheReasonSaid() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner slow = runner(workload, Map.of("t1", GOOD.faster(0.5), "t2", GOOD.faster(1.005)));
    Search.Found found = run(slow, workload, 2);
    assertThat(found.chosen()).isNull();
    assertThat(found.after()).isNull();
    assertThat(found.tuning()).isEmpty();
    assertThat(found.promisesTested()).isZero();
    assertThat(found.reason())
        .startsWith(
            "no candidate was both good enough and better than the original; candidate 2: not"
                + " faster than the original beyond the noise: 1.005");
    assertThat(trial(found, "t2").reason()).startsWith("not faster than the original beyond");
    assertThat(slow.asked).doesNotContain("tune t2", "test t2");
  }

  @Test
  void whatDoesNotKeepThePromiseOnTestDataIsNotDelivered() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner = runner(workload, Map.of("t1", GOOD.dropping(0.001, 0.009)));
    Search.Found found = run(runner, workload, 1);
    assertThat(found.chosen()).isNull();
    assertThat(found.reason())
        .isEqualTo(
            "candidate 1 on the test split: does not keep the promise: drop of 0.009 UNDECIDED");
  }

  @Test
  void theFloorHoldsOnBothSplits() {
    Workload workload =
        Searches.workload(
            Objective.LATENCY,
            Workload.Limits.NONE,
            new Workload.Asked(0.1, 0.95, OptionalDouble.of(0.98)));
    FakeRunner runner =
        runner(workload, Map.of("t1", GOOD.dropping(0.03, 0), "t2", GOOD.dropping(0.01, 0.03)));
    Search.Found found = run(runner, workload, 2);
    assertThat(found.chosen()).isNull();
    assertThat(trial(found, "t1").reason())
        .isEqualTo("quality: fake 0.9700 is beyond the floor 0.9800");
    assertThat(trial(found, "t2").reason())
        .isEqualTo("test: fake 0.9700 is beyond the floor 0.9800");
    assertThat(found.reason())
        .isEqualTo("candidate 2 on the test split: fake 0.9700 is beyond the floor 0.9800");
  }

  @Test
  void limitsRuleOutAndFreeTheFinalsForThoseWithin() {
    Workload.Limits limits =
        new Workload.Limits(
            OptionalLong.of(900), OptionalLong.of(600), Duration.ofMillis(29), null);
    Workload workload = Searches.workload(Objective.LATENCY, limits, PROMISE);
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    for (int i = 1; i <= 5; i++) {
      outcomes.put("t" + i, GOOD.faster(5).of(601));
    }
    outcomes.put("t6", GOOD.faster(3));
    outcomes.put("t7", GOOD.faster(2.5).failing(Failure.COST));
    outcomes.put("t8", GOOD.faster(2));
    outcomes.put("t9", GOOD.faster(1.02));
    FakeRunner runner =
        runner(workload, outcomes).using("t6", 901).using("t8", 900).using("t9", 900);
    Search.Found found = run(runner, workload, 9);
    assertThat(trial(found, "t1").reason()).isEqualTo("file of 601 bytes (limit: 600)");
    assertThat(runner.asked).doesNotContain("look at t1");
    assertThat(trial(found, "t6").reason()).isEqualTo("901 bytes of memory (limit: 900)");
    assertThat(trial(found, "t7").reason())
        .isEqualTo("its memory could not be measured (limit: 900 bytes)");
    assertThat(chosen(found)).isEqualTo("t8");

    // Three times 10 ms ÷ 1.02 is above the 29 ms allowed.
    Workload alone = Searches.workload(Objective.LATENCY, limits, PROMISE);
    FakeRunner slow = runner(alone, Map.of("t1", GOOD.faster(1.02))).using("t1", 1);
    Search.Found none = Searches.run(alone, slow, 1, folder.resolve("other.jsonl"), Progress.NONE);
    assertThat(none.chosen()).isNull();
    assertThat(trial(none, "t1").reason()).startsWith("p99 of 29.4ms (limit: 29.0ms");
  }

  @Test
  void latencyIsJudgedAtTheFirstRow() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner =
        runner(workload, Map.of("t1", GOOD.faster(2), "t2", GOOD.faster(3), "t3", GOOD));
    Search.Found found = run(runner, workload, 3);
    assertThat(found.judged()).isEqualTo(Searches.FIRST);
    assertThat(chosen(found)).isEqualTo("t2");
    assertThat(found.reason()).contains("best latency of 3 finalists");
  }

  @Test
  void throughputIsJudgedWhereTheOriginalReachesMost() {
    Workload workload = Searches.workload(Objective.THROUGHPUT);
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    // More than there are finalists, the best last: their speed decides, not their simplicity.
    for (int i = 1; i <= 6; i++) {
      outcomes.put("t" + i, GOOD.faster(1 + 0.2 * i));
    }
    FakeRunner runner =
        runner(workload, outcomes)
            .baselineReaches(Searches.FIRST, 100)
            .baselineReaches(Searches.SECOND, 300);
    Search.Found found = run(runner, workload, 6);
    assertThat(found.judged()).isEqualTo(Searches.SECOND);
    assertThat(runner.tunedAt).containsExactly(Searches.SECOND);
    assertThat(chosen(found)).isEqualTo("t6");
    assertThat(found.reason()).contains("best throughput of 4 finalists");
  }

  @Test
  void sizeIsJudgedByTheFileAndSlownessIsNoMatter() {
    Workload workload = Searches.workload(Objective.SIZE);
    FakeRunner runner =
        runner(
            workload,
            Map.of(
                "t1", GOOD.of(400).faster(0.5), "t2", GOOD.of(700).faster(4), "t3", GOOD.of(1000)));
    Search.Found found = run(runner, workload, 3);
    assertThat(chosen(found)).isEqualTo("t1");

    FakeRunner larger = runner(workload, Map.of("t1", GOOD.of(1000)));
    Search.Found none =
        Searches.run(workload, larger, 1, folder.resolve("other.jsonl"), Progress.NONE);
    assertThat(none.chosen()).isNull();
    assertThat(trial(none, "t1").reason()).isEqualTo("not smaller than the original");
  }

  @Test
  void whatWasClearedBeforeTheStudyWentOnIsMadeAgain() throws IOException {
    Workload workload = Searches.workload(Objective.LATENCY);
    assertThat(chosen(run(runner(workload, Map.of()), workload, 1))).isEqualTo("t1");
    Path journal = folder.resolve("journal.jsonl");
    List<String> before =
        Files.readAllLines(journal).stream()
            .takeWhile(line -> !line.contains("\"key\":\"finals\""))
            .toList();
    Files.write(journal, before);
    FakeRunner resumed = runner(workload, Map.of()).without("t1");
    Search.Found found = run(resumed, workload, 1);
    assertThat(resumed.asked).startsWith("make t1", "time t1").containsOnlyOnce("make t1");
    assertThat(chosen(found)).isEqualTo("t1");
  }

  @Test
  void peersAreMeasuredBesideAndNeverDelivered() throws IOException {
    Path model = folder.resolve("peer.onnx");
    SmallStudy.writeModel(model, 1, WriteOptions.defaults());
    Workload workload =
        Searches.workload(
            Objective.LATENCY,
            Workload.Limits.NONE,
            PROMISE,
            new Workload.Peer("theirs", model),
            new Workload.Peer("broken", model));
    FakeRunner runner =
        runner(
            workload,
            Map.of(
                "peer-1", GOOD.faster(9).dropping(0, 0),
                "peer-2", GOOD.failing(Failure.QUALITY)));
    Search.Found found = run(runner, workload, 1);
    assertThat(chosen(found)).isEqualTo("t1");
    assertThat(runner.asked).contains("time t1+peer-1").doesNotContain("test peer-1");
    assertThat(found.peers()).extracting(Trial::id).containsExactly("peer-1", "peer-2");
    assertThat(found.peers().getFirst().speed()).hasSize(2);
    assertThat(found.peers().getFirst().fileBytes()).isEqualTo(Files.size(model));
    assertThat(found.peers().getLast().status()).isEqualTo(Trial.Status.FAILED);
    assertThat(found.peers().getLast().speed()).isEmpty();
  }

  @Test
  void progressNeverFallsAndEveryTrialIsHeard() {
    Workload workload = Searches.workload(Objective.LATENCY);
    List<Double> fractions = new ArrayList<>();
    List<String> phases = new ArrayList<>();
    List<String> trials = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void at(String what, double fraction, Duration left) {
            fractions.add(fraction);
            assertThat(left).isBetween(Duration.ZERO, Duration.ofSeconds(72));
          }

          @Override
          public void phase(String name, int number, int of) {
            phases.add(name + number + of);
          }

          @Override
          public void trial(Trial trial) {
            trials.add(trial.id());
          }
        };
    FakeRunner runner = runner(workload, Map.of("t2", GOOD.failing(Failure.MAKE)));
    Searches.run(workload, runner, 3, folder.resolve("journal.jsonl"), progress);
    assertThat(fractions).isSorted().allMatch(f -> f >= 0 && f <= 1);
    assertThat(phases)
        .containsExactly(
            "Profile16", "Trials26", "Layers36", "Finalists46", "Promise56", "Settings66");
    assertThat(trials).containsExactly("t1", "t2", "t3");
  }
}
