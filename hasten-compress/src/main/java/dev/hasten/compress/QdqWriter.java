package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts nodes between QuantizeLinear and DequantizeLinear, the form in which a runtime recognizes
 * what to compute in integers. The dequantized value keeps the name of the original.
 */
final class QdqWriter {
  private final Graph graph;
  private final Map<Value, ActivationCode> codes;

  /** Newer than the standard operators of the model's opset. */
  private final String domain;

  /** By what they dequantize; shared by their readers. */
  private final Map<Value, Value> pairs = new HashMap<>();

  /** The dequantized outputs of what has been written. */
  private final Set<Value> outputs = new HashSet<>();

  /**
   * @param codes of every value that the nodes to be written read or make as integers
   * @param domain of QuantizeLinear and DequantizeLinear for activations
   */
  QdqWriter(Graph graph, Map<Value, ActivationCode> codes, String domain) {
    this.graph = graph;
    this.codes = new HashMap<>(codes);
    this.domain = domain;
  }

  /**
   * Rewrites one node; those before it in the graph's order come first.
   *
   * @param weight of a product or convolution
   */
  void write(Node node, IntegerRegion.Role role, @Nullable LayerWeight weight) {
    ActivationCode first = code(node.input(0));
    ActivationCode result =
        switch (role) {
          case PRODUCT -> null;
          case INTEGER_PRODUCT, COMPUTE -> code(IntegerRegion.end(node));
          case MOVE -> first;
        };
    int data = IntegerRegion.dataInputs(node).size();
    for (int i = 0; i < data; i++) {
      graph.setInput(node, i, input(node.input(i)));
    }
    if (weight != null) {
      weigh(node, weight, first);
    }
    if (result != null) {
      if (role == IntegerRegion.Role.MOVE) {
        for (Value output : List.copyOf(node.outputs())) {
          quantizeOutput(output, result);
        }
      } else {
        unfold(node);
        quantizeOutput(node.output(), result);
      }
    }
  }

  private ActivationCode code(Value value) {
    ActivationCode code = codes.get(value);
    if (code == null) {
      throw new IllegalStateException("no scale for '" + value.name() + "'");
    }
    return code;
  }

  private Value input(Value value) {
    if (outputs.contains(value)) {
      return value;
    }
    Tensor constant = value.constant();
    if (constant != null) {
      return constant(value, constant);
    }
    // The runtime's rewrite of signed activations skips what has several readers.
    return ActivationCode.isSigned(code(value).type())
        ? pair(value, value.name(), code(value))
        : pairs.computeIfAbsent(value, v -> pair(v, v.name(), code(v)));
  }

  private Value constant(Value value, Tensor constant) {
    float[] numbers = constant.toFloats();
    double low = 0;
    double high = 0;
    for (float x : numbers) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }

    DataType type = codes.values().iterator().next().type();
    ActivationCode code = ActivationCode.of(new RangeRule.Range(low, high), type, false);
    if (code == null) { // zeros: any scale does
      code = ActivationCode.of(new RangeRule.Range(0, 1), type, false);
    }
    if (code == null) {
      throw new IllegalStateException("no code for [0, 1]");
    }
    long[] dims = constant.dims().stream().mapToLong(Long::longValue).toArray();
    String base = value.name();
    Value q = graph.addInitializer(base + "_q", code.encode(numbers, dims));
    return op(
        base + "_dq",
        "DequantizeLinear",
        List.of(q, code.addScale(graph, base), code.addZero(graph, base)));
  }

  private Value pair(Value value, String base, ActivationCode code) {
    Value scale = code.addScale(graph, base);
    Value zero = code.addZero(graph, base);
    Value q = op(base + "_q", "QuantizeLinear", List.of(value, scale, zero));
    return op(base + "_dq", "DequantizeLinear", List.of(q, scale, zero));
  }

  private Value op(String name, String operator, List<Value> inputs) {
    return graph.add(domain, operator, inputs, Map.of(), List.of(name)).output();
  }

  /** Removes the Relus and Clips behind a node. */
  private void unfold(Node node) {
    for (Node folded : IntegerRegion.folded(node).reversed()) {
      String name = folded.output().name();
      Value before = folded.input(0);
      graph.replaceUses(folded.output(), before);
      graph.remove(folded);
      if (!before.name().equals(name) && graph.find(name) == null) {
        graph.rename(before, name);
      }
    }
  }

  /** Everybody who reads the output reads it dequantized, under its old name. */
  private void quantizeOutput(Value output, ActivationCode code) {
    if (output.isOmitted() || !output.isUsed()) {
      return;
    }
    String name = output.name();
    // What the pair reads must not be what it replaces: a stand-in takes the place meanwhile.
    Value fresh = graph.addInitializer(name + "_float", Tensor.scalar(0f));
    Value result = pair(fresh, name, code);
    graph.replaceUses(output, result);
    graph.replaceUses(fresh, output);
    graph.remove(fresh);
    if (!result.name().equals(name)) {
      String free = graph.uniqueName(name + "_float");
      if (graph.find(name) == output) {
        graph.rename(output, free);
      }
      graph.rename(result, name);
    }
    outputs.add(result);
    codes.put(result, code);
  }

  private void weigh(Node node, LayerWeight weight, ActivationCode input) {
    Value original = node.input(1);
    String base = original.name();
    Value scale = graph.addInitializer(base + "_scale", weight.scaleTensor());
    Value dq =
        graph.op(
            base + "_dq",
            "DequantizeLinear",
            List.of(
                graph.addInitializer(base + "_q", weight.tensor()),
                scale,
                graph.addInitializer(base + "_zero", weight.zeroTensor())),
            weight.axisAttribute());
    graph.setInput(node, 1, dq);
    Value bias = node.inputOrNull(2);
    if (bias == null) {
      return;
    }
    String name = bias.name();
    LayerWeight.Bias integers = weight.bias(Targets.constant(bias).toFloats(), input.scale());
    List<Value> inputs = new ArrayList<>();
    inputs.add(graph.addInitializer(name + "_q", integers.codes()));
    inputs.add(graph.addInitializer(name + "_scale", integers.scales()));
    graph.setInput(
        node,
        2,
        graph.op(
            name + "_dq",
            "DequantizeLinear",
            inputs,
            integers.scales().rank() == 0 ? Map.of() : Map.of("axis", new Attribute.Int(0))));
  }
}
