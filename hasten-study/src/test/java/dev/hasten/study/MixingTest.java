package dev.hasten.study;

import static dev.hasten.study.FakeRunner.Outcome.GOOD;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.study.FakeRunner.Outcome;
import dev.hasten.study.layers.Layer;
import dev.hasten.study.layers.Probe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which mixtures are tried, and when. */
class MixingTest {
  private static final List<Study.Planned> PLAIN =
      List.of(
          planned("t1", new Step("simplify", Map.of())),
          planned("t2", new Step("simplify", Map.of()), new Step("dynamic-int8", Map.of())),
          planned("t3", new Step("simplify", Map.of()), new Step("static-int8", Map.of())));

  @TempDir Path folder;

  private static Study.Planned planned(String id, Step... steps) {
    return new Study.Planned(id, id, List.of(steps), "because");
  }

  /** Ten layers, each harming more than the one before. */
  static List<Probe> layers() {
    List<Probe> probes = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      String name = "layer." + i;
      probes.add(
          new Probe(
              new Layer(name, List.of(name), "MatMul", "", 4_000),
              Duration.ofMillis(1),
              List.of(
                  new Probe.Effect(
                      "dynamic-int8", 1e-5 * (i + 1), 0, Duration.ofNanos(400_000), 1_000))));
    }
    return probes;
  }

  private Search.Found run(FakeRunner runner, Workload workload) {
    return Searches.run(workload, runner, PLAIN, folder.resolve("journal.jsonl"), Progress.NONE);
  }

  private static FakeRunner runner(Workload workload, Map<String, Outcome> outcomes) {
    return new FakeRunner(workload, outcomes).withLayers(layers());
  }

  private static Outcome quantizing(int layers) {
    double drop = 0.002 * layers;
    return GOOD.dropping(drop, drop).faster(1 + 0.1 * layers);
  }

  @Test
  void theFastestMixtureThatKeepsThePromiseIsFound() {
    Workload workload = Searches.workload(Objective.LATENCY);
    Map<String, Outcome> outcomes = new HashMap<>();
    outcomes.put("t1", GOOD.faster(1.05).dropping(0, 0));
    outcomes.put("t2", quantizing(10));
    outcomes.put("t3", GOOD.dropping(0.5, 0.5));
    FakeRunner runner =
        runner(workload, outcomes).answering(recipe -> quantizing(quantized(recipe)));
    Search.Found found = run(runner, workload);
    Trial chosen = Objects.requireNonNull(found.chosen());
    // Four layers drop by 0.008 ± 0.002: kept. Five are undecided.
    assertThat(chosen.label()).isEqualTo("mixed: 4 of 10 layers quantized");
    assertThat(chosen.recipe())
        .containsExactly(
            new Step("simplify", Map.of()),
            new Step(
                "dynamic-int8",
                Map.of("include", List.of("layer.0", "layer.1", "layer.2", "layer.3"))));
    LayerStudy study = Objects.requireNonNull(found.layers());
    assertThat(study.probes()).hasSize(10);
    assertThat(study.took()).isEqualTo(Duration.ofSeconds(1));
    assertThat(study.tried().size()).isLessThanOrEqualTo(Mixing.MOST);
    assertThat(study.why()).contains("t2").contains("drop of");
    assertThat(found.trials()).extracting(Trial::id).contains("t1", "t2", "t3", "m1");
  }

  private static int quantized(List<Step> recipe) {
    Object include = recipe.getLast().params().get("include");
    Object exclude = recipe.getLast().params().get("exclude");
    return include instanceof List<?> some
        ? some.size()
        : exclude instanceof List<?> some ? 10 - some.size() : 10;
  }

  @Test
  void nothingIsMixedWhereThePlainRecipeKeepsThePromise() {
    Workload workload = Searches.workload(Objective.LATENCY);
    FakeRunner runner = runner(workload, Map.of("t2", GOOD.faster(3)));
    Search.Found found = run(runner, workload);
    assertThat(found.layers()).isNull();
    assertThat(runner.asked).noneMatch(asked -> asked.startsWith("probe"));
  }

  @Test
  void timeThatIsUpLeavesLayersInFloatingPointAndTheStudyDelivers() {
    Workload workload = Searches.workload(Objective.LATENCY);
    Map<String, Outcome> outcomes = new HashMap<>();
    outcomes.put("t1", GOOD.faster(1.2).dropping(0, 0));
    outcomes.put("t2", quantizing(10));
    outcomes.put("t3", GOOD.dropping(0.5, 0.5));
    // Of a minute, ten answers are given before the first layer.
    FakeRunner runner = runner(workload, outcomes).taking(Duration.ofMillis(2_700));
    Search.Found found = run(runner, workload);
    LayerStudy study = Objects.requireNonNull(found.layers());
    assertThat(study.left()).isNotEmpty();
    assertThat(study.left().getLast().reason()).contains("time was up");
    assertThat(found.chosen()).isNotNull();
  }
}
