package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ShapeInferenceTest {
  @Test
  void followsAShapeChain() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", "seq", 384)
            .node("dims", "Shape", "x")
            .longs("last", -1)
            .longs("first", 0)
            .node("rows", "Gather", "dims", "first")
            .node("joined", "Concat", "rows", "last")
            .attribute("axis", 0)
            .node("flat", "Reshape", "x", "joined")
            .output("flat", DataType.FLOAT, "batch", "anything")
            .build();
    Shapes shapes = ShapeInference.infer(model);
    assertThat(shapes.shape(model.graph().value("flat")))
        .isEqualTo(Shape.of("batch", Dim.of("seq").times(384)));
    assertThat(shapes.content(model.graph().value("rows"))).containsExactly(Dim.of("batch"));
    assertThat(shapes.complete()).isTrue();
  }

  @Test
  void dataDependentLengthsAreUnknownNotGuessed() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n")
            .node("places", "NonZero", "x")
            .output("places", DataType.INT64, 1, "count")
            .build();
    Shapes shapes = ShapeInference.infer(model);
    assertThat(shapes.contradictions()).isEmpty();
    Shape found = shapes.shape(model.graph().value("places"));
    assertThat(found).isNotNull().extracting(Shape::rank).isEqualTo(2);
  }

  @Test
  void contradictionsNameTheNode() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n", 4)
            .node("y", "Relu", "x")
            .output("y", DataType.FLOAT, "n", 5)
            .build();
    assertThat(ShapeInference.infer(model).contradictions())
        .singleElement()
        .asString()
        .contains("Relu")
        .contains("[n,4]")
        .contains("[n,5]");
  }

  @Test
  void unknownOperatorsAreUnknownAndRefusedByTheConverter() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "n")
            .node("y", "NoSuchOperator", "x")
            .node("z", "Relu", "y")
            .output("z", DataType.FLOAT, "n")
            .build();
    Shapes shapes = ShapeInference.infer(model);
    assertThat(shapes.shape(model.graph().value("y"))).isNull();
    assertThat(shapes.shape(model.graph().value("z"))).isEqualTo(Shape.of("n"));
    Node unknown = model.graph().nodes().getFirst();
    assertThat(OpFacts.of(unknown, shapes).known()).isFalse();
    assertThatThrownBy(() -> OpsetConverter.convert(model, 21))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("NoSuchOperator");
    assertThat(Map.copyOf(model.opsets())).containsEntry("", 17L);
  }
}
