package dev.hasten.graph.rewrite;

import static dev.hasten.graph.DataType.FLOAT;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRule;
import static dev.hasten.graph.rewrite.RewriteAssert.assertThatRules;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** What goes into the weights of convolutions and products. */
class LinearFoldsTest {
  private static final String SEED = "20240607";

  /** A convolution or product of random form; {@code channels} of its output {@code y}. */
  private record Start(GraphBuilder graph, int channels, int rank) {}

  private static Start start(String opType, Random random) {
    long opset = 11 + random.nextInt(9);
    GraphBuilder graph = GraphBuilder.opset(opset);
    int group = 1 + random.nextInt(2);
    int in = group * (1 + random.nextInt(3));
    int out = group * (1 + random.nextInt(3));
    boolean bias = random.nextBoolean();
    if (opType.equals("Gemm") || opType.equals("MatMul")) {
      boolean rows = opType.equals("Gemm") && random.nextBoolean();
      graph.input("x", FLOAT, "n", in);
      graph.floats("w", Tensors.gaussian(in * out, random), rows ? out : in, rows ? in : out);
      if (bias && opType.equals("Gemm")) {
        graph.floats("b", Tensors.gaussian(out, random), out);
        graph.node("y", opType, "x", "w", "b");
      } else {
        graph.node("y", opType, "x", "w");
      }
      if (rows) {
        graph.attribute("transB", 1);
      }
      return new Start(graph, out, 2);
    }
    int spatial = 1 + random.nextInt(2);
    long[] dims = new long[2 + spatial];
    Object[] input = new Object[2 + spatial];
    Arrays.fill(dims, 1 + random.nextInt(3));
    Arrays.fill(input, 6 + random.nextInt(3));
    boolean transposed = opType.equals("ConvTranspose");
    dims[0] = transposed ? in : out;
    dims[1] = (transposed ? out : in) / group;
    input[0] = "n";
    input[1] = in;
    graph.input("x", FLOAT, input);
    int size = (int) Call.product(dims, 0, dims.length);
    graph.floats("w", Tensors.gaussian(size, random), dims);
    if (bias) {
      graph.floats("b", Tensors.gaussian(out, random), out).node("y", opType, "x", "w", "b");
    } else {
      graph.node("y", opType, "x", "w");
    }
    graph.attribute("group", group);
    long[] pads = new long[2 * spatial];
    Arrays.fill(pads, random.nextInt(2));
    graph.ints("pads", pads);
    return new Start(graph, out, 2 + spatial);
  }

  private static Model normalized(Start start, Random random) {
    int c = start.channels;
    float[] variance = Tensors.gaussian(c, random);
    for (int i = 0; i < c; i++) {
      variance[i] = 0.1f + Math.abs(variance[i]);
    }
    return start
        .graph
        .floats("gamma", Tensors.gaussian(c, random), c)
        .floats("beta", Tensors.gaussian(c, random), c)
        .floats("mean", Tensors.gaussian(c, random), c)
        .floats("variance", variance, c)
        .node("z", "BatchNormalization", "y", "gamma", "beta", "mean", "variance")
        .attribute("epsilon", 1e-3f)
        .outputs("z")
        .build();
  }

  @Property(tries = 20, seed = SEED)
  void batchNormalizationGoesIntoAConvolution(@ForAll long seed, @ForAll boolean transposed) {
    Random random = new Random(seed);
    String opType = transposed ? "ConvTranspose" : "Conv";
    assertThatRule(new FoldBatchNormalization())
        .on(normalized(start(opType, random), random))
        .rewritesTo(opType)
        .isIdempotent()
        .staysWithin(2e-5);
  }

  @Property(tries = 10, seed = SEED)
  void batchNormalizationGoesIntoGemm(@ForAll long seed) {
    Random random = new Random(seed);
    assertThatRule(new FoldBatchNormalization())
        .on(normalized(start("Gemm", random), random))
        .rewritesTo("Gemm")
        .isIdempotent()
        .staysWithin(2e-5);
  }

