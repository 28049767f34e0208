package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TransposeRulesTest {
  private static final String SEED = "20240607";
  private static final long[] LENGTHS = {2, 3, 4, 5};

  private static long[] permutation(int rank, Random random) {
    List<Long> axes = new ArrayList<>();
    for (long i = 0; i < rank; i++) {
      axes.add(i);
    }
    Collections.shuffle(axes, random);
    return axes.stream().mapToLong(Long::longValue).toArray();
  }

  private static long[] apply(long[] dims, long[] perm) {
    return Arrays.stream(perm).map(axis -> dims[(int) axis]).toArray();
  }

  private static GraphBuilder input(Random random) {
    return GraphBuilder.opset(13 + random.nextInt(6)).input("x", FLOAT, "n", 3, 4, 5);
  }

  private static long count(RewriteAssert rewritten, String opType) {
    return rewritten.result().model().graph().nodes().stream()
        .filter(node -> node.is(opType))
        .count();
  }

  /** Up to five steps that treat all elements alike, between two orders. */
  @Property(tries = 40, seed = SEED)
  void transposesMeetAcrossWhatDoesNotCare(@ForAll long seed, @ForAll boolean undone) {
    Random random = new Random(seed);
    long[] first = permutation(4, random);
    long[] dims = apply(LENGTHS, first);
    GraphBuilder graph = input(random).node("a", "Transpose", "x").ints("perm", first);
    String at = "a";
    int steps = 1 + random.nextInt(5);
    for (int i = 0; i < steps; i++) {
      at = step(graph, at, "s" + i, dims, first, random);
    }
    long[] second = permutation(4, random);
    if (undone) {
      for (int i = 0; i < 4; i++) {
        second[(int) first[i]] = i;
      }
    }
    Model model = graph.node("y", "Transpose", at).ints("perm", second).outputs("y").build();
    RewriteAssert rewritten = assertThatRule(new CancelTransposes()).on(model);
    rewritten.fires("cancel-transposes").isIdempotent().staysWithin(1e-6);
    if (undone) {
      assertThat(count(rewritten, "Transpose")).isZero();
    } else {
      assertThat(count(rewritten, "Transpose")).isLessThanOrEqualTo(1);
    }
  }

  private static String step(
      GraphBuilder graph, String at, String name, long[] dims, long[] perm, Random random) {
    switch (random.nextInt(5)) {
      case 0 -> graph.node(name, "Softmax", at).attribute("axis", random.nextInt(4) - 2);
      case 1 -> graph.node(name, "Tanh", at);
      case 2 -> {
        graph.weight(name + "c", Tensor.scalar(0.75f));
        graph.node(name, "Mul", name + "c", at);
      }
      case 3 -> {
        // The axis that holds the batch is open: a constant has length 1 there.
        long[] shape = dims.clone();
        for (int i = 0; i < 4; i++) {
          shape[i] = perm[i] == 0 || random.nextBoolean() ? 1 : dims[i];
        }
        int size = (int) Call.product(shape, 0, 4);
        graph.floats(name + "c", Tensors.gaussian(size, random), shape);
        graph.node(name, "Sub", at, name + "c");
      }
      default -> {
        int axis = 1 + random.nextInt(3);
        long[] shape = Arrays.copyOfRange(dims, axis, 4);
        for (int i = 0; i < shape.length; i++) {
          shape[i] = perm[axis + i] == 0 ? 1 : shape[i];
        }
        int size = (int) Call.product(shape, 0, shape.length);
        graph.floats(name + "c", Tensors.gaussian(size, random), shape);
        graph.node(name, "Max", at, name + "c");
      }
    }
    return name;
  }

  @Property(tries = 20, seed = SEED)
  void transposesBeforeASumOrConcatBecomeOneAfterIt(@ForAll long seed, @ForAll boolean concat) {
    Random random = new Random(seed);
    long[] perm = permutation(4, random);
    GraphBuilder graph =
        input(random)
            .node("e", "Exp", "x")
            .node("a", "Transpose", "x")
            .ints("perm", perm)
            .node("b", "Transpose", "e")
            .ints("perm", perm)
            .node("y", concat ? "Concat" : "Add", "a", "b");
    if (concat) {
      graph.attribute("axis", random.nextInt(4) - 2);
    }
    RewriteAssert rewritten = assertThatRule(new JoinTransposes()).on(graph.outputs("y").build());
    rewritten.fires("join-transposes").isIdempotent().staysWithin(1e-6);
    assertThat(count(rewritten, "Transpose")).isEqualTo(1);
  }

  @Property(tries = 30, seed = SEED)
  void reductionsNeedNoOrder(@ForAll long seed, @ForAll boolean keep) {
    Random random = new Random(seed);
    long opset = random.nextBoolean() ? 13 : 18;
    long[] perm = permutation(4, random);
    long[] axes = Arrays.copyOf(permutation(4, random), 1 + random.nextInt(3));
    GraphBuilder graph =
        GraphBuilder.opset(opset)
            .input("x", FLOAT, "n", 3, 4, 5)
            .node("a", "Transpose", "x")
            .ints("perm", perm);
    if (opset == 18) {
      graph.longs("axes", axes).node("y", "ReduceMean", "a", "axes");
    } else {
      graph.node("y", "ReduceMean", "a").ints("axes", axes);
    }
    graph.attribute("keepdims", keep ? 1 : 0);
    // Some orders matter: then it refuses. Where it fires, the result is the same.
    assertThatRule(new ReduceTransposed())
        .on(graph.outputs("y").build())
        .isIdempotent()
        .staysWithin(1e-5);
  }

  @Test
  void aGlobalMeanOverChannelsLastIsOneOverChannelsFirst() {
    assertThatRule(new ReduceTransposed())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, "n", 3, 4, 5)
                .node("a", "Transpose", "x")
                .ints("perm", 0, 2, 3, 1)
                .node("y", "ReduceMean", "a")
                .ints("axes", 1, 2)
                .attribute("keepdims", 0)
                .outputs("y")
                .build())
        .rewritesTo("ReduceMean")
        .isIdempotent()
        .staysWithin(1e-6);
  }

  @Test
  void aTransposeThatSomebodyElseReadsStays() {
    assertThatRule(new JoinTransposes())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, 2, 3)
                .node("e", "Exp", "x")
                .node("a", "Transpose", "x")
                .ints("perm", 1, 0)
                .node("b", "Transpose", "e")
                .ints("perm", 1, 0)
                .node("y", "Add", "a", "b")
                .outputs("y", "a")
                .build())
        .refuses("the transposed a is used elsewhere");
  }

  @Test
  void anOldSoftmaxIsOverAllAxesFromItsOwnOn() {
    assertThatRule(new CancelTransposes())
        .on(
            GraphBuilder.opset(12)
                .input("x", FLOAT, 2, 3, 4)
                .node("a", "Transpose", "x")
                .ints("perm", 2, 0, 1)
                .node("s", "Softmax", "a")
                .attribute("axis", 1)
                .node("y", "Transpose", "s")
                .ints("perm", 1, 2, 0)
                .outputs("y")
                .build())
        .doesNotFire();
  }

  @Test
  void matricesAreTransposedWhereTheyLie() {
    assertThatRule(new UnwrapTransposes())
        .on(
            GraphBuilder.opset(14)
                .input("x", FLOAT, "n", 3, 7, 5)
                .longs("flat", -1, 7, 5)
                .longs("back", -1, 3, 5, 7)
                .node("a", "Reshape", "x", "flat")
                .node("b", "Transpose", "a")
                .ints("perm", 0, 2, 1)
                .node("y", "Reshape", "b", "back")
                .outputs("y")
                .build())
        .rewritesTo("Transpose")
        .isIdempotent()
        .preservesOutputs(0);
  }

  @Property(tries = 30, seed = SEED)
  void sumsOfProductsAreProductsOfMatrices(@ForAll long seed) {
    Random random = new Random(seed);
    String batch = "bh".substring(random.nextInt(3));
    String left = shuffled(batch + "ik", random);
    String right = shuffled(batch + "kj", random);
    String result = shuffled(batch + "ij", random);
    Model model =
        GraphBuilder.opset(13)
            .input("x", FLOAT, dims(left))
            .input("z", FLOAT, dims(right))
            .node("y", "Einsum", "x", "z")
            .attribute("equation", left + "," + right + "->" + result)
            .outputs("y")
            .build();
    RewriteAssert rewritten = assertThatRule(new EinsumToMatMul()).on(model);
    rewritten.fires("einsum-to-mat-mul").isIdempotent().staysWithin(1e-5);
    assertThat(rewritten.result().model().graph().nodes())
        .extracting(Node::opType)
        .contains("MatMul")
        .doesNotContain("Einsum");
  }

  private static String shuffled(String indices, Random random) {
    List<String> letters = new ArrayList<>(List.of(indices.split("")));
    Collections.shuffle(letters, random);
    return String.join("", letters);
  }

  private static Object[] dims(String indices) {
    return indices
        .chars()
        .mapToObj(c ->
            switch (c) {
              case 'b' -> (Object) "batch";
              case 'h' -> 2;
              case 'i' -> 3;
              case 'j' -> 4;
              default -> 5;
            })
        .toArray();
  }

  @Test
  void sumsOverOneOperandAloneAreNoProduct() {
    assertThatRule(new EinsumToMatMul())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, 2, 3)
                .input("z", FLOAT, 3, 4)
                .node("y", "Einsum", "x", "z")
                .attribute("equation", "ik,kj->i")
                .outputs("y")
                .build())
        .refuses("j is summed over one operand alone");
  }

  @Test
  void anIndexThatIsStretchedIsNoProduct() {
    assertThatRule(new EinsumToMatMul())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, 2, 1)
                .input("z", FLOAT, 3, 4)
                .node("y", "Einsum", "x", "z")
                .attribute("equation", "ik,kj->ij")
                .outputs("y")
                .build())
        .refuses("not of equal known lengths");
  }
}
