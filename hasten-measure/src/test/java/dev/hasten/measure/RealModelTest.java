package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.measure.OperatorProfile.OperatorTime;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the sentence-embedding model itself. */
class RealModelTest {
  @TempDir static Path folder = Path.of(".");
  private static Path model = Path.of(".");

  @BeforeAll
  static void unpack() throws IOException {
    model = folder.resolve("model.onnx");
    try (InputStream in =
        Objects.requireNonNull(
            RealModelTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx"), "the model")) {
      Files.copy(in, model);
    }
  }

  private static Map<String, NdArray> batch(int rows, int length) {
    long[] ones = new long[rows * length];
    Arrays.fill(ones, 1);
    NdArray array = NdArray.longs(ones, rows, length);
    return Map.of("input_ids", array, "attention_mask", array, "token_type_ids", array);
  }

  @Test
  void aChildProcessTellsMemoryAndStartUp() throws IOException {
    ProcessCost cost = ProcessCost.measure(model, List.of(batch(1, 16), batch(8, 64)), 1);
    assertThat(cost.fileBytes()).isEqualTo(Files.size(model));
    assertThat(cost.firstAnswer()).isGreaterThan(cost.load()).isLessThan(Duration.ofMinutes(2));
    assertThat(cost.load()).isPositive();
    if (Files.exists(Path.of("/proc/self/status"))) {
      // 90 MB of weights are in there, and no more than a few copies of them.
      assertThat(cost.modelBytes()).isBetween(60L << 20, 800L << 20);
      assertThat(cost.peakBytes()).isGreaterThan(cost.modelBytes());
    }
  }

  @Test
  void theChildsFailureIsTold() throws IOException {
    Path broken = Files.writeString(folder.resolve("broken.onnx"), "not a model");
    assertThatThrownBy(() -> ProcessCost.measure(broken, List.of(batch(1, 4)), 1))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("broken.onnx");
  }

  @Test
  void theProfileOfARealRunIsPlacedUnderTheRoofline() {
    Path file;
    SessionOptions options =
        SessionOptions.defaults().withIntraOpThreads(1).withProfileTo(folder.resolve("profile"));
    try (Session session = Backend.cpu().open(model, options)) {
      for (int i = 0; i < 4; i++) {
        session.run(batch(1, 64));
      }
      file = session.endProfiling();
    }
    OperatorProfile profile = OperatorProfile.read(file, 1);
    assertThat(profile.runs()).isEqualTo(3);
    assertThat(profile.operators().stream().mapToDouble(OperatorTime::share).sum())
        .isBetween(0.999, 1.001);
    assertThat(profile.operators()).extracting(OperatorTime::opType).contains("MatMul");
    List<Placement> placements = Roofline.place(profile, new Peaks(1, 100e9, 200e9, 10e9));
    double flops = placements.stream().mapToDouble(Placement::flops).sum();
    // Six layers of 4·384² and 2·384·1536 weights, and the scores: by hand, to 5 %.
    double products = 6 * 2.0 * 64 * (4 * 384 * 384 + 2 * 384 * 1536) + 6 * 4.0 * 64 * 64 * 384;
    assertThat(flops / products).isBetween(1.0, 1.05);
    assertThat(placements.get(0).bound()).isNotEqualTo(Placement.Bound.UNKNOWN);
  }
}
