package dev.hasten.study.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The runtime is the oracle: a plan is right if the model runs with it. */
class InputPlannerTest {
  private static InputPlan plan(Model model, GivenShapes given) {
    try (Session session =
        Backend.cpu().open(model.toBytes(), "model", SessionOptions.defaults())) {
      InputPlan plan = InputPlanner.plan(model, session, given);
      // Other calls and sizes than the one that was tried.
      session.run(plan.make(99));
      return plan;
    }
  }

  private static InputPlan plan(Model model) {
    return plan(model, GivenShapes.NONE);
  }

  private static List<Long> shape(InputPlan plan, String input) {
    return plan.inputs().stream()
        .filter(i -> i.name().equals(input))
        .map(plan::shape)
        .findFirst()
        .orElseThrow();
  }

  private static long[] longs(Map<String, NdArray> made, String input) {
    return Objects.requireNonNull(made.get(input)).toLongs();
  }

  private static Tensor ones(long... dims) {
    int size = 1;
    for (long dim : dims) {
      size *= (int) dim;
    }
    float[] data = new float[size];
    java.util.Arrays.fill(data, 1);
    return Tensor.floats(data, dims);
  }

  /**
   * Ids go through a Cast and an Unsqueeze to a table of 5 rows, and are compared with a pad id.
   */
  private static Model lookUp() {
    return GraphBuilder.opset(17)
        .input("ids", DataType.INT32, "batch", "seq")
        .input("attention_mask", DataType.INT64, "batch", "seq")
        .weight("table", ones(5, 4))
        .weight("pad", Tensor.scalar(3L))
        .longs("axes", 2)
        .node("wide", "Cast", "ids")
        .attribute("to", DataType.INT64.onnx())
        .node("isPad", "Equal", "wide", "pad")
        .node("raised", "Unsqueeze", "wide", "axes")
        .node("rows", "Gather", "table", "raised")
        .attribute("axis", 0)
        .outputs("rows", "isPad", "attention_mask")
        .build();
  }

  @Test
  void idsStayWithinTheTableThatTheyPickFrom() {
    InputPlan plan = plan(lookUp());
    assertThat(plan.inputs().get(0).values()).isEqualTo(new ValueRule.Ids(5, "table"));
    assertThat(plan.inputs().get(1).values()).isEqualTo(new ValueRule.Same(1));
    for (int seed = 0; seed < 20; seed++) {
      Map<String, NdArray> made = plan.make(seed);
      assertThat(java.util.Arrays.stream(longs(made, "ids")).boxed())
          .allMatch(id -> id >= 0 && id < 5);
      assertThat(longs(made, "attention_mask")).containsOnly(1);
    }
    // All five rows are drawn, not only the first.
    assertThat(longs(plan.make(1), "ids")).contains(0, 1, 2, 3, 4);
  }

  @Test
  void namedAxesAreGuessedAndSaid() {
    InputPlan plan = plan(lookUp());
    assertThat(shape(plan, "ids")).containsExactly(1L, 128L);
    assertThat(plan.warnings())
        .containsExactly(
            "batch (ids[0]) = 1, guessed: taken for a batch",
            "seq (ids[1]) = 128, guessed: taken for a length");
    assertThat(plan.growth()).isEqualTo(InputPlan.Growth.LENGTH);
    InputPlan larger = plan.with(4, 32);
    assertThat(shape(larger, "ids")).containsExactly(4L, 32L);
    assertThat(shape(larger, "attention_mask")).containsExactly(4L, 32L);
  }

  @Test
  void equalSeedsGiveEqualInputs() {
    InputPlan plan = plan(lookUp());
    assertThat(plan.make(7)).isEqualTo(plan.make(7)).isNotEqualTo(plan.make(8));
  }

  private static Model convolution(Object... dims) {
    return GraphBuilder.opset(17)
        .input("image", DataType.FLOAT, dims)
        .weight("kernel", ones(2, 6, 3, 3))
        .node("y", "Conv", "image", "kernel")
        .outputs("y")
        .build();
  }

  @Test
  void channelsComeFromTheKernelAndPixelsArePixels() {
    InputPlan plan = plan(convolution("N", "C", "H", "W"));
    assertThat(shape(plan, "image")).containsExactly(1L, 6L, 224L, 224L);
    assertThat(plan.axes().get(1).origin()).isEqualTo(Axis.Origin.WEIGHTS);
    assertThat(plan.warnings()).hasSize(3);
    assertThat(plan.growth()).isEqualTo(InputPlan.Growth.SIDE);
    assertThat(plan.elements(112)).isEqualTo(112.0 * 112);
    assertThat(shape(plan.with(2, 112), "image")).containsExactly(2L, 6L, 112L, 112L);
  }

