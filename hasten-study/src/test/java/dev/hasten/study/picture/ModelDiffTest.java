package dev.hasten.study.picture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import org.junit.jupiter.api.Test;

class ModelDiffTest {
  private static GraphBuilder head(float weight) {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "n", 2)
        .floats("w", new float[] {1, 0, 0, weight}, 2, 2)
        .floats("same", new float[] {5}, 1);
  }

  private static Model before() {
    return head(1)
        .floats("old", new float[] {1, 2}, 2)
        .node("h", "MatMul", "x", "w")
        .node("s", "Add", "h", "old")
        .node("l", "LeakyRelu", "s")
        .attribute("alpha", 0.1f)
        .node("y", "Mul", "l", "same")
        .outputs("y")
        .build();
  }

  private static Model after() {
    return head(3)
        .weight("new", Tensor.longs(new long[] {1, 2, 3}, 3))
        .node("h", "MatMul", "x", "w")
        .node("r", "Identity", "h")
        .node("l", "LeakyRelu", "r")
        .attribute("alpha", 0.2f)
        .node("y", "Mul", "l", "same")
        .outputs("y", "new")
        .build();
  }

  @Test
  void saysWhatIsNewWhatIsGoneAndWhatDiffers() {
    ModelDiff diff = ModelDiff.of(before(), "a", after(), "b");
    assertThat(diff.added()).extracting(ModelDiff.DiffNode::op).containsExactly("Identity");
    assertThat(diff.removed()).extracting(ModelDiff.DiffNode::op).containsExactly("Add");
    assertThat(diff.changed()).hasSize(1);
    assertThat(diff.changed().getFirst().op()).isEqualTo("LeakyRelu");
    assertThat(diff.changed().getFirst().what()).hasSize(2);
    assertThat(diff.changed().getFirst().what().getFirst()).isEqualTo("input 0 s → r");
    assertThat(diff.equal()).isEqualTo(2);
    assertThat(diff.operators())
        .containsExactly(new ModelDiff.Count("Add", 1, 0), new ModelDiff.Count("Identity", 0, 1));
    assertThat(diff.weightsAdded())
        .containsExactly(new ModelDiff.DiffWeight("new", "int64[3]", 24));
    assertThat(diff.weightsRemoved())
        .containsExactly(new ModelDiff.DiffWeight("old", "float[2]", 8));
    // ‖(0, 0, 0, 2)‖ ÷ ‖(1, 0, 0, 1)‖ = 2 ÷ √2.
    assertThat(diff.weightsChanged())
        .containsExactly(
            new ModelDiff.WeightChange(
                "w", "float[2,2]", "float[2,2]", 16, 16, "differs by 141 % in norm"));
    assertThat(diff.notes()).singleElement().asString().startsWith("outputs: ");
    assertThat(diff.none()).isFalse();
  }

  @Test
  void aModelDoesNotDifferFromItsCopyOrItsFile() {
    Model model = before();
    assertThat(ModelDiff.of(model, "a", model.copy(), "b").none()).isTrue();
    ModelDiff read = ModelDiff.of(model, "a", Model.read(model.toBytes(), "b"), "b");
    assertThat(read.none()).isTrue();
    assertThat(read.equal()).isEqualTo(4);
  }
}
