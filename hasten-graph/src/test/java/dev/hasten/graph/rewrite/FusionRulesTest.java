package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.DOUBLE;
import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.DataType.FLOAT16;
import static dev.hasten.graph.DataType.INT64;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRules;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FusionRulesTest {
  private static final int N = 8;

  private static GraphBuilder input(long opset, DataType type) {
    return GraphBuilder.opset(opset).input("x", type, "batch", "seq", N);
  }

  private static GraphBuilder vector(GraphBuilder builder, String name) {
    return builder.floats(name, Tensors.gaussian(N, name.hashCode()), N);
  }

  private static GraphBuilder layerNorm(GraphBuilder b, String square, String x) {
    b.node("mean", "ReduceMean", x).ints("axes", -1).node("d", "Sub", x, "mean");
    b.weight("two", Tensor.scalar(2f)).weight("eps", Tensor.scalar(1e-5f));
    b = square.equals("Pow") ? b.node("sq", "Pow", "d", "two") : b.node("sq", "Mul", "d", "d");
    b.node("var", "ReduceMean", "sq").ints("axes", -1).node("ve", "Add", "eps", "var");
    b.node("root", "Sqrt", "ve").node("normal", "Div", "d", "root");
    return vector(vector(b, "gamma"), "beta")
        .node("scaled", "Mul", "gamma", "normal")
        .node("y", "Add", "scaled", "beta");
  }

  @Test
  void layerNormWithPow() {
    assertThatRule(new FuseLayerNormalization())
        .on(layerNorm(input(17, FLOAT), "Pow", "x").output("y", FLOAT, "batch", "seq", N).build())
        .rewritesTo("LayerNormalization")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  @Test
  void layerNormWithMul() {
    assertThatRule(new FuseLayerNormalization())
        .on(layerNorm(input(17, FLOAT), "Mul", "x").output("y", FLOAT, "batch", "seq", N).build())
        .rewritesTo("LayerNormalization")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  @Test
  void layerNormWithoutBias() {
    assertThatRule(new FuseLayerNormalization(), new RemoveDeadNodes())
        .on(layerNorm(input(17, FLOAT), "Pow", "x").outputs("scaled").build())
        .rewritesTo("LayerNormalization")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  @Test
  void layerNormNeedsOpset17() {
    assertThatRule(new FuseLayerNormalization())
        .on(layerNorm(input(13, FLOAT), "Pow", "x").output("y", FLOAT, "batch", "seq", N).build())
        .refuses("needs opset 17, the model has 13");
  }

  @Test
  void layerNormWhoseDeviationIsUsedElsewhereStays() {
    Model model = layerNorm(input(17, FLOAT), "Pow", "x").outputs("y", "d").build();
    assertThatRule(new FuseLayerNormalization()).on(model).refuses("d is used elsewhere");
  }

  @Test
  void layerNormOverAnotherAxisStays() {
    GraphBuilder b = input(17, FLOAT).node("mean", "ReduceMean", "x").ints("axes", 1);
    b.node("d", "Sub", "x", "mean").node("sq", "Mul", "d", "d");
    b.node("var", "ReduceMean", "sq").ints("axes", 1);
    b.weight("eps", Tensor.scalar(1e-5f))
        .node("ve", "Add", "var", "eps")
        .node("root", "Sqrt", "ve");
    b.node("normal", "Div", "d", "root");
    Model model = vector(b, "gamma").node("y", "Mul", "normal", "gamma").outputs("y").build();
    assertThatRule(new FuseLayerNormalization()).on(model).refuses("not both over the last axes");
  }

  private static GraphBuilder gelu(GraphBuilder b, int form, String x) {
    b.weight("root", Tensor.scalar((float) Math.sqrt(2))).weight("one", Tensor.scalar(1f));
    b.weight("half", Tensor.scalar(0.5f));
    b.node("z", "Div", x, "root").node("erf", "Erf", "z").node("gate", "Add", "one", "erf");
    return switch (form) {
      case 0 -> b.node("p", "Mul", x, "gate").node("y", "Mul", "p", "half");
      case 1 -> b.node("p", "Mul", "half", x).node("y", "Mul", "p", "gate");
      default -> b.node("p", "Mul", "gate", "half").node("y", "Mul", x, "p");
    };
  }

  @Test
  void geluInAllForms() {
    for (int form = 0; form < 3; form++) {
      for (long opset : new long[] {13, 20}) {
        assertThatRule(new FuseGelu())
            .on(gelu(input(opset, FLOAT), form, "x").outputs("y").build())
            .rewritesTo("Gelu")
            .isIdempotent()
            .preservesOutputs(1e-6);
      }
    }
  }

  @Test
  void geluWhoseGateIsUsedElsewhereStays() {
    assertThatRule(new FuseGelu())
        .on(gelu(input(13, FLOAT), 0, "x").outputs("y", "gate").build())
        .refuses("gate is used elsewhere");
  }

  @Test
  void geluWithAnotherConstantIsNone() {
    GraphBuilder b = input(13, FLOAT).weight("root", Tensor.scalar(1.5f));
    b.weight("one", Tensor.scalar(1f)).weight("half", Tensor.scalar(0.5f));
    b.node("z", "Div", "x", "root").node("erf", "Erf", "z").node("gate", "Add", "one", "erf");
    b.node("p", "Mul", "x", "gate").node("y", "Mul", "p", "half");
    assertThatRule(new FuseGelu()).on(b.outputs("y").build()).doesNotFire();
  }

  @Test
  void geluOfDoublesStays() {
    GraphBuilder b = input(13, DOUBLE).weight("root", Tensor.doubles(new double[] {Math.sqrt(2)}));
    b.weight("one", Tensor.doubles(new double[] {1}))
        .weight("half", Tensor.doubles(new double[] {.5}));
    b.node("z", "Div", "x", "root").node("erf", "Erf", "z").node("gate", "Add", "one", "erf");
    b.node("p", "Mul", "x", "gate").node("y", "Mul", "p", "half");
    assertThatRule(new FuseGelu()).on(b.outputs("y").build()).refuses("type double");
  }

  private static GraphBuilder residual(boolean bias) {
    GraphBuilder b = input(17, FLOAT).input("skip", FLOAT, "batch", "seq", N);
    vector(vector(vector(b, "gamma"), "beta"), "bias");
    b.node("h", bias ? "Add" : "Max", bias ? new String[] {"bias", "x"} : new String[] {"x"});
    return b.node("sum", "Add", "skip", "h")
        .node("y", "LayerNormalization", "sum", "gamma", "beta")
        .attribute("axis", -1);
  }

  @Test
  void skipLayerNormWithBias() {
    assertThatRule(new FuseSkipLayerNormalization())
        .on(residual(true).outputs("y").build())
        .rewritesTo("SkipLayerNormalization")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  @Test
  void skipLayerNormWithoutBias() {
    assertThatRule(new FuseSkipLayerNormalization())
        .on(residual(false).outputs("y").build())
        .rewritesTo("Max", "SkipLayerNormalization")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  @Test
  void skipLayerNormLeavesABiasThatBroadcasts() {
    GraphBuilder b = input(17, FLOAT).input("column", FLOAT, "batch", "seq", 1);
    vector(vector(vector(b, "gamma"), "beta"), "bias");
    b.node("h", "Add", "column", "bias").node("sum", "Add", "x", "h");
    b.node("y", "LayerNormalization", "sum", "gamma", "beta").attribute("axis", -1);
    assertThatRule(new FuseSkipLayerNormalization())
        .on(b.outputs("y").build())
        .rewritesTo("Add", "SkipLayerNormalization")
        .isIdempotent()
        .preservesOutputs(1e-5);
  }

  private static GraphBuilder heads(GraphBuilder b, String name, long... perm) {
    b.floats(name + "Weights", Tensors.gaussian(N * N, name.hashCode()), N, N);
    vector(b, name + "Bias").node(name + "Product", "MatMul", "x", name + "Weights");
    b.node(name + "Sum", "Add", name + "Product", name + "Bias");
    b.node(name + "Split", "Reshape", name + "Sum", "split");
    return b.node(name, "Transpose", name + "Split").ints("perm", perm);
  }

  @Test
  void attentionWhoseResultHasOtherAxesStays() {
    GraphBuilder b = input(17, FLOAT).longs("split", 0, 0, 2, N / 2).longs("joined", -1, 1, N);
    heads(heads(heads(b, "q", 0, 2, 1, 3), "k", 0, 2, 3, 1), "v", 0, 2, 1, 3);
    b.node("scores", "MatMul", "q", "k").node("weights", "Softmax", "scores").attribute("axis", -1);
    b.node("mixed", "MatMul", "weights", "v");
    b.node("back", "Transpose", "mixed").ints("perm", 0, 2, 1, 3);
    b.node("y", "Reshape", "back", "joined");
    assertThatRule(new FuseAttention())
        .on(b.outputs("y").build())
        .refuses("(expected: [batch,seq,hidden] of the same batch and seq)");
  }

  @Test
  void attentionWithoutAMaskNeedsNoChoice() {
    GraphBuilder b = input(17, FLOAT).longs("split", 0, 0, 2, N / 2).longs("joined", 0, 0, N);
    heads(heads(heads(b, "q", 0, 2, 1, 3), "k", 0, 2, 3, 1), "v", 0, 2, 1, 3);
    b.node("scores", "MatMul", "q", "k").node("weights", "Softmax", "scores").attribute("axis", -1);
    b.node("mixed", "MatMul", "weights", "v");
    b.node("back", "Transpose", "mixed").ints("perm", 0, 2, 1, 3);
    Model model = b.node("y", "Reshape", "back", "joined").outputs("y").build();
    assertThatRule(new FuseMultiHeadAttention())
        .on(model)
        .rewritesTo("MatMul", "Add", "MatMul", "Add", "MatMul", "Add", "MultiHeadAttention")
        .isIdempotent()
        .preservesOutputs(2e-6);
  }

  /** Lookups of words, types and positions; their sum, in an order by {@code form}, normalized. */
  private static GraphBuilder embedded(int form, long firstPosition) {
    GraphBuilder b =
        GraphBuilder.opset(17)
            .input("ids", INT64, "batch", "seq")
            .input("kinds", INT64, "batch", "seq");
    b.floats("words", Tensors.gaussian(20 * N, 1), 20, N);
    b.floats("types", Tensors.gaussian(2 * N, 2), 2, N);
    b.floats("positions", Tensors.gaussian(12 * N, 3), 12, N);
    b.weight(
        "count",
        Tensor.longs(LongStream.range(firstPosition, 11).toArray(), 1, 11 - firstPosition));
    b.longs("zero", 0).longs("one", 1);
    b.node("length", "Shape", "ids").attribute("start", 1).attribute("end", 2);
    b.node("at", "Slice", "count", "zero", "length", "one", "one");
    b.node("w", "Gather", "words", "ids").node("t", "Gather", "types", "kinds");
    b.node("p", "Gather", "positions", "at");
    vector(vector(b, "gamma"), "beta");
    switch (form) {
      case 0 -> b.node("wt", "Add", "w", "t").node("sum", "Add", "wt", "p");
      case 1 -> b.node("pt", "Add", "p", "t").node("sum", "Add", "w", "pt");
      default -> b.node("sum", "Add", "p", "w");
    }
    return b.node("y", "LayerNormalization", "sum", "gamma", "beta").attribute("axis", -1);
  }

  @Test
  void embeddingsInAllForms() {
    for (int form = 0; form < 3; form++) {
      assertThatRule(new FuseEmbedLayerNormalization())
          .on(embedded(form, 0).outputs("y").build())
          .fires("fuse-embed-layer-normalization")
          .isIdempotent()
          .preservesOutputs(2e-6);
    }
  }

  @Test
  void embeddingsWhosePositionsStartLaterStay() {
    assertThatRule(new FuseEmbedLayerNormalization())
        .on(embedded(0, 1).outputs("y").build())
        .refuses("0 of its lookups count up from 0");
  }

  @Test
  void embeddingsWhoseSumIsUsedElsewhereStay() {
    assertThatRule(new FuseEmbedLayerNormalization())
        .on(embedded(0, 0).outputs("y", "sum").build())
        .doesNotFire();
  }

  @Test
  void geluWithTanhStaysWithinItsBound() {
    GraphBuilder plain = input(20, FLOAT).node("y", "Gelu", "x");
    assertThatRules(Rules.approximateGelu())
        .on(plain.outputs("y").build())
        .rewritesTo("FastGelu")
        .isIdempotent()
        .preservesOutputs(5e-4);
    GraphBuilder biased = vector(input(20, FLOAT), "bias").node("s", "Add", "bias", "x");
    assertThatRule(new FuseBiasGelu(), new ApproximateGelu())
        .on(biased.node("y", "Gelu", "s").outputs("y").build())
        .rewritesTo("FastGelu")
        .isIdempotent()
        .preservesOutputs(5e-4);
  }

  @Test
  void geluOfHalvesStays() {
    assertThatRules(Rules.approximateGelu())
        .on(input(20, FLOAT16).node("y", "Gelu", "x").outputs("y").build())
        .refuses("type float16");
  }

  @Test
  void skipLayerNormWhoseSumIsUsedElsewhereStays() {
    assertThatRule(new FuseSkipLayerNormalization())
        .on(residual(true).outputs("y", "sum").build())
        .refuses("the sum sum is used elsewhere");
  }

  @Test
  void biasGelu() {
    GraphBuilder b = vector(input(20, FLOAT), "bias").node("s", "Add", "bias", "x");
    assertThatRule(new FuseBiasGelu())
        .on(b.node("y", "Gelu", "s").outputs("y").build())
        .rewritesTo("BiasGelu")
        .isIdempotent()
        .preservesOutputs(1e-6);
  }

  @Test
  void biasGeluOfTwoActivationsStays() {
    GraphBuilder b = input(20, FLOAT).node("s", "Add", "x", "x");
    assertThatRule(new FuseBiasGelu())
        .on(b.node("y", "Gelu", "s").outputs("y").build())
        .refuses("neither operand is a constant vector");
  }

  private static GraphBuilder products(boolean firstBias, boolean secondBias) {
    GraphBuilder b = input(13, FLOAT);
    b.floats("a", Tensors.gaussian(N * 3, 1), N, 3).floats("b", Tensors.gaussian(N * 5, 2), N, 5);
    b.floats("c", Tensors.gaussian(3, 3), 3).floats("d", Tensors.gaussian(5, 4), 5);
    b.node("xa", "MatMul", "x", "a").node("xb", "MatMul", "x", "b");
    b = firstBias ? b.node("p", "Add", "c", "xa") : b.node("p", "Neg", "xa");
    b = secondBias ? b.node("q", "Add", "xb", "d") : b.node("q", "Neg", "xb");
    return b.outputs("p", "q");
  }

  @Test
  void productsMerge() {
    assertThatRule(new MergeMatMuls())
        .on(products(true, true).build())
        .rewritesTo("MatMul", "Add", "Split")
        .isIdempotent()
        .preservesOutputs(1e-5);
    assertThatRule(new MergeMatMuls())
        .on(products(false, false).build())
        .isIdempotent()
        .preservesOutputs(1e-5);
  }

  @Test
  void productsOfWhichOneHasABiasStay() {
    assertThatRule(new MergeMatMuls())
        .on(products(true, false).build())
        .refuses("1 of 2 products have a bias");
  }
}
