package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.NdArray;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A layer before and after quantization.
 *
 * @param original its Conv, Gemm or MatMul in floating point
 * @param layer what became of it
 */
record Counterpart(Node original, QuantizedLayer layer) {

  /** The model as it was before the recipe quantized it. */
  static Model reference(Context context, String technique) {
    Model reference = context.reference();
    if (reference == null) {
      throw new BadInputException(
          "%s: nothing was quantized before it (expected: one recipe, for the floating-point model, with an int8 technique and %1$s)"
              .formatted(technique));
    }
    return reference;
  }

  /** The quantized layers, in the graph's order; those that cannot be treated are refused. */
  static List<Counterpart> all(
      Model reference, Model quantized, Targets.Chosen chosen, Evidence evidence) {
    Map<String, Node> byName = new HashMap<>();
    for (Node node : quantized.graph().nodes()) {
      byName.put(node.name(), node);
    }
    List<Counterpart> found = new ArrayList<>();
    for (Node node : reference.graph().nodes()) {
      Node now = byName.get(node.name());
      boolean asked = Layer.isOne(node) && node.input(1).constant() != null && !chosen.leaves(node);
      if (!asked || node.name().isEmpty() || now == null || isReal(now)) {
        continue; // not a layer, or not quantized
      }
      QuantizedLayer layer = QuantizedLayer.of(now);
      String reason =
          chosen.excludes(node)
              ? "excluded by the recipe"
              : layer == null
                  ? "quantized in a form that is not known: " + now.opType()
                  : unfit(node);
      if (reason != null || layer == null) {
        evidence.refuse(node, String.valueOf(reason));
      } else {
        found.add(new Counterpart(node, layer));
      }
    }
    return found;
  }

  private static boolean isReal(Node node) {
    Tensor weight = Layer.isOne(node) ? node.input(1).constant() : null;
    return weight != null && weight.type() == DataType.FLOAT;
  }

  private static @Nullable String unfit(Node node) {
    boolean plain =
        node.intAttribute("transA", 0) == 0
            && node.floatAttribute("alpha", 1) == 1
            && node.floatAttribute("beta", 1) == 1;
    String reason =
        plain
            ? Targets.unfitWeight(Targets.constant(node.input(1)), node.is("Conv") ? 0 : 2)
            : "transA, alpha or beta is set";
    return reason == null ? Patches.unfit(node) : reason;
  }

  /** The original weight by output channel, in the order of {@link Patches}. */
  double[][] weights() {
    Tensor tensor = Targets.constant(original.input(1));
    double[] values = tensor.toDoubles();
    int rows = layer.rows();
    int width = values.length / rows;
    boolean columns = !original.is("Conv") && original.intAttribute("transB", 0) == 0;
    double[][] weights = new double[rows][width];
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < width; j++) {
        weights[r][j] = values[columns ? j * rows + r : r * width + j];
      }
    }
    return weights;
  }

  /** The original bias, that of an Add behind a MatMul too; zeros where there is none. */
  double[] bias() {
    Value held = original.inputOrNull(2);
    if (held == null && original.is("MatMul") && original.output().users().size() == 1) {
      Node add = original.output().users().getFirst().node();
      for (int i = 0; add.is("Add") && i < 2 && held == null; i++) {
        held = add.input(i).constant() == null ? null : add.input(i);
      }
    }
    Tensor tensor = held == null ? null : held.constant();
    return tensor == null || tensor.size() != layer.rows()
        ? new double[layer.rows()]
        : tensor.toDoubles();
  }

  /** Activations that the quantized layer takes, as real numbers. */
  NdArray real(NdArray activations) {
    float[] code = layer.dataCode();
    if (code[0] == 1 && code[1] == 0) {
      return activations;
    }
    float[] values = activations.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = code[0] * (values[i] - code[1]);
    }
    return NdArray.floats(values, activations.shape());
  }
}
