package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.WriteOptions;
import dev.hasten.study.FakeRunner.Failure;
import dev.hasten.study.FakeRunner.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** A study that was killed ends as it would have without, whatever its candidates do. */
class SearchResumeTest {
  /** A study: how its candidates turn out, and how long an answer takes. */
  record Case(Objective objective, List<Outcome> outcomes, Outcome peer, Duration step) {
    Map<String, Outcome> byId() {
      Map<String, Outcome> byId = new HashMap<>();
      for (int i = 0; i < outcomes.size(); i++) {
        byId.put("t" + (i + 1), outcomes.get(i));
      }
      byId.put("peer-1", peer);
      return byId;
    }
  }

  @Provide
  Arbitrary<Case> cases() {
    Arbitrary<Outcome> outcomes =
        Combinators.combine(
                Arbitraries.doubles().between(-0.005, 0.02).ofScale(4),
                Arbitraries.doubles().between(-0.005, 0.02).ofScale(4),
                Arbitraries.doubles().between(0.7, 3).ofScale(4),
                Arbitraries.longs().between(100, 1_200),
                failures())
            .as(Outcome::new);
    return Combinators.combine(
            Arbitraries.of(Objective.class),
            outcomes.list().ofMinSize(1).ofMaxSize(7),
            outcomes,
            Arbitraries.of(Duration.ofMillis(10), Duration.ofSeconds(1), Duration.ofSeconds(20)))
        .as(Case::new);
  }

  /** Mostly none. */
  private static Arbitrary<Set<Failure>> failures() {
    Arbitrary<Set<Failure>> one =
        Arbitraries.of(Failure.class).filter(f -> f != Failure.DISK).map(Set::of);
    return Arbitraries.frequencyOf(
        net.jqwik.api.Tuple.of(5, Arbitraries.just(Set.<Failure>of())),
        net.jqwik.api.Tuple.of(1, one));
  }

  /**
   * Killed while the record after the first {@code kept} is written: it is torn, and what the
   * runner had done for it is lost.
   */
  @Property(tries = 120, seed = "7")
  void killedAndResumedItEndsTheSame(
      @ForAll("cases") Case study,
      @ForAll @DoubleRange(min = 0, max = 1) double where,
      @ForAll @IntRange(max = 300) int torn)
      throws IOException {
    Path folder = Files.createTempDirectory("hasten-resume");
    try {
      Path model = folder.resolve("peer.onnx");
      SmallStudy.writeModel(model, 1, WriteOptions.defaults());
      Workload workload =
          Searches.workload(
              study.objective(),
              Workload.Limits.NONE,
              new Workload.Asked(0.01, 0.95, OptionalDouble.empty()),
              new Workload.Peer("peer", model));
      Path whole = folder.resolve("whole.jsonl");
      Search.Found undisturbed = search(study, workload, whole);

      List<String> lines = Files.readAllLines(whole, StandardCharsets.UTF_8);
      int kept = (int) Math.round(where * lines.size());
      StringBuilder left = new StringBuilder();
      lines.subList(0, kept).forEach(line -> left.append(line).append('\n'));
      if (kept < lines.size()) {
        left.append(lines.get(kept), 0, Math.min(torn, lines.get(kept).length()));
      }
      Path killed = folder.resolve("killed.jsonl");
      Files.writeString(killed, left);

      assertThat(search(study, workload, killed)).isEqualTo(undisturbed);
      // What was known before the kill is still there, word for word.
      List<String> resumed = Files.readAllLines(killed, StandardCharsets.UTF_8);
      assertThat(resumed.subList(0, kept)).isEqualTo(lines.subList(0, kept));
      assertThat(resumed).hasSameSizeAs(lines);
    } finally {
      delete(folder);
    }
  }

  private static Search.Found search(Case study, Workload workload, Path journal) {
    FakeRunner runner =
        new FakeRunner(workload, study.byId())
            .taking(study.step())
            .withLayers(MixingTest.layers())
            .answering(recipe -> mixed(study.peer(), recipe.toString().length()));
    return Searches.run(workload, runner, candidates(study), journal, Progress.NONE);
  }

  /** Every second one quantizes, so that there is something to mix. */
  private static List<Study.Planned> candidates(Case study) {
    List<Study.Planned> planned = new ArrayList<>();
    for (Study.Planned plain : Searches.candidates(study.outcomes().size())) {
      List<Step> steps = new ArrayList<>(plain.recipe());
      if (planned.size() % 2 == 1) {
        steps = List.of(new Step("dynamic-int8", Map.of()));
      }
      planned.add(new Study.Planned(plain.id(), plain.label(), steps, plain.reason()));
    }
    return planned;
  }

  /** Another outcome for every mixture: any will do, as long as it is the same each time. */
  private static Outcome mixed(Outcome like, int number) {
    double drop = like.drop() * (number % 7) / 3;
    return new Outcome(
        drop, drop, like.speedup() + number % 3 / 10.0, like.bytes(), like.failures());
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .sorted(java.util.Comparator.reverseOrder())
          .forEach(file -> {
            try {
              Files.delete(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  /** What is chosen was tested with success, and nothing better was passed over without reason. */
  @Property(tries = 120, seed = "7")
  void onlyWhatKeepsThePromiseIsDelivered(@ForAll("cases") Case study) throws IOException {
    Path folder = Files.createTempDirectory("hasten-search");
    try {
      Workload workload = Searches.workload(study.objective());
      Search.Found found = search(study, workload, folder.resolve("journal.jsonl"));
      assertThat(found.trials().stream().filter(t -> t.id().startsWith("t")))
          .hasSameSizeAs(study.outcomes());
      if (found.chosen() == null) {
        assertThat(found.trials()).noneMatch(t -> t.test() != null && kept(t.test()));
      } else {
        assertThat(found.chosen().test()).isNotNull().matches(SearchResumeTest::kept);
        assertThat(found.trials()).contains(found.chosen());
      }
      for (Trial trial : found.trials()) {
        assertThat(trial.reason().isEmpty()).isEqualTo(trial.status() == Trial.Status.MEASURED);
      }
      assertThat(found.promisesTested()).isLessThanOrEqualTo(Search.FINALISTS);
    } finally {
      delete(folder);
    }
  }

  private static boolean kept(Quality quality) {
    return quality.verdict() == Quality.Verdict.KEPT;
  }
}
