package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.OperatorSetIdProto;
import org.junit.jupiter.api.Test;

class FunctionInferenceTest {
  /** {@code twice(x) = Concat(x, x; axis)}, with the axis the call's attribute. */
  private static Model calling(FunctionProto function) throws Exception {
    Model model =
        GraphBuilder.opset(17)
            .domain("local", 1)
            .input("x", DataType.FLOAT, "n", 4)
            .node("local", "twice", java.util.List.of("x"), java.util.List.of("y"))
            .attribute("along", 1)
            .node("local", "twice", java.util.List.of("y"), java.util.List.of("z"))
            .node("last", "Relu", "z")
            .outputs("last")
            .build();
    ModelProto proto = ModelProto.parseFrom(model.toBytes());
    return Model.read(proto.toBuilder().addFunctions(function).build().toByteArray(), "calling");
  }

  private static FunctionProto.Builder twice() {
    return FunctionProto.newBuilder()
        .setDomain("local")
        .setName("twice")
        .addInput("a")
        .addOutput("b")
        .addAttributeProto(AttributeProto.newBuilder().setName("along").setType(2).setI(0))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(17))
        .addNode(
            NodeProto.newBuilder()
                .setOpType("Concat")
                .addInput("a")
                .addInput("a")
                .addOutput("b")
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("axis")
                        .setRefAttrName("along")
                        .setType(2)));
  }

  @Test
  void eachCallIsInferredThroughTheBody() throws Exception {
    Model model = calling(twice().build());
    Shapes shapes = ShapeInference.infer(model);
    assertThat(shapes.contradictions()).isEmpty();
    assertThat(shapes.shape(model.graph().value("y"))).isEqualTo(Shape.of("n", 8));
    // The second call gives no attribute: the function's default is axis 0.
    assertThat(shapes.shape(model.graph().value("last")))
        .isEqualTo(Shape.of(Dim.of("n").times(2), 8));
    assertThat(shapes.complete()).isTrue();
  }

  @Test
  void costsAreThoseOfTheBody() throws Exception {
    FunctionProto function =
        twice()
            .setNode(
                0,
                NodeProto.newBuilder().setOpType("Add").addInput("a").addInput("a").addOutput("b"))
            .build();
    Model model = calling(function);
    Shapes shapes = ShapeInference.infer(model);
    OpFacts facts = OpFacts.of(model.graph().nodes().getFirst(), shapes);
    assertThat(facts.known()).isTrue();
    assertThat(facts.flops()).isEqualTo(Dim.of("n").times(4));
  }

  @Test
  void aFunctionThatCallsItselfEnds() throws Exception {
    FunctionProto endless =
        twice()
            .setNode(
                0,
                NodeProto.newBuilder()
                    .setDomain("local")
                    .setOpType("twice")
                    .addInput("a")
                    .addOutput("b"))
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("local").setVersion(1))
            .build();
    Model model = calling(endless);
    Shapes shapes = ShapeInference.infer(model);
    assertThat(shapes.shape(model.graph().value("y"))).isNull();
  }

  @Test
  void contradictionsInABodyNameTheCallAndTheNode() throws Exception {
    FunctionProto function =
        twice()
            .setNode(
                0,
                NodeProto.newBuilder()
                    .setOpType("MatMul")
                    .addInput("a")
                    .addInput("a")
                    .addOutput("b"))
            .build();
    Model model = calling(function);
    // [n,4] × [n,4] fits only where n is 4, which nothing forbids; [4,4] against [3,4] never does.
    model.graph().setType(model.graph().value("x"), DataType.FLOAT, Shape.of(3, 4));
    assertThat(ShapeInference.infer(model).contradictions())
        .anyMatch(c -> c.contains("local.twice") && c.contains("MatMul"));
  }
}
