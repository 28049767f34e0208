package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Small graphs of many operators, put together at random: with what exporters leave behind
 * (constants that are computed, transposes back and forth, shapes asked for and used) mixed among
 * what a network does. All numbers stay moderate, and nothing jumps, so that results can be
 * compared.
 */
final class RandomGraphs {
  /** An axis of open length. */
  private static final long OPEN = -7;

  private static final String[] UNARY = {
    "Relu",
    "Sigmoid",
    "Tanh",
    "Neg",
    "Abs",
    "Erf",
    "Softplus",
    "HardSigmoid",
    "Identity",
    "LeakyRelu",
    "Dropout",
    "Sin",
    "Clip"
  };

  private record Known(String name, long[] dims) {}

  private final Random random;
  private final GraphBuilder graph;
  private final List<Known> values = new ArrayList<>();
  private final long opset;
  private int names;

  private RandomGraphs(long seed) {
    random = new Random(seed);
    opset = 13 + random.nextInt(6);
    graph = GraphBuilder.opset(opset);
  }

  /** The same seed gives the same model. */
  static Model of(long seed) {
    return new RandomGraphs(seed).build();
  }

  private Model build() {
    long batch = random.nextBoolean() ? OPEN : 2;
    long[] dims =
        switch (random.nextInt(3)) {
          case 0 -> new long[] {batch, 4, 6, 6};
          case 1 -> new long[] {batch, 5, 8};
          default -> new long[] {batch, 12};
        };
    Object[] declared = Arrays.stream(dims).mapToObj(d -> d == OPEN ? "n" : (Object) d).toArray();
    graph.input("x", DataType.FLOAT, declared);
    values.add(new Known("x", dims));
    int steps = 6 + random.nextInt(10);
    for (int i = 0; i < steps; i++) {
      step(pick());
    }
    // All that nobody reads is an output; a few that somebody reads as well.
    List<String> outputs = new ArrayList<>();
    for (Known value : values.subList(Math.max(1, values.size() - 3), values.size())) {
      outputs.add(value.name);
    }
    return graph.outputs(outputs.toArray(new String[0])).build();
  }

  private Known pick() {
    // Late values more often: long chains, and now and then a second reader.
    int back = (int) Math.min(values.size() - 1, Math.abs(random.nextGaussian() * 1.2));
    return values.get(values.size() - 1 - back);
  }

  private String name() {
    return "v" + names++ + "_";
  }

  private void put(String name, long... dims) {
    values.add(new Known(name, dims));
  }

  private void step(Known v) {
    int rank = v.dims.length;
    switch (random.nextInt(22)) {
      case 0, 1 -> unary(v);
      case 2, 3 -> withConstant(v);
      case 4 -> binary(v);
      case 5, 6 -> transpose(v);
      case 7 -> reshape(v);
      case 8 -> squeezes(v);
      case 9 -> slice(v);
      case 10 -> concat(v);
      case 11 -> product(v);
      case 12 -> softmax(v);
      case 13 -> reduce(v);
      case 14, 15 -> {
        if (rank == 4 && v.dims[0] != 1 && v.dims[1] > 0 && v.dims[2] > 2 && v.dims[3] > 2) {
          convolution(v);
        } else {
          unary(v);
        }
      }
      case 16 -> normalize(v);
      case 17 -> activation(v);
      case 18 -> expand(v);
      case 19 -> pad(v);
      case 20 -> casts(v);
      default -> choose(v);
    }
  }

  private void unary(Known v) {
    String opType = UNARY[random.nextInt(UNARY.length)];
    String y = name();
    if (opType.equals("Clip")) {
      graph
          .weight(y + "l", Tensor.scalar(-1f))
          .weight(y + "h", Tensor.scalar(2f))
          .node(y, "Clip", v.name, y + "l", y + "h");
    } else {
      graph.node(y, opType, v.name);
    }
    put(y, v.dims);
  }