  @Property(tries = 30, seed = SEED)
  void factorsAndSummandsGoIntoTheWeightsBefore(@ForAll long seed) {
    Random random = new Random(seed);
    String opType = new String[] {"Conv", "ConvTranspose", "Gemm"}[random.nextInt(3)];
    String operation = new String[] {"Add", "Mul", "Sub", "Div"}[random.nextInt(4)];
    Start start = start(opType, random);
    boolean single = random.nextInt(3) == 0;
    long[] dims = new long[single ? random.nextInt(start.rank) : start.rank - 1];
    Arrays.fill(dims, 1);
    if (!single) {
      dims[0] = start.channels;
    }
    float[] numbers = Tensors.gaussian(single ? 1 : start.channels, random);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] += Math.copySign(0.5f, numbers[i]);
    }
    boolean first = random.nextBoolean() && (operation.equals("Add") || operation.equals("Mul"));
    assertThatRule(new FoldAffine())
        .on(
            start
                .graph
                .floats("c", numbers, dims)
                .node("z", operation, first ? "c" : "y", first ? "y" : "c")
                .outputs("z")
                .build())
        .rewritesTo(opType)
        .isIdempotent()
        .staysWithin(2e-5);
  }

  @Test
  void aFactorPerColumnGoesIntoAProduct() {
    assertThatRule(new FoldAffine())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, "n", "m", 4)
                .floats("w", Tensors.gaussian(12, 1), 4, 3)
                .floats("c", Tensors.gaussian(3, 2), 3)
                .node("y", "MatMul", "x", "w")
                .node("z", "Mul", "y", "c")
                .outputs("z")
                .build())
        .rewritesTo("MatMul")
        .isIdempotent()
        .staysWithin(2e-5);
  }

  @Property(tries = 30, seed = SEED)
  void factorsAndSummandsGoIntoTheConvolutionAfter(@ForAll long seed) {
    Random random = new Random(seed);
    String operation = new String[] {"Add", "Mul", "Sub", "Div"}[random.nextInt(4)];
    boolean sum = operation.equals("Add") || operation.equals("Sub");
    int group = 1 + random.nextInt(2);
    int in = group * (1 + random.nextInt(3));
    int out = group * 2;
    float[] numbers = Tensors.gaussian(in, random);
    for (int i = 0; i < in; i++) {
      numbers[i] += Math.copySign(0.5f, numbers[i]);
    }
    Model model =
        GraphBuilder.opset(13)
            .input("x", FLOAT, "n", in, 6, 7)
            .floats("c", numbers, in, 1, 1)
            .floats("w", Tensors.gaussian(out * in / group * 6, random), out, in / group, 2, 3)
            .node("scaled", operation, "x", "c")
            .node("y", "Conv", "scaled", "w")
            .attribute("group", group)
            .ints("pads", sum ? new long[4] : new long[] {1, 0, 1, 1})
            .outputs("y")
            .build();
    assertThatRule(new FoldAffineIntoConv())
        .on(model)
        .rewritesTo("Conv")
        .isIdempotent()
        .staysWithin(2e-5);
  }

  private static GraphBuilder conv() {
    return GraphBuilder.opset(13)
        .input("x", FLOAT, "n", 2, 5, 5)
        .floats("w", Tensors.gaussian(36, 3), 2, 2, 3, 3);
  }

  private static GraphBuilder statistics(GraphBuilder graph) {
    return graph.floats("one", new float[] {1, 1}, 2).floats("zero", new float[] {0, 0}, 2);
  }

  @Test
  void aSummandIsNotThereInThePadding() {
    assertThatRule(new FoldAffineIntoConv())
        .on(
            conv()
                .floats("c", new float[] {1, 2}, 2, 1, 1)
                .node("s", "Add", "x", "c")
                .node("y", "Conv", "s", "w")
                .ints("pads", 1, 1, 1, 1)
                .outputs("y")
                .build())
        .refuses("pads with zeros");
  }

  @Test
  void statisticsOfTheBatchStay() {
    assertThatRule(new FoldBatchNormalization())
        .on(
            statistics(conv().node("y", "Conv", "x", "w"))
                .node("z", "BatchNormalization", "y", "one", "zero", "zero", "one")
                .attribute("training_mode", 1)
                .outputs("z")
                .build())
        .refuses("statistics are those of the batch");
  }

  @Test
  void aConvolutionThatSomebodyElseReadsStays() {
    assertThatRule(new FoldBatchNormalization())
        .on(
            statistics(conv().node("y", "Conv", "x", "w"))
                .node("z", "BatchNormalization", "y", "one", "zero", "zero", "one")
                .outputs("y", "z")
                .build())
        .refuses("its output is used elsewhere");
  }

  @Test
  void sharedWeightsStay() {
    assertThatRule(new FoldBatchNormalization())
        .on(
            statistics(conv().node("y", "Conv", "x", "w"))
                .node("z", "BatchNormalization", "y", "one", "zero", "zero", "one")
                .node("other", "Conv", "x", "w")
                .outputs("z", "other")
                .build())
        .refuses("its weight w is used elsewhere");
  }

  @Test
  void aNegativeVarianceStays() {
    assertThatRule(new FoldBatchNormalization())
        .on(
            statistics(conv().node("y", "Conv", "x", "w"))
                .floats("bad", new float[] {-1, 1}, 2)
                .node("z", "BatchNormalization", "y", "one", "zero", "zero", "bad")
                .outputs("z")
                .build())
        .refuses("a weight would become NaN");
  }

  @Test
  void halfPrecisionWeightsStay() {
    Tensor weight = HostArithmetic.halves(Tensors.gaussian(4, 1), new long[] {2, 2, 1, 1});
    Tensor factor = HostArithmetic.halves(new float[] {2, 3}, new long[] {2, 1, 1});
    assertThatRule(new FoldAffine())
        .on(
            GraphBuilder.opset(13)
                .input("x", DataType.FLOAT16, "n", 2, 3, 3)
                .weight("w", weight)
                .weight("c", factor)
                .node("y", "Conv", "x", "w")
                .node("z", "Mul", "y", "c")
                .outputs("z")
                .build())
        .refuses("would be rounded again");
  }

  @Test
  void anOperandPerPositionStays() {
    assertThatRule(new FoldAffine())
        .on(
            conv()
                .floats("c", new float[] {1, 2, 3}, 3)
                .node("y", "Conv", "x", "w")
                .node("z", "Add", "y", "c")
                .outputs("z")
                .build())
        .refuses("is not one number per channel");
  }

  @Test
  void attentionsScaleStaysBehindItsProduct() {
    assertThatRule(new FoldAffine())
        .on(
            GraphBuilder.opset(13)
                .input("x", FLOAT, "n", 4)
                .floats("w", Tensors.gaussian(16, 1), 4, 4)
                .weight("c", Tensor.scalar(0.125f))
                .node("y", "MatMul", "x", "w")
                .node("z", "Mul", "y", "c")
                .outputs("z")
                .build())
        .doesNotFire();
  }

  private static GraphBuilder product(Object... dims) {
    return GraphBuilder.opset(13)
        .input("x", FLOAT, dims)
        .floats("w", Tensors.gaussian(12, 1), 4, 3)
        .floats("b", Tensors.gaussian(3, 2), 3)
        .node("p", "MatMul", "x", "w")
        .node("y", "Add", "b", "p");
  }

  @Test
  void aProductOfMatricesTakesItsBias() {
    assertThatRules(Rules.fuseGemm())
        .on(product("n", 4).outputs("y").build())
        .rewritesTo("Gemm")
        .isIdempotent()
        .staysWithin(2e-6);
  }

  @Test
  void aBatchOfProductsStays() {
    assertThatRules(Rules.fuseGemm())
        .on(product("n", 2, 4).outputs("y").build())
        .refuses("operands are not both matrices");
  }
}
