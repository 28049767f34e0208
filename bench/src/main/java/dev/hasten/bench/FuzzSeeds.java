package dev.hasten.bench;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Small models to mutate, which between them hold what the reader and the rules look for. */
final class FuzzSeeds {
  private FuzzSeeds() {}

  static List<byte[]> all() {
    return Stream.of(
            shapes(), normalization(), branches(), loop(), weights(), quantized(), moving())
        .map(Model::toBytes)
        .toList();
  }

  /** A shape computed as exporters do. */
  private static Model shapes() {
    return GraphBuilder.opset(13)
        .input("x", DataType.FLOAT, "batch", "seq", 8)
        .longs("zero", 0)
        .longs("one", 1)
        .longs("rest", 2, 4)
        .longs("axes", 0)
        .node("dims", "Shape", "x")
        .node("b", "Gather", "dims", "zero")
        .node("s", "Slice", "dims", "one", "rest", "axes")
        .node("target", "Concat", "b", "rest", "s")
        .attribute("axis", 0)
        .node("y", "Reshape", "x", "target")
        .node("z", "Transpose", "y")
        .ints("perm", 3, 2, 1, 0)
        .node("w", "Transpose", "z")
        .ints("perm", 3, 2, 1, 0)
        .output("w", DataType.FLOAT, "batch", 2, 4, "rest")
        .build();
  }

  /** LayerNormalization and Gelu in single steps. */
  private static Model normalization() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 4)
        .floats("two", new float[] {2})
        .floats("eps", new float[] {1e-5f})
        .floats("gamma", new float[] {1, 2, 3, 4}, 4)
        .floats("beta", new float[] {4, 3, 2, 1}, 4)
        .floats("root", new float[] {1.4142135f})
        .floats("one", new float[] {1})
        .floats("half", new float[] {0.5f})
        .node("mean", "ReduceMean", "x")
        .ints("axes", -1)
        .node("centred", "Sub", "x", "mean")
        .node("square", "Pow", "centred", "two")
        .node("variance", "ReduceMean", "square")
        .ints("axes", -1)
        .node("shifted", "Add", "variance", "eps")
        .node("deviation", "Sqrt", "shifted")
        .node("normal", "Div", "centred", "deviation")
        .node("scaled", "Mul", "normal", "gamma")
        .node("n", "Add", "scaled", "beta")
        .node("g1", "Div", "n", "root")
        .node("g2", "Erf", "g1")
        .node("g3", "Add", "g2", "one")
        .node("g4", "Mul", "n", "g3")
        .node("y", "Mul", "g4", "half")
        .output("y", DataType.FLOAT, "batch", 4)
        .build();
  }

  private static Model branches() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 3)
        .input("flag", DataType.BOOL)
        .floats("w", new float[] {1, 2, 3, 4, 5, 6}, 3, 2)
        .node("product", "MatMul", "x", "w")
        .node("same", "Identity", "product")
        .node("y", "If", "flag")
        .subgraph("then_branch", t -> t.node("t", "Softmax", "same").outputs("t"))
        .subgraph("else_branch", e -> e.node("e", "Neg", "product").outputs("e"))
        .output("y", DataType.FLOAT, "batch", 2)
        .build();
  }

  private static Model loop() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, 2)
        .longs("count", 5)
        .weight("go", Tensor.bytes(DataType.BOOL, new byte[] {1}))
        .node("last", "Loop", "count", "go", "x")
        .subgraph(
            "body",
            b ->
                b.input("i", DataType.INT64)
                    .input("on", DataType.BOOL)
                    .input("state", DataType.FLOAT, 2)
                    .node("still", "Identity", "on")
                    .node("next", "Add", "state", "x")
                    .outputs("still", "next"))
        .output("last", DataType.FLOAT, 2)
        .build();
  }

  /** Constants of many types, large enough to be kept out of the parser. */
  private static Model weights() {
    GraphBuilder graph = GraphBuilder.opset(21).input("x", DataType.FLOAT, 160);
    graph.floats("w", new float[160], 160).node("y", "Add", "x", "w");
    for (DataType type : List.of(DataType.INT4, DataType.BFLOAT16, DataType.FLOAT8E5M2)) {
      String name = type.toString();
      graph
          .node(name, "Constant")
          .attribute(
              "value", Attribute.of(Tensor.bytes(type, new byte[(int) type.bytes(600)], 600)))
          .node(name + "_f", "Cast", name)
          .attribute("to", 1);
    }
    graph
        .node("s", "Constant")
        .attribute("value_strings", Attribute.texts("a", "b"))
        .node("c", "Concat", "int4_f", "bfloat16_f", "float8e5m2_f")
        .attribute("axis", 0);
    return graph.outputs("y", "c", "s").build();
  }

  private static Model quantized() {
    return GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, 1, 4)
        .floats("scale", new float[] {0.1f})
        .weight("zero", Tensor.bytes(DataType.UINT8, new byte[] {7}))
        .weight("w", Tensor.bytes(DataType.INT8, new byte[12], 4, 3))
        .floats("scales", new float[] {1, 2, 3}, 3)
        .node("q", "QuantizeLinear", "x", "scale", "zero")
        .node("d", "DequantizeLinear", "q", "scale", "zero")
        .node("f", "DequantizeLinear", "w", "scales")
        .attribute("axis", 1)
        .node("y", "MatMul", "d", "f")
        .output("y", DataType.FLOAT, 1, 3)
        .build();
  }

  /** Elements on the move, all of it constant. */
  private static Model moving() {
    return GraphBuilder.opset(13)
        .input("x", DataType.FLOAT, 2, 3)
        .floats("w", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
        .longs("pads", 0, 1, 0, 1)
        .longs("repeats", 1, 2)
        .longs("axes", 0)
        .longs("wide", 2, 2, 10)
        .node("padded", "Pad", "w", "pads")
        .node("tiled", "Tile", "padded", "repeats")
        .node("more", "Unsqueeze", "tiled", "axes")
        .node("wider", "Expand", "more", "wide")
        .node("less", "ReduceSum", "wider", "axes")
        .node("picked", "Gather", "less", "axes")
        .attribute("axis", 1)
        .node("flat", "Squeeze", "picked")
        .node("y", "Flatten", "x")
        .node("clipped", "Clip", "flat")
        .outputs("y", "clipped")
        .build();
  }
}
