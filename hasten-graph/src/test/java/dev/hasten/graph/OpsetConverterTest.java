package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.OperatorSetIdProto;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class OpsetConverterTest {
  private static Node producer(Model model, String value) {
    return Objects.requireNonNull(model.graph().value(value).producer());
  }

  private static Model calling(String inside) throws Exception {
    Model model =
        GraphBuilder.opset(17)
            .domain("local", 1)
            .input("x", DataType.FLOAT, "n", 4)
            .node("local", "f", List.of("x"), List.of("y"))
            .output("y", DataType.FLOAT, "n", 4)
            .build();
    FunctionProto function =
        FunctionProto.newBuilder()
            .setDomain("local")
            .setName("f")
            .addInput("a")
            .addOutput("b")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .addNode(NodeProto.newBuilder().setOpType(inside).addInput("a").addOutput("b"))
            .build();
    ModelProto proto = ModelProto.parseFrom(model.toBytes());
    return Model.read(proto.toBuilder().addFunctions(function).build().toByteArray(), "calling");
  }

  @Test
  void functionsGoAlongWhereNothingInThemChanged() throws Exception {
    Model raised = OpsetConverter.convert(calling("Softplus"), 23);
    ModelProto proto = ModelProto.parseFrom(raised.toBytes());
    assertThat(proto.getFunctions(0).getOpsetImport(0).getVersion()).isEqualTo(23);
    assertThat(raised.opset()).isEqualTo(23);
    assertThat(raised.irVersion()).isEqualTo(11);
  }

  @Test
  void functionsWithChangedOperatorsAreRefusedByName() throws Exception {
    Model model = calling("ReduceMean");
    assertThatThrownBy(() -> OpsetConverter.convert(model, 18))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("function f")
        .hasMessageContaining("ReduceMean")
        .hasMessageContaining("Inline");
  }

  @Test
  void whatTheRuntimeHasNoKernelForIsNotRaised() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 1, 2, 8, 8)
            .input("rois", DataType.FLOAT, "count", 4)
            .input("batch", DataType.INT64, "count")
            .node("", "RoiAlign", List.of("x", "rois", "batch"), List.of("y"))
            .outputs("y")
            .build();
    assertThat(OpsetConverter.convert(model, 21).opset()).isEqualTo(21);
    assertThatThrownBy(() -> OpsetConverter.convert(model, 22))
        .hasMessageContaining("RoiAlign")
        .hasMessageContaining("has no kernel for its version of opset 22");
  }

  @Test
  void aMaskOfNumbersStaysOne() {
    Model model =
        GraphBuilder.opset(9)
            .input("x", DataType.FLOAT, "n", 3)
            .node("", "Dropout", List.of("x"), List.of("y", "mask"))
            .node("z", "Mul", "y", "mask")
            .output("z", DataType.FLOAT, "n", 3)
            .build();
    Model raised = OpsetConverter.convert(model, 17);
    Node mul = producer(raised, "z");
    assertThat(producer(raised, mul.input(1).name()).is("Cast")).isTrue();
    Shapes shapes = ShapeInference.infer(raised);
    assertThat(shapes.contradictions()).isEmpty();
    assertThat(shapes.type(raised.graph().value("z"))).isEqualTo(DataType.FLOAT);
  }

  @Test
  void downwardsConstantsBecomeAttributesAgain() {
    Model model =
        GraphBuilder.opset(18)
            .input("x", DataType.FLOAT, "n", 4, 6)
            .longs("axes", 2)
            .node("mean", "ReduceMean", "x", "axes")
            .node("flat", "Squeeze", "mean", "axes")
            .node("", "Split", List.of("flat"), List.of("a", "b"))
            .attribute("axis", 1)
            .attribute("num_outputs", 2)
            .node("soft", "Softmax", "a")
            .output("soft", DataType.FLOAT, "n", 2)
            .outputs("b")
            .build();
    Model lowered = OpsetConverter.convert(model, 11);
    assertThat(lowered.opset()).isEqualTo(11);
    Node mean = producer(lowered, "mean");
    assertThat(mean.intsAttribute("axes")).containsExactly(2L);
    assertThat(mean.inputs()).hasSize(1);
    assertThat(lowered.graph().initializers()).isEmpty();
    assertThat(ShapeInference.infer(lowered).shape(lowered.graph().value("soft")))
        .isEqualTo(Shape.of("n", 2));
  }

  @Test
  void downwardsWhatAVersionAddedIsRefused() {
    Model model =
        GraphBuilder.opset(18)
            .input("x", DataType.FLOAT, "n", 4, 6)
            .input("axes", DataType.INT64, 1)
            .node("mean", "ReduceMean", "x", "axes")
            .outputs("mean")
            .build();
    assertThatThrownBy(() -> OpsetConverter.convert(model, 17))
        .hasMessageContaining("ReduceMean 'mean'")
        .hasMessageContaining("input 1 is not constant");
    Model attribute =
        GraphBuilder.opset(18)
            .input("x", DataType.FLOAT, 1, 1, 4, 4)
            .floats("scales", new float[] {1, 1, 2, 2}, 4)
            .node("y", "Resize", "x", "", "scales")
            .attribute("antialias", 1)
            .attribute("mode", "linear")
            .outputs("y")
            .build();
    assertThatThrownBy(() -> OpsetConverter.convert(attribute, 17))
        .hasMessageContaining("attribute antialias = 1 needs opset 18");
  }
}
