package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatchCost;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
      CostModel time = meter.time(session, Duration.ofSeconds(3));
      assertThat(time.points()).extracting(CostModel.Point::batch).contains(1.0, 2.0, 4.0, 6.0);
      assertThat(time.points())
          .extracting(CostModel.Point::length)
          .contains((double) pipeline.length(examples.getLast()))
          .allMatch(n -> n >= 3 && n <= 12);
      assertThat(time.seconds(6, 12)).isGreaterThan(time.seconds(1, 3));

      CostMeter.Memory memory = meter.memory(model, 1);
      BatchCost cost = CostMeter.cost(time, memory);
      assertThat(cost.seconds(3, 9)).isCloseTo(time.seconds(3, 9), withinPercentage(0.001));
      if (Files.exists(Path.of("/proc/self/status"))) {
        // Six of 12 tokens: some MiB of activations, less than the model itself.
        assertThat(cost.bytes(6, 12)).isBetween(20e3, 200e6);
      }
    }
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
