package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.QUANTIZE;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** To integers with a scale, and back. */
final class QuantizationOperators {
  private QuantizationOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("QuantizeLinear", Operator.of(QUANTIZE, QuantizationOperators::quantize));
    table.put(
        "DequantizeLinear",
        Operator.of(QUANTIZE, site -> site.put(0, site.type(1), site.shape(0))));
    table.put(
        "DynamicQuantizeLinear",
        Operator.of(QUANTIZE, QuantizationOperators::dynamic).flops(Operator.perOutput(4)));
  }

  private static void quantize(Site site) {
    DataType given = DataType.find((int) site.integer("output_dtype", 0));
    @Nullable DataType type = site.has(2) ? site.type(2) : given == null ? DataType.UINT8 : given;
    site.put(0, type, site.shape(0));
  }

  private static void dynamic(Site site) {
    site.put(0, DataType.UINT8, site.shape(0));
    site.put(1, DataType.FLOAT, Shape.SCALAR);
    site.put(2, DataType.UINT8, Shape.SCALAR);
  }
}
