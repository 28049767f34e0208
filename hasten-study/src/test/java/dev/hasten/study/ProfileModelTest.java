package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Peaks;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Npz;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.study.generate.GivenShapes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Profiles and workloads of models without data. */
class ProfileModelTest {
  private static final Peaks PEAKS = new Peaks(1, 100e9, 400e9, 20e9);

  @TempDir private Path folder;

  /** Three layers of a product and a Relu over [batch, seq, 64]. */
  private Path model() {
    GraphBuilder builder = GraphBuilder.opset(17).input("x", DataType.FLOAT, "batch", "seq", 64);
    String from = "x";
    Random random = new Random(1);
    for (int i = 0; i < 3; i++) {
      float[] weights = new float[64 * 64];
      for (int k = 0; k < weights.length; k++) {
        weights[k] = (float) random.nextGaussian() / 8;
      }
      builder
          .floats("w" + i, weights, 64, 64)
          .node("m" + i, "MatMul", from, "w" + i)
          .node("r" + i, "Relu", "m" + i);
      from = "r" + i;
    }
    Model model = builder.outputs(from).build();
    Path file = folder.resolve("small.onnx");
    model.write(file);
    return file;
  }

  @Test
  void aProfileNeedsNoData() {
    List<String> notes = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void note(String text) {
            notes.add(text);
          }
        };
    Profile.WithAdvice found = Profile.of(model(), ProfileOptions.DEFAULT.quick(PEAKS), progress);
    ProfileDetail detail = found.detail();
    assertThat(detail.generated()).isTrue();
    assertThat(detail.inputs())
        .containsExactly(
            new ProfileDetail.InputLine("x", "float", List.of(1L, 128L, 64L), "standard normal"));
    assertThat(notes).isEqualTo(detail.warnings()).hasSize(2);
    // Three products of [128, 64] by [64, 64], two operations each.
    double products =
        found.profile().placements().stream()
            .filter(p -> p.opType().equals("MatMul"))
            .mapToDouble(p -> p.flops())
            .sum();
    assertThat(products).isCloseTo(3 * 2.0 * 128 * 64 * 64, within(1.0));
    assertThat(detail.blocks()).hasSize(4);
    assertThat(detail.blocks().getFirst().parameters()).isEqualTo(64 * 64);
    // A layer's input and output.
    assertThat(detail.activations().peakBytes()).isEqualTo(2 * 128 * 64 * 4);
    assertThat(found.advice())
        .extracting(Advice::strategy)
        .containsExactly(Advice.Strategy.values());
    assertThat(found.advice()).allSatisfy(a -> assertThat(a.low()).isLessThanOrEqualTo(a.high()));
    assertThat(Json.pretty(found)).contains("\"generated\" : true");
  }

  @Test
  void batchesAndLengthsAreVariedAndFitted() {
    ProfileOptions options =
        new ProfileOptions(
            GivenShapes.parse(List.of(), List.of("seq=64")),
            1,
            java.time.Duration.ofMillis(10),
            true,
            false,
            1,
            PEAKS);
    Profile.WithAdvice found = Profile.of(model(), options, Progress.NONE);
    assertThat(found.profile().scaling().stream().map(s -> s.row().batch())).contains(1, 2, 4, 8);
    assertThat(found.profile().scaling().stream().map(s -> s.row().length()))
        .contains(16, 32, 64, 128);
    var cost = java.util.Objects.requireNonNull(found.detail().cost());
    assertThat(cost.points()).hasSizeGreaterThanOrEqualTo(7);
    assertThat(cost.seconds(8, 128)).isPositive();
  }

  @Test
  void aModelAloneBecomesAWorkloadThatSaysItsExamplesAreMadeUp() throws IOException {
    Path model = model();
    List<String> told = new ArrayList<>();
    Path yaml = GeneratedWorkload.write(model, GivenShapes.NONE, told::add);
    assertThat(told).anyMatch(line -> line.contains("guessed"));
    Workload workload = Workload.read(yaml);
    assertThat(workload.model()).isEqualTo(model);
    assertThat(workload.pipeline()).isEqualTo(new PipelineSpec.Tensors(true));
    DataSpec data = workload.data().getFirst();
    assertThat(data.generated()).isTrue();
    byte[] before = Files.readAllBytes(data.path());
    try (Data read =
        new Data(
            workload,
            List.of(
                new dev.hasten.runtime.TensorInfo(
                    "x",
                    dev.hasten.runtime.ElementType.FLOAT,
                    List.of(-1L, -1L, 64L),
                    List.of())))) {
      List<LabeledExample> examples = read.first(dev.hasten.measure.Split.VALIDATE, 5);
      assertThat(examples).hasSize(5);
      assertThat(examples.getFirst().example()).isInstanceOf(Example.Tensors.class);
    }
    // The same again, so that a study that was stopped goes on.
    GeneratedWorkload.write(model, GivenShapes.NONE, line -> {});
    assertThat(Files.readAllBytes(data.path())).isEqualTo(before);
  }

  @Test
  void whatTheUserMadeOfAGeneratedWorkloadStays() throws IOException {
    Path model = model();
    Path yaml = GeneratedWorkload.write(model, GivenShapes.NONE, line -> {});
    String edited = Files.readString(yaml) + "objective: size\n";
    Files.writeString(yaml, edited);
    assertThatThrownBy(() -> GeneratedWorkload.write(model, GivenShapes.NONE, line -> {}))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("was edited")
        .hasMessageContaining("run hasten optimize " + yaml);
    assertThat(yaml).hasContent(edited);
  }

  @Test
  void examplesThatAreNotTheMadeUpOnesStay() throws IOException {
    Path model = model();
    Path yaml = GeneratedWorkload.write(model, GivenShapes.NONE, line -> {});
    Path data = yaml.resolveSibling(GeneratedWorkload.DATA);
    Npz.write(data, Map.of("x", NdArray.floats(new float[] {1}, 1)));
    byte[] own = Files.readAllBytes(data);
    assertThatThrownBy(() -> GeneratedWorkload.write(model, GivenShapes.NONE, line -> {}))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(data.toString());
    assertThat(Files.readAllBytes(data)).isEqualTo(own);
  }
}