  @Test
  void axesWithoutMeaningfulNamesGoByTheirPlace() {
    InputPlan plan = plan(convolution("unk__3", 6, "s1", "p2o.DynamicDimension.2"));
    assertThat(shape(plan, "image")).containsExactly(1L, 6L, 224L, 224L);
    assertThat(AxisGuesser.role("x", "?x.1", shapeOf("?x.0", "?x.1", "?x.2", 3), 1, true))
        .isEqualTo(AxisRole.HEIGHT);
    assertThat(AxisGuesser.role("x", "?x.1", shapeOf("?x.0", "?x.1", 80), 1, true))
        .isEqualTo(AxisRole.LENGTH);
    assertThat(AxisGuesser.role("state", "?x.1", shapeOf(2, "?x.1", 80), 1, true))
        .isEqualTo(AxisRole.BATCH);
  }

  private static dev.hasten.graph.Shape shapeOf(Object... dims) {
    return dev.hasten.graph.Shape.of(dims);
  }

  @Test
  void sizesThatShareAnEmptyNameAreNotEqual() {
    InputPlan plan = plan(convolution("None", 6, "None", "None"));
    assertThat(shape(plan, "image")).containsExactly(1L, 6L, 224L, 224L);
    assertThat(plan.growth()).isEqualTo(InputPlan.Growth.SIDE);
  }

  @Test
  void whatIsGivenHoldsAndIsNoGuess() {
    InputPlan plan =
        plan(
            convolution("N", 6, "H", "W"),
            GivenShapes.parse(List.of("image=2x6x10x12"), List.of()));
    assertThat(shape(plan, "image")).containsExactly(2L, 6L, 10L, 12L);
    assertThat(plan.warnings()).isEmpty();
    assertThat(plan.batch()).isEqualTo(2);
    InputPlan byName = plan(lookUp(), GivenShapes.parse(List.of(), List.of("seq=9")));
    assertThat(shape(byName, "ids")).containsExactly(1L, 9L);
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheReason() {
    Model model = convolution("N", 6, "H", "W");
    assertThatThrownBy(() -> plan(model, GivenShapes.parse(List.of("picture=1x6x9x9"), List.of())))
        .isInstanceOf(BadInputException.class)
        .hasMessage("--shape picture: no such input (expected: one of [image])");
    assertThatThrownBy(() -> plan(model, GivenShapes.parse(List.of("image=1x3x9x9"), List.of())))
        .hasMessageContaining("size 1 is fixed in the model (expected: 6 there");
    assertThatThrownBy(() -> plan(model, GivenShapes.parse(List.of("image=1x6x9"), List.of())))
        .hasMessageContaining("3 sizes (expected: 4, the model declares [N,6,H,W])");
    assertThatThrownBy(() -> plan(model, GivenShapes.parse(List.of(), List.of("X=1"))))
        .hasMessageContaining("--dim X: the inputs have no such size (expected: one of [H, N, W])");
    assertThatThrownBy(() -> GivenShapes.parse(List.of("image"), List.of()))
        .hasMessageContaining("expected: NAME=SIZE");
    assertThatThrownBy(() -> GivenShapes.parse(List.of("image=1xbx3"), List.of()))
        .hasMessageContaining("'b' is no size");
  }

  @Test
  void aNumberThatIsComparedWithAConstantIsThatConstant() {
    Model model =
        GraphBuilder.opset(17)
            .input("rate", DataType.INT64)
            .weight("known", Tensor.scalar(16_000L))
            .node("y", "Equal", "rate", "known")
            .outputs("y")
            .build();
    assertThat(longs(plan(model).make(1), "rate")).containsExactly(16_000);
  }

  @Test
  void otherUsualSizesAreTriedUntilTheModelRuns() {
    // Only 64 elements fit the Reshape.
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", "length")
            .longs("to", 8, 8)
            .node("y", "Reshape", "x", "to")
            .outputs("y")
            .build();
    InputPlan plan = plan(model);
    assertThat(shape(plan, "x")).containsExactly(1L, 64L);
    assertThat(plan.warnings().getLast()).contains("did not run; choice 2 did");
  }

  @Test
  void aModelThatNoUsualSizeFitsIsRefusedWithTheRuntimesReason() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", "length")
            .longs("to", 7, 11)
            .node("y", "Reshape", "x", "to")
            .outputs("y")
            .build();
    assertThatThrownBy(() -> plan(model))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("Reshape")
        .hasMessageContaining("x float[1, 128]")
        .hasMessageContaining("give --shape");
    assertThat(shape(plan(model, GivenShapes.parse(List.of("x=1x77"), List.of())), "x"))
        .containsExactly(1L, 77L);
  }

  @Test
  void shapesThatAreInputsFitWhatTheModelDeclares() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 2, 6)
            .input("to", DataType.INT64, 3)
            .node("y", "Reshape", "x", "to")
            .output("y", DataType.FLOAT, 3, 2, 2)
            .build();
    assertThat(longs(plan(model).make(1), "to")).containsExactly(3, 2, 2);
  }
}
