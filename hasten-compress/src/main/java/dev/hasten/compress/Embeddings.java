package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Tables of embeddings in bytes, a scale per row:
 *
 * <pre>{@code
 * Gather(table float[V,D], ids) becomes
 * Mul(Cast(Gather(table int8[V,D], ids)), Gather(scales float[V,1], ids))
 * }</pre>
 *
 * The runtime never sees the whole table in float.
 */
final class Embeddings {
  /** Narrower tables, among them the scales that this class makes, are not worth it. */
  private static final long NARROWEST = 8;

  private Embeddings() {}

  static void quantize(Graph graph, Targets.Chosen chosen, Evidence evidence) {
    forEach(
        graph,
        chosen,
        evidence,
        (gather, table) -> {
          quantize(graph, gather, table);
          return Optional.empty();
        },
        "stored as int8 per row");
  }

  /**
   * Visits the lookups in tables of embeddings.
   *
   * @param store replaces the Gather, or says why not
   * @param done what was done, for people
   */
  static void forEach(
      Graph graph,
      Targets.Chosen chosen,
      Evidence evidence,
      BiFunction<Node, Tensor, Optional<String>> store,
      String done) {
    for (Node node : List.copyOf(graph.nodes())) {
      if (!node.is("Gather") || chosen.leaves(node)) {
        continue;
      }
      Tensor table = node.input(0).constant();
      if (table == null
          || table.type() != DataType.FLOAT
          || table.rank() != 2
          || table.dim(1) < NARROWEST) {
        continue; // not an embedding: exporters gather from shapes all the time
      }
      String reason =
          chosen.excludes(node)
              ? "excluded by the recipe"
              : node.intAttribute("axis", 0) != 0
                  ? "gathers along axis " + node.intAttribute("axis", 0) + " (expected: 0)"
                  : Targets.unfitWeight(table, 2);
      String name = node.name();
      if (reason == null) {
        reason = store.apply(node, table).orElse(null);
      }
      if (reason != null) {
        evidence.refuse(name, reason);
      } else {
        evidence.changed(name, "table %s %s".formatted(table.dims(), done));
      }
    }
  }

  private static void quantize(Graph graph, Node gather, Tensor table) {
    int rows = Math.toIntExact(table.dim(0));
    int width = Math.toIntExact(table.dim(1));
    float[] weights = table.toFloats();
    float[] scales = new float[rows];
    byte[] values = new byte[weights.length];
    for (int row = 0; row < rows; row++) {
      float largest = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        largest = Math.max(largest, Math.abs(weights[i]));
      }
      scales[row] = largest == 0 ? 1f : Math.max(largest / 127, Float.MIN_NORMAL);
      for (int i = row * width; i < (row + 1) * width; i++) {
        values[i] = (byte) Math.max(-127, Math.min(127, Math.rint(weights[i] / scales[row])));
      }
    }
    String base = gather.input(0).name();
    String out = gather.output().name();
    Value stored =
        graph.addInitializer(base + "_q", Tensor.bytes(DataType.INT8, values, rows, width));
    Value scale = graph.addInitializer(base + "_scale", Tensor.floats(scales, rows, 1));
    Value ids = gather.input(1);
    Map<String, Attribute> axis = Map.of("axis", new Attribute.Int(0));
    Value row = graph.op(out + "_q", "Gather", List.of(stored, ids), axis);
    Value rowScale = graph.op(out + "_scale", "Gather", List.of(scale, ids), axis);
    Value real =
        graph.op(
            out + "_f",
            "Cast",
            List.of(row),
            Map.of("to", new Attribute.Int(DataType.FLOAT.onnx())));
    Value result = graph.op(out + "_row", "Mul", List.of(real, rowScale), Map.of());
    graph.replaceUses(gather.output(), result);
    graph.remove(gather);
  }
}
