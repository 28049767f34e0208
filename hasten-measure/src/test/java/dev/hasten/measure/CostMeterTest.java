package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatchCost;
import dev.hasten.runtime.BoundRun;
import dev.hasten.runtime.Cancellation;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.runtime.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostMeterTest {
  @TempDir Path folder = Path.of(".");

  private Path file(String resource, String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in =
        Objects.requireNonNull(CostMeterTest.class.getResourceAsStream(resource), resource)) {
      Files.copy(in, file);
    }
    return file;
  }

  @Test
  void measuresEveryBatchAtTheLengthsOfTheExamples() throws IOException {
    Path model = file("/all-minilm-l6-v2.onnx", "model.onnx");
    file("/all-minilm-l6-v2-tokenizer.json", "tokenizer.json");
    List<Example> examples = new ArrayList<>();
    for (int words = 1; words <= 10; words++) {
      examples.add(Example.text("cat ".repeat(words)));
    }
    try (Session session = Backend.cpu().open(model, SessionOptions.defaults());
        InputPipeline pipeline =
            InputPipeline.open(PipelineSpec.Text.of("tokenizer.json"), folder, session.inputs())) {
      CostMeter meter = new CostMeter(pipeline, examples, 6);
      Instant instant = new Instant(session);
      CostModel time = meter.time(instant, Duration.ofSeconds(2));
      // Nothing is padded: each run has exactly the batch and the length that it is told for.
      for (CostModel.Point point : time.points()) {
        assertThat(instant.shapes).contains(List.of((long) point.batch(), (long) point.length()));
      }
      assertThat(time.points()).extracting(CostModel.Point::batch).contains(1.0, 2.0, 4.0, 6.0);
      assertThat(time.points())
          .extracting(CostModel.Point::length)
          .contains((double) pipeline.length(examples.getLast()))
          .allMatch(n -> n >= 3 && n <= 12);
      CostMeter.Memory memory = meter.memory(model, 1);
      BatchCost cost = CostMeter.cost(time, memory);
      assertThat(cost.seconds(3, 9)).isCloseTo(time.seconds(3, 9), withinPercentage(0.001));
      if (Files.exists(Path.of("/proc/self/status"))) {
        // Six of 12 tokens: some MiB of activations, less than the model itself.
        assertThat(cost.bytes(6, 12)).isBetween(20e3, 200e6);
      }
    }
  }

  /** Answers at once with zeros, so that no run takes too long to be measured. */
  private static final class Instant implements Session {
    final Set<List<Long>> shapes = new HashSet<>();
    private final Session model;

    Instant(Session model) {
      this.model = model;
    }

    @Override
    public Map<String, NdArray> run(Map<String, NdArray> inputs) {
      NdArray ids = Objects.requireNonNull(inputs.get("input_ids"));
      shapes.add(List.of(ids.dimension(0), ids.dimension(1)));
      int cells = Math.toIntExact(ids.dimension(0) * ids.dimension(1));
      NdArray zeros = NdArray.floats(new float[cells * 4], ids.dimension(0), ids.dimension(1), 4);
      return Map.of(model.outputs().getFirst().name(), zeros);
    }

    @Override
    public Map<String, NdArray> run(Map<String, NdArray> inputs, Cancellation cancellation) {
      return run(inputs);
    }

    @Override
    public String name() {
      return "instant";
    }

    @Override
    public List<TensorInfo> inputs() {
      return model.inputs();
    }

    @Override
    public List<TensorInfo> outputs() {
      return model.outputs();
    }

    @Override
    public BoundRun bind(
        Map<String, List<Long>> inputShapes, Map<String, List<Long>> outputShapes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Path endProfiling() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  @Test
  void withoutExamplesThereIsNothingToMeasure() {
    try (InputPipeline pipeline =
        InputPipeline.open(new PipelineSpec.Tensors(true), folder, List.of())) {
      assertThatThrownBy(() -> new CostMeter(pipeline, List.of(), 4))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("no examples");
    }
  }
}
