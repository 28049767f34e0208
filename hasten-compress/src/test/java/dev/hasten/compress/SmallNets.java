package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.NdArray;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Builds small nets with random weights whose channels differ in size by some orders. */
final class SmallNets {
  private static final int SIZE = 8;
  private final Random random;
  private final Model model;

  SmallNets(long seed) {
    this(seed, 17);
  }

  SmallNets(long seed, long opset) {
    random = new Random(seed);
    model = Model.create(opset);
  }

  /** Convolutions, depthwise ones among them, activations, pooling, then one or two Gemms. */
  static Model random(long seed) {
    SmallNets net = new SmallNets(seed);
    int channels = 3;
    Value x = net.image(channels);
    int layers = 2 + net.random.nextInt(4);
    for (int i = 0; i < layers; i++) {
      boolean depthwise = i > 0 && net.random.nextBoolean();
      int wide = depthwise ? channels : 4 + 2 * net.random.nextInt(4);
      int group = depthwise ? channels : i > 0 && wide % 2 == 0 && channels % 2 == 0 ? 2 : 1;
      x = net.activation(net.conv(x, channels, wide, 1 + 2 * net.random.nextInt(2), group));
      channels = wide;
    }
    switch (net.random.nextInt(3)) {
      case 0 -> x = net.op("Flatten", net.op("GlobalAveragePool", x));
      case 1 -> {
        x = net.op("Flatten", x);
        channels *= SIZE * SIZE;
      }
      default ->
          x =
              net.graph()
                  .op(
                      "mean",
                      "ReduceMean",
                      List.of(x),
                      Map.of(
                          "axes", new Attribute.Ints(List.of(2L, 3L)),
                          "keepdims", new Attribute.Int(0)));
    }
    x = net.activation(net.gemm(x, channels, 7));
    net.output(net.gemm(x, 7, 5));
    return net.model();
  }

  private Value activation(Value x) {
    return switch (random.nextInt(6)) {
      case 0 -> x;
      case 1 -> op("LeakyRelu", x);
      case 2 -> producer(x).is("Conv") ? clip(x, 0, 1 + random.nextFloat()) : op("Relu", x);
      case 3 -> graph().op("prelu", "PRelu", List.of(x, weight(0.1, 1)), Map.of());
      default -> op("Relu", x);
    };
  }

  static Node producer(Value value) {
    return java.util.Objects.requireNonNull(value.producer());
  }

  /** Gaussian numbers for the input {@code x}, {@code batch} examples of them. */
  static Map<String, NdArray> input(Model model, int batch, long seed) {
    Shape shape = java.util.Objects.requireNonNull(model.graph().inputs().getFirst().shape());
    long[] dims = new long[shape.dims().size()];
    int size = 1;
    for (int i = 0; i < dims.length; i++) {
      dims[i] = i == 0 ? batch : Long.parseLong(shape.dims().get(i).toString());
      size *= (int) dims[i];
    }
    Random random = new Random(seed);
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return Map.of("x", NdArray.floats(x, dims));
  }

  Graph graph() {
    return model.graph();
  }

  Model model() {
    model.validate();
    return model;
  }

  /** {@code x [n, channels, 8, 8]}. */
  Value image(int channels) {
    return graph().addInput("x", DataType.FLOAT, Shape.of("n", (long) channels, 8L, 8L));
  }

  /** {@code x [n, 5, channels]}. */
  Value rows(int channels) {
    return graph().addInput("x", DataType.FLOAT, Shape.of("n", 5L, (long) channels));
  }

  Value op(String op, Value x) {
    return graph().op(op.toLowerCase(java.util.Locale.ROOT), op, List.of(x), Map.of());
  }

  void output(Value value) {
    graph().setType(value, DataType.FLOAT, null);
    graph().addOutput(value);
  }

  /** Gaussian, the first axis' rows of very different size. */
  Value weight(double size, long... dims) {
    int count = 1;
    for (long dim : dims) {
      count *= (int) dim;
    }
    float[] values = new float[count];
    int row = (int) (count / dims[0]);
    double factor = 1;
    for (int i = 0; i < count; i++) {
      factor = i % row == 0 ? Math.pow(2, random.nextDouble() * 6 - 3) : factor;
      values[i] = (float) (random.nextGaussian() * size * factor);
    }
    return graph().addInitializer("w", Tensor.floats(values, dims));
  }

  /** Same size, with a bias. */
  Value conv(Value x, int in, int out, int kernel, int group) {
    long pad = kernel / 2;
    Value w =
        weight(0.5 * Math.sqrt((double) group / in) / kernel, out, in / group, kernel, kernel);
    return graph()
        .op(
            "conv",
            "Conv",
            List.of(x, w, weight(0.3, out)),
            Map.of(
                "group", new Attribute.Int(group),
                "pads", new Attribute.Ints(List.of(pad, pad, pad, pad))));
  }

  Value gemm(Value x, int in, int out) {
    boolean transposed = random.nextBoolean();
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    if (transposed) {
      attributes.put("transB", new Attribute.Int(1));
    }
    double size = 1 / Math.sqrt(in);
    Value w = transposed ? weight(size, out, in) : weight(size, in, out);
    return graph().op("gemm", "Gemm", List.of(x, w, weight(0.3, out)), attributes);
  }

  Value matMul(Value x, int in, int out) {
    return graph()
        .op("product", "MatMul", List.of(x, weight(1 / Math.sqrt(in), in, out)), Map.of());
  }

  Value add(Value x, int channels) {
    return graph().op("sum", "Add", List.of(x, weight(0.3, channels)), Map.of());
  }

  /** With attributes below opset 11, with inputs from there on. */
  Value clip(Value x, float low, float high) {
    if (model.opset() < 11) {
      return graph()
          .op(
              "clip",
              "Clip",
              List.of(x),
              Map.of("min", new Attribute.Real(low), "max", new Attribute.Real(high)));
    }
    Value min = graph().addInitializer("low", Tensor.scalar(low));
    Value max = graph().addInitializer("high", Tensor.scalar(high));
    return graph().op("clip", "Clip", List.of(x, min, max), Map.of());
  }

  Value batchNorm(Value x, int channels) {
    return graph()
        .op(
            "bn",
            "BatchNormalization",
            List.of(
                x,
                weight(1, channels),
                weight(0.1, channels),
                weight(0.1, channels),
                graph().addInitializer("var", Tensor.floats(ones(channels), channels))),
            Map.of());
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    java.util.Arrays.fill(ones, 1);
    return ones;
  }
}
