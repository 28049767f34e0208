package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.measure.OperatorProfile.TensorShape;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperatorProfileTest {
  @TempDir Path folder = Path.of(".");

  private static String run(int at, int micros) {
    return """
    {"cat":"Session","dur":%d,"ts":%d,"ph":"X","name":"model_run","args":{}},
    """
        .formatted(micros, at);
  }

  private static String kernel(String node, String opType, int at, int micros) {
    return """
    {"cat":"Node","dur":%d,"ts":%d,"name":"%s_kernel_time","args":{"op_name":"%s",
    "input_type_shape":[{"float":[1,16,384]}],"output_type_shape":[{"float":[1,16,1536]}]}},
    """
        .formatted(micros, at, node, opType);
  }

  private Path write(String events) throws IOException {
    return Files.writeString(folder.resolve("profile.json"), "[" + events);
  }

  @Test
  void addsUpRunsWithoutTheWarmUp() throws IOException {
    // The runtime writes a run's own event after its nodes'; a first run is slow.
    Path file =
        write(
            kernel("/a/MatMul", "MatMul", 12, 900)
                + kernel("BiasGelu", "BiasGelu", 913, 50)
                + run(10, 990)
                + kernel("/a/MatMul", "MatMul", 1002, 100)
                + kernel("BiasGelu", "BiasGelu", 1103, 20)
                + kernel("BiasGelu", "BiasGelu", 1124, 30)
                + run(1000, 170)
                + kernel("/a/MatMul", "MatMul", 2002, 120)
                + kernel("BiasGelu", "BiasGelu", 2133, 10)
                + kernel("BiasGelu", "BiasGelu", 2144, 40)
                + run(2000, 190).strip().replaceAll(",$", "")
                + "]");
    OperatorProfile profile = OperatorProfile.read(file, 1);
    assertThat(profile.runs()).isEqualTo(2);
    assertThat(profile.run()).isEqualTo(Duration.ofNanos(180_000));
    assertThat(profile.operators())
        .extracting(OperatorProfile.OperatorTime::opType)
        .containsExactly("MatMul", "BiasGelu");
    assertThat(profile.operators().get(0).perRun()).isEqualTo(Duration.ofNanos(110_000));
    assertThat(profile.operators().get(0).share()).isCloseTo(220 / 320.0, within(1e-9));
    assertThat(profile.operators().get(1).nodes()).isEqualTo(2);
    // Two nodes that the runtime calls the same are told apart by their order in a run.
    assertThat(profile.nodes())
        .extracting(OperatorProfile.NodeTime::node)
        .containsExactly("/a/MatMul", "BiasGelu#2", "BiasGelu");
    assertThat(profile.nodes().get(0).inputs())
        .containsExactly(new TensorShape("float", List.of(1L, 16L, 384L)));
  }

  @Test
  void whatRunsSubgraphsIsNotChargedForThem() throws IOException {
    // An If within an If; the runtime writes inner nodes first, as they end first.
    Path file =
        write(
            kernel("before", "Add", 1, 5)
                + kernel("in", "MatMul", 14, 40)
                + kernel("inner", "If", 12, 50)
                + kernel("tail", "Relu", 64, 10)
                + kernel("outer", "If", 10, 80)
                + run(0, 100).strip().replaceAll(",$", "")
                + "]");
    OperatorProfile profile = OperatorProfile.read(file, 0);
    assertThat(profile.nodes())
        .extracting(OperatorProfile.NodeTime::node, n -> n.perRun().toNanos() / 1000)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("before", 5L),
            org.assertj.core.groups.Tuple.tuple("in", 40L),
            org.assertj.core.groups.Tuple.tuple("inner", 10L),
            org.assertj.core.groups.Tuple.tuple("tail", 10L),
            org.assertj.core.groups.Tuple.tuple("outer", 20L));
  }

  @Test
  void aFileCutShortIsReadAsFarAsItGoes() throws IOException {
    Path file = write(kernel("n", "Add", 2, 5) + run(1, 9) + "{\"cat\":\"Nod");
    assertThat(OperatorProfile.read(file, 0).nodes()).hasSize(1);
  }

  @Test
  void refusesWhatIsNoProfile() throws IOException {
    Path file = Files.writeString(folder.resolve("x.json"), "{}");
    assertThatThrownBy(() -> OperatorProfile.read(file, 0))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("x.json: not a profile");
    Path short1 = write(run(1, 9).strip().replaceAll(",$", "") + "]");
    assertThatThrownBy(() -> OperatorProfile.read(short1, 1))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("holds 1 runs (expected: more than the 1 of the warm-up)");
  }
}
