package dev.hasten.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.study.picture.ModelDiff;
import dev.hasten.study.picture.Picture;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The drawing and the difference in a real browser. Skipped where there is none. */
class GraphPageTest {
  @TempDir private Path folder;

  /** A chain with side branches; every sixth node feeds one far below. */
  private static Model large(int nodes) {
    GraphBuilder builder = GraphBuilder.opset(17).input("x", DataType.FLOAT, "batch", 4);
    String from = "x";
    for (int i = 0; i < nodes / 4; i++) {
      builder
          .node("a" + i, "Relu", from)
          .node("b" + i, "Sigmoid", "a" + i)
          .node("c" + i, "Tanh", "a" + i)
          .node("d" + i, "Add", "b" + i, i > 20 && i % 6 == 0 ? "a" + (i - 20) : "c" + i);
      from = "d" + i;
    }
    return builder.outputs(from).build();
  }

  private Chromium.Page open(Model model, String hash, Map<String, Double> times) throws Exception {
    Chromium browser = Chromium.orSkip();
    Path html = folder.resolve("graph.html");
    GraphPage.write(Picture.of(model, "m<b>.onnx", times), html);
    return browser.open(html.toUri() + hash, folder);
  }

  private static Model branched() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 4)
            .input("choose", DataType.BOOL)
            .floats("w", new float[16], 4, 4)
            .node("h", "MatMul", "x", "w")
            .node("", "If", List.of("choose"), List.of("y"))
            .subgraph("then_branch", g -> g.node("t", "Relu", "h").outputs("t"))
            .subgraph("else_branch", g -> g.node("e", "Neg", "h").outputs("e"))
            .outputs("y")
            .build();
    for (Node node : model.graph().nodes()) {
      if (node.is("MatMul")) {
        model.graph().rename(node, "/enc/<img src=x onerror=alert(1)>/MatMul");
      }
    }
    return model;
  }

  @Test
  void drawsWithoutAnErrorAndRunsNothingFromTheModel() throws Exception {
    Chromium.Page page = open(branched(), "#open", Map.of());
    assertThat(page.console()).isEmpty();
    // x, choose, MatMul, the If's frame, in it h and two branches, in each an entry, a node and an
    // exit; y.
    assertThat(page.dom()).contains("data-boxes=\"14\"");
    assertThat(page.dom()).contains("m&lt;b&gt;.onnx").doesNotContain("<img");
  }

  @Test
  void aLinkShowsANodeWithShapesAndWeights() throws Exception {
    Chromium.Page page =
        open(branched(), "#dark&node=/enc/<img src=x onerror=alert(1)>/MatMul", Map.of());
    assertThat(page.console()).isEmpty();
    assertThat(page.dom())
        .containsPattern("<html[^>]*data-theme=\"dark\"")
        .contains("<h2>MatMul</h2>")
        .contains("float[4,4]")
        .contains("float[batch,4]")
        .doesNotContain("<img");
  }

  @Test
  void aNodeInABranchIsFoundThoughItsGroupsAreClosed() throws Exception {
    Model model = branched();
    String name =
        model.graph().allNodes().stream().filter(n -> n.is("Neg")).findFirst().orElseThrow().name();
    assertThat(open(model, "#node=" + name, Map.of()).dom()).contains("<h2>Neg</h2>");
  }

  @Test
  void fiveThousandNodesAreDrawn() throws Exception {
    Chromium.Page page = open(large(5_000), "#open", Map.of("a1", 3.0));
    assertThat(page.console()).isEmpty();
    assertThat(page.dom()).containsPattern("data-boxes=\"5\\d\\d\\d\"");
  }

  @Test
  void theDifferenceIsAPage() throws Exception {
    Chromium browser = Chromium.orSkip();
    Path html = folder.resolve("diff.html");
    DiffPage.write(ModelDiff.of(large(8), "a.onnx", branched(), "<b>.onnx"), html);
    Chromium.Page page = browser.open(html.toUri().toString(), folder);
    assertThat(page.console()).isEmpty();
    assertThat(page.dom())
        .contains("Nodes removed")
        .contains("Sigmoid")
        .contains("&lt;b&gt;.onnx")
        .doesNotContain("<img src=x");
  }
}
