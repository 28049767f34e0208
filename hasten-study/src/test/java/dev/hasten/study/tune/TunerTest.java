package dev.hasten.study.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatchCost;
import dev.hasten.runtime.Batching;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Cores;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Tuning;
import dev.hasten.study.Progress;
import dev.hasten.study.report.TunePage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TunerTest {
  private static final int WIDTH = 256;

  @TempDir Path folder = Path.of(".");
  private final List<Example> examples = new ArrayList<>();
  private Path bundle = Path.of(".");

  /** {@code x[batch,256] → MatMul → y[batch,256]}. */
  @BeforeEach
  void write() {
    Random random = new Random(1);
    float[] weights = new float[WIDTH * WIDTH];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextFloat();
    }
    Path model = folder.resolve("model.onnx");
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", WIDTH)
        .floats("w", weights, WIDTH, WIDTH)
        .node("y", "MatMul", "x", "w")
        .output("y", DataType.FLOAT, "batch", WIDTH)
        .build()
        .write(model);
    bundle = folder.resolve("bundle");
    Bundle.write(
        bundle,
        BundleManifest.of("<dense>", new PipelineSpec.Tensors(true)),
        Map.of(Bundle.MODEL, model));
    for (int i = 0; i < 50; i++) {
      float[] x = new float[WIDTH];
      x[i] = 1;
      examples.add(Example.tensors(Map.of("x", NdArray.floats(x, WIDTH))));
    }
  }

  private TuneResult tune(Duration goal, long memory) {
    return Tuner.tune(
        new Tuner.Asked(
            bundle, examples, Optional.of(goal), memory, Cores.available(), Duration.ofSeconds(1)),
        Progress.NONE);
  }

  @Test
  void findsSettingsWithinTheCoresAndDrawsThem() {
    TuneResult result = tune(Duration.ofSeconds(20), 0);

    Tuning tuning = result.tuning().orElseThrow();
    Batching batching = tuning.batching().orElseThrow();
    assertThat(batching.instances() * tuning.intraOpThreads()).isBetween(1, Cores.available());
    assertThat(batching.cost()).isNotEqualTo(BatchCost.unmeasured());
    assertThat(batching.deadline()).contains(Duration.ofSeconds(20));
    assertThat(tuning.maxBatch()).isBetween(1, 64);
    assertThat(result.chosen().orElseThrow().capacity()).isPositive();
    assertThat(result.chosen().orElseThrow()).isEqualTo(result.tried().getFirst());
    // Each threading adaptive, and for the best of them the static ones.
    assertThat(result.tried()).hasSizeGreaterThanOrEqualTo(2);
    assertThat(result.tried())
        .extracting(t -> t.setting().instances() * t.setting().threads())
        .allMatch(threads -> threads <= Cores.available());
    assertThat(result.curve())
        .hasSize(9)
        .isSortedAccordingTo((a, b) -> Double.compare(a.offered(), b.offered()));
    // Nothing was written.
    try (Bundle opened = Bundle.open(bundle)) {
      assertThat(opened.manifest().tuning()).isEqualTo(Tuning.defaults());
    }

    String page = TunePage.html(result);
    assertThat(page)
        .contains("<svg", "polyline", "knee", "&lt;dense&gt;")
        .doesNotContain("<dense>");
  }

  @Test
  void whatNeedsTooMuchMemoryIsLeftOutAndSaid() {
    TuneResult result = tune(Duration.ofSeconds(20), 1);
    assertThat(result.tuning()).isEmpty();
    assertThat(result.tried()).isEmpty();
    assertThat(result.notes()).anyMatch(note -> note.contains("left out"));
    assertThat(TunePage.html(result)).contains("No setting answers");
  }

  @Test
  void aGoalThatNothingKeepsIsNotMet() {
    TuneResult result = tune(Duration.ofNanos(1), 0);
    assertThat(result.tuning()).isEmpty();
    assertThat(result.tried()).isNotEmpty().allMatch(tried -> tried.capacity() == 0);
    assertThat(result.curve()).isEmpty();
  }

  @Test
  void moreCoresThanGivenAreRefused() {
    assertThatThrownBy(() ->
            new Tuner.Asked(
                bundle,
                examples,
                Optional.empty(),
                0,
                1 + Cores.available(),
                Duration.ofSeconds(1)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("cores: " + (1 + Cores.available()));
  }
}
