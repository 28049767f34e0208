package dev.hasten.study.picture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.study.picture.Picture.PictureEdge;
import dev.hasten.study.picture.Picture.PictureGroup;
import dev.hasten.study.picture.Picture.PictureItem;
import dev.hasten.study.picture.Picture.PictureItem.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PictureTest {
  /** Two scopes that feed each other, a long edge, and an If whose branches capture a value. */
  private static Model tangled() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 2)
            .input("choose", DataType.BOOL)
            .node("a", "Relu", "x")
            .node("b", "Sigmoid", "a")
            .node("c", "Tanh", "b")
            .node("d", "Exp", "c")
            .node("", "If", List.of("choose"), List.of("e"))
            .subgraph("then_branch", g -> g.node("t", "Add", "d", "a").outputs("t"))
            .subgraph(
                "else_branch", g -> g.node("f", "Neg", "d").node("f2", "Abs", "f").outputs("f2"))
            .node("y", "Mul", "e", "x")
            .outputs("y")
            .build();
    Map<String, String> names =
        Map.of("a", "/one/Relu", "b", "/two/Sigmoid", "c", "/one/Tanh", "d", "/two/Exp");
    for (Node node : model.graph().nodes()) {
      String name = names.get(node.output().name());
      if (name != null) {
        model.graph().rename(node, name);
      }
    }
    return model;
  }

  @Test
  void everyNodeIsDrawnOnceAndEveryItemStandsInOneLayer() {
    Picture picture = Picture.of(tangled(), "model", Map.of());
    List<Integer> drawn = new ArrayList<>();
    for (PictureGroup group : picture.groups()) {
      group.items().stream()
          .filter(i -> i.kind() == Kind.NODE)
          .map(PictureItem::ref)
          .forEach(drawn::add);
      if (group.node() >= 0) {
        drawn.add(group.node());
      }
      List<Integer> placed =
          group.layers().stream().flatMap(List::stream).filter(p -> p >= 0).sorted().toList();
      assertThat(placed)
          .isEqualTo(java.util.stream.IntStream.range(0, group.items().size()).boxed().toList());
      List<Integer> bends =
          group.edges().stream().map(PictureEdge::bends).flatMap(List::stream).sorted().toList();
      assertThat(
              group.layers().stream()
                  .flatMap(List::stream)
                  .filter(p -> p < 0)
                  .map(p -> -1 - p)
                  .sorted())
          .isEqualTo(bends);
    }
    assertThat(new TreeSet<>(drawn)).hasSize(picture.nodes().size()).hasSize(drawn.size());
    assertThat(picture.groups().getFirst().nodes()).isEqualTo(picture.nodes().size());
  }

  @Test
  void scopesAndBranchesAreGroups() {
    Picture picture = Picture.of(tangled(), "model", Map.of());
    assertThat(picture.groups())
        .extracting(PictureGroup::name)
        .contains("one", "two", "then_branch", "else_branch");
  }

  /** From the maker of a value, edges and ports that carry it lead to its readers and no others. */
  @Test
  void alongEdgesAndPortsEveryValueReachesItsReaders() {
    Picture picture = Picture.of(tangled(), "model", Map.of());
    for (int v = 0; v < picture.values().size(); v++) {
      assertThat(reached(picture, v))
          .as(picture.values().get(v).name())
          .isEqualTo(new TreeSet<>(picture.values().get(v).to()));
    }
  }

  private record Spot(int group, int item) {}

  private static Set<Integer> reached(Picture picture, int value) {
    Deque<Spot> left = new ArrayDeque<>();
    int maker = picture.values().get(value).from();
    for (int g = 0; g < picture.groups().size(); g++) {
      PictureGroup group = picture.groups().get(g);
      for (int i = 0; i < group.items().size(); i++) {
        PictureItem item = group.items().get(i);
        boolean makes =
            maker < 0
                ? g == 0 && item.equals(new PictureItem(Kind.IN, value))
                : item.equals(new PictureItem(Kind.NODE, maker)) || owns(picture, item, maker);
        if (makes) {
          left.add(new Spot(g, i));
        }
      }
    }
    Set<Spot> seen = new HashSet<>(left);
    Set<Integer> readers = new TreeSet<>();
    while (!left.isEmpty()) {
      Spot at = left.poll();
      PictureGroup group = picture.groups().get(at.group());
      List<Spot> next = new ArrayList<>();
      for (PictureEdge edge : group.edges()) {
        if (edge.from() != at.item() || !edge.values().contains(value)) {
          continue;
        }
        PictureItem to = group.items().get(edge.to());
        switch (to.kind()) {
          case NODE -> readers.add(to.ref());
          case GROUP -> {
            PictureGroup inner = picture.groups().get(to.ref());
            int port = inner.items().indexOf(new PictureItem(Kind.IN, value));
            if (port >= 0) {
              next.add(new Spot(to.ref(), port));
            } else {
              readers.add(inner.node());
            }
          }
          case OUT -> {
            for (int g = 0; g < picture.groups().size(); g++) {
              int around =
                  picture.groups().get(g).items().indexOf(new PictureItem(Kind.GROUP, at.group()));
              if (around >= 0 && picture.groups().get(at.group()).node() < 0) {
                next.add(new Spot(g, around));
              }
            }
          }
          case IN -> throw new AssertionError("an edge into an entry");
        }
      }
      next.stream().filter(seen::add).forEach(left::add);
    }
    return readers;
  }

  private static boolean owns(Picture picture, PictureItem item, int node) {
    return item.kind() == Kind.GROUP && picture.groups().get(item.ref()).node() == node;
  }

  @Test
  void nodesKnowTheirShapesWeightsAndTimes() {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 4)
            .floats("w", new float[12], 4, 3)
            .node("y", "MatMul", "x", "w")
            .node("z", "Softmax", "y")
            .attribute("axis", Attribute.of(-1))
            .outputs("z")
            .build();
    String name = model.graph().nodes().getFirst().name();
    Picture picture = Picture.of(model, "m", Map.of(name, 12.5));
    assertThat(picture.timed()).isTrue();
    Picture.PictureNode product = picture.nodes().get(0);
    assertThat(product.kind()).isEqualTo("contraction");
    assertThat(product.bytes()).isEqualTo(48);
    assertThat(product.micros()).isEqualTo(12.5);
    assertThat(product.weights().getFirst().type()).isEqualTo("float[4,3]");
    assertThat(picture.values().get(product.out().getFirst()).type()).isEqualTo("float[batch,3]");
    assertThat(picture.nodes().get(1).attributes()).containsExactly("axis = -1");
  }

  @Test
  void layersRunDownwardsAndTreesDoNotCross() {
    // 0 → 1, 2; 1 → 5, 6; 2 → 3, 4: numbered so that the first order crosses.
    List<int[]> edges =
        List.of(
            new int[] {0, 1},
            new int[] {0, 2},
            new int[] {1, 5},
            new int[] {1, 6},
            new int[] {2, 3},
            new int[] {2, 4});
    List<List<Integer>> layers = new Layering(7, edges, new boolean[7]).layers();
    assertThat(layers).hasSize(3);
    List<Integer> parents = layers.get(1);
    List<Integer> leaves = layers.get(2);
    List<Integer> parentOf =
        leaves.stream().map(leaf -> parents.indexOf(leaf >= 5 ? 1 : 2)).toList();
    assertThat(parentOf).isSorted();
  }

  @Test
  void cyclesAreBrokenAndLongEdgesBend() {
    List<int[]> edges =
        List.of(
            new int[] {0, 1},
            new int[] {1, 2},
            new int[] {2, 0},
            new int[] {0, 3},
            new int[] {2, 3});
    Layering layering = new Layering(4, edges, new boolean[4]);
    assertThat(layering.layers()).hasSize(4);
    assertThat(layering.bends(3)).hasSize(2);
    assertThat(layering.bends(0)).isEmpty();
  }
}