  /** A constant operand, now and then neutral, of a shape that may be shorter than the value's. */
  private void withConstant(Known v) {
    String y = name();
    String opType = new String[] {"Add", "Mul", "Sub", "Div", "Max", "Min"}[random.nextInt(6)];
    int from = random.nextInt(v.dims.length + 1);
    long[] dims = Arrays.copyOfRange(v.dims, from, v.dims.length);
    for (int i = 0; i < dims.length; i++) {
      dims[i] = dims[i] == OPEN || random.nextBoolean() ? 1 : dims[i];
    }
    float[] numbers = Tensors.gaussian((int) Call.product(dims, 0, dims.length), random);
    int kind = random.nextInt(4);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          kind == 0
              ? 1
              : kind == 1 && !opType.equals("Div")
                  ? 0
                  : numbers[i] + Math.copySign(0.5f, numbers[i]);
    }
    graph.floats(y + "c", numbers, dims);
    boolean first = random.nextBoolean() && !opType.equals("Div");
    graph.node(y, opType, first ? y + "c" : v.name, first ? v.name : y + "c");
    put(y, v.dims);
  }

  private void binary(Known v) {
    List<Known> fitting = values.stream().filter(o -> Arrays.equals(o.dims, v.dims)).toList();
    Known other = fitting.get(random.nextInt(fitting.size()));
    String y = name();
    String opType = new String[] {"Add", "Sub", "Max", "Min"}[random.nextInt(4)];
    graph.node(y, opType, v.name, other.name);
    put(y, v.dims);
  }

  private void transpose(Known v) {
    List<Integer> axes =
        new ArrayList<>(IntStream.range(0, v.dims.length).boxed().collect(Collectors.toList()));
    Collections.shuffle(axes, random);
    String y = name();
    graph
        .node(y, "Transpose", v.name)
        .ints("perm", axes.stream().mapToLong(Integer::longValue).toArray());
    put(y, axes.stream().mapToLong(axis -> v.dims[axis]).toArray());
  }

  /** Merges two neighbours, or cuts an axis in two; half of the targets are computed from Shape. */
  private void reshape(Known v) {
    int axis = random.nextInt(v.dims.length);
    List<Long> dims = new ArrayList<>(Arrays.stream(v.dims).boxed().toList());
    if (axis + 1 < dims.size() && dims.get(axis) != OPEN && dims.get(axis + 1) != OPEN) {
      dims.set(axis, dims.get(axis) * dims.remove(axis + 1));
    } else if (dims.get(axis) != OPEN && dims.get(axis) % 2 == 0 && dims.size() < 5) {
      dims.set(axis, dims.get(axis) / 2);
      dims.add(axis, 2L);
    }
    long[] out = dims.stream().mapToLong(Long::longValue).toArray();
    long open = Arrays.stream(out).filter(d -> d == OPEN).count();
    String y = name();
    if (open == 1 && random.nextBoolean()) {
      int at = dims.indexOf(OPEN);
      int source =
          IntStream.range(0, v.dims.length)
              .filter(i -> v.dims[i] == OPEN)
              .findFirst()
              .orElseThrow();
      graph
          .node(y + "s", "Shape", v.name)
          .weight(y + "i", Tensor.scalar((long) source))
          .longs(y + "a", 0)
          .node(y + "g", "Gather", y + "s", y + "i")
          .node(y + "u", "Unsqueeze", y + "g", y + "a");
      String[] parts = new String[out.length];
      for (int i = 0; i < out.length; i++) {
        parts[i] = i == at ? y + "u" : y + "p" + i;
        if (i != at) {
          graph.longs(parts[i], out[i]);
        }
      }
      graph.node(y + "t", "Concat", parts).attribute("axis", 0);
    } else {
      graph.longs(y + "t", Arrays.stream(out).map(d -> d == OPEN ? -1 : d).toArray());
    }
    if (open <= 1) {
      graph.node(y, "Reshape", v.name, y + "t");
      put(y, out);
    }
  }

  private void squeezes(Known v) {
    String y = name();
    int axis = random.nextInt(v.dims.length + 1);
    graph.longs(y + "a", axis).node(y + "u", "Unsqueeze", v.name, y + "a");
    if (random.nextBoolean()) {
      graph.node(y + "m", "Tanh", y + "u").node(y, "Squeeze", y + "m", y + "a");
    } else {
      graph.node(y, "Squeeze", y + "u", y + "a");
    }
    put(y, v.dims);
  }

  private void slice(Known v) {
    int axis = random.nextInt(v.dims.length);
    long length = v.dims[axis];
    if (length == OPEN || length < 2) {
      unary(v);
      return;
    }
    long cut = 1 + random.nextInt((int) length - 1);
    String y = name();
    graph.longs(y + "0", 0).longs(y + "c", cut).longs(y + "e", length).longs(y + "a", axis);
    graph.node(y + "l", "Slice", v.name, y + "0", y + "c", y + "a");
    graph.node(y + "r", "Slice", v.name, y + "c", y + "e", y + "a");
    long[] left = v.dims.clone();
    left[axis] = cut;
    long[] right = v.dims.clone();
    right[axis] = length - cut;
    put(y + "l", left);
    put(y + "r", right);
  }

  private void concat(Known v) {
    List<Known> fitting = values.stream().filter(o -> Arrays.equals(o.dims, v.dims)).toList();
    Known other = fitting.get(random.nextInt(fitting.size()));
    int axis = v.dims.length - 1;
    if (v.dims[axis] == OPEN || v.dims[axis] > 32) {
      unary(v);
      return;
    }
    String y = name();
    graph.node(y, "Concat", v.name, other.name).attribute("axis", random.nextBoolean() ? axis : -1);
    long[] dims = v.dims.clone();
    dims[axis] *= 2;
    put(y, dims);
  }

  /** With a constant matrix, as MatMul with a bias, Gemm or Einsum. */
  private void product(Known v) {
    int last = v.dims.length - 1;
    if (v.dims[last] == OPEN || last < 1) {
      unary(v);
      return;
    }
    int k = (int) v.dims[last];
    int n = 1 + random.nextInt(6);
    String y = name();
    float[] weights = Tensors.gaussian(k * n, random);
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= (float) Math.sqrt(k);
    }
    graph.floats(y + "w", weights, k, n).floats(y + "b", Tensors.gaussian(n, random), n);
    switch (random.nextInt(3)) {
      case 0 -> graph.node(y + "m", "MatMul", v.name, y + "w").node(y, "Add", y + "m", y + "b");
      case 1 -> {
        String axes = "abcde".substring(0, last);
        graph
            .node(y, "Einsum", v.name, y + "w")
            .attribute("equation", axes + "k,kn->" + axes + "n");
      }
      default -> {
        if (last == 1) {
          graph.node(y, "Gemm", v.name, y + "w", y + "b");
        } else {
          graph.node(y + "m", "MatMul", v.name, y + "w").node(y, "Mul", y + "m", y + "b");
        }
      }
    }
    long[] dims = v.dims.clone();
    dims[last] = n;
    put(y, dims);
  }

  private void softmax(Known v) {
    String y = name();
    graph.node(y, "Softmax", v.name).attribute("axis", random.nextInt(v.dims.length));
    put(y, v.dims);
  }

  private void reduce(Known v) {
    if (v.dims.length < 2) {
      unary(v);
      return;
    }
    int axis = random.nextInt(v.dims.length);
    boolean keep = random.nextBoolean();
    String opType = random.nextBoolean() ? "ReduceMean" : "ReduceMax";
    String y = name();
    if (opset >= 18) {
      graph.longs(y + "a", axis).node(y, opType, v.name, y + "a");
    } else {
      graph.node(y, opType, v.name).ints("axes", axis);
    }
    graph.attribute("keepdims", keep ? 1 : 0);
    List<Long> dims = new ArrayList<>(Arrays.stream(v.dims).boxed().toList());
    if (keep) {
      dims.set(axis, 1L);
    } else {
      dims.remove(axis);
    }
    put(y, dims.stream().mapToLong(Long::longValue).toArray());
  }

  private void convolution(Known v) {
    int in = (int) v.dims[1];
    int out = 1 + random.nextInt(4);
    String y = name();
    float[] weights = Tensors.gaussian(out * in * 9, random);
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= (float) Math.sqrt(in * 9);
    }
    graph.floats(y + "w", weights, out, in, 3, 3);
    long p = random.nextInt(2);
    graph.node(y + "c", "Conv", v.name, y + "w").ints("pads", p, p, p, p);
    float[] variance = new float[out];
    Arrays.fill(variance, 0.7f);
    graph
        .floats(y + "g", Tensors.gaussian(out, random), out)
        .floats(y + "v", variance, out)
        .node(y, "BatchNormalization", y + "c", y + "g", y + "g", y + "g", y + "v");
    long[] dims = {
      v.dims[0], out, v.dims[2] == OPEN ? OPEN : v.dims[2] + 2 * p - 2, v.dims[3] + 2 * p - 2
    };
    put(y, dims);
  }

  /** Layer normalization or RMS normalization, written out. */
  private void normalize(Known v) {
    int last = v.dims.length - 1;
    if (v.dims[last] == OPEN || v.dims[last] < 2) {
      unary(v);
      return;
    }
    String y = name();
    int n = (int) v.dims[last];
    graph.floats(y + "w", Tensors.gaussian(n, random), n);
    graph.weight(y + "2", Tensor.scalar(2f)).weight(y + "e", Tensor.scalar(1e-3f));
    String at = v.name;
    if (random.nextBoolean()) {
      mean(y + "m", v.name);
      graph.node(y + "d", "Sub", v.name, y + "m");
      at = y + "d";
    }
    graph.node(y + "q", "Pow", at, y + "2");
    mean(y + "s", y + "q");
    graph
        .node(y + "p", "Add", y + "s", y + "e")
        .node(y + "r", "Sqrt", y + "p")
        .node(y + "n", "Div", at, y + "r")
        .node(y, "Mul", y + "n", y + "w");
    put(y, v.dims);
  }

  private void mean(String output, String input) {
    if (opset >= 18) {
      graph.longs(output + "a", -1).node(output, "ReduceMean", input, output + "a");
    } else {
      graph.node(output, "ReduceMean", input).ints("axes", -1);
    }
  }

  private void activation(Known v) {
    String y = name();
    switch (random.nextInt(3)) {
      case 0 -> graph.node(y + "s", "Sigmoid", v.name).node(y, "Mul", v.name, y + "s");
      case 1 ->
          graph
              .node(y + "p", "Softplus", v.name)
              .node(y + "t", "Tanh", y + "p")
              .node(y, "Mul", v.name, y + "t");
      default ->
          graph
              .weight(y + "r", Tensor.scalar((float) Math.sqrt(2)))
              .weight(y + "1", Tensor.scalar(1f))
              .weight(y + "h", Tensor.scalar(0.5f))
              .node(y + "d", "Div", v.name, y + "r")
              .node(y + "e", "Erf", y + "d")
              .node(y + "g", "Add", y + "e", y + "1")
              .node(y + "m", "Mul", v.name, y + "g")
              .node(y, "Mul", y + "m", y + "h");
    }
    put(y, v.dims);
  }

  /** To the shape that another value has, which may be its own. */
  private void expand(Known v) {
    String y = name();
    graph.node(y + "s", "Shape", v.name).weight(y + "c", Tensor.scalar(0.25f));
    graph.node(y + "e", "Expand", y + "c", y + "s").node(y, "Add", v.name, y + "e");
    put(y, v.dims);
  }

  private void pad(Known v) {
    String y = name();
    long[] pads = new long[2 * v.dims.length];
    int axis = random.nextInt(v.dims.length);
    long by = v.dims[axis] == OPEN ? 0 : random.nextInt(2);
    pads[axis] = by;
    graph.longs(y + "p", pads).node(y, "Pad", v.name, y + "p");
    long[] dims = v.dims.clone();
    dims[axis] += by;
    put(y, dims);
  }

  private void casts(Known v) {
    String y = name();
    graph
        .node(y + "d", "Cast", v.name)
        .attribute("to", DataType.DOUBLE.onnx())
        .node(y, "Cast", y + "d")
        .attribute("to", DataType.FLOAT.onnx());
    put(y, v.dims);
  }

  /** By a condition that is known, or by the value's own sign, negated. */
  private void choose(Known v) {
    String y = name();
    graph.weight(y + "z", Tensor.scalar(0f));
    if (random.nextBoolean()) {
      graph
          .weight(
              y + "c",
              HostArithmetic.integers(DataType.BOOL, new long[] {random.nextInt(2)}, new long[0]))
          .node(y + "n", "Neg", v.name)
          .node(y, "Where", y + "c", y + "n", v.name);
    } else {
      graph
          .node(y + "b", "Less", v.name, y + "z")
          .node(y + "o", "Not", y + "b")
          .node(y, "Where", y + "o", v.name, y + "z");
    }
    put(y, v.dims);
  }
}
