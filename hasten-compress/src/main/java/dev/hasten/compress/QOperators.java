package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns QDQ form into operators on integers, what a runtime does on loading:
 *
 * <pre>{@code
 * QuantizeLinear(Conv(DequantizeLinear(x), DequantizeLinear(w)))   becomes   QLinearConv(x, w)
 * }</pre>
 *
 * with the scales and zero points as inputs. Those of {@code com.microsoft} are ONNX Runtime's.
 */
final class QOperators {
  private final Graph graph;

  private QOperators(Graph graph) {
    this.graph = graph;
  }

  /** Rewrites in place whatever stands between its DequantizeLinears and QuantizeLinears. */
  static void rewrite(Model model) {
    if (!model.opsets().containsKey(Node.MICROSOFT)) {
      model.setOpset(Node.MICROSOFT, 1);
    }
    QOperators pass = new QOperators(model.graph());
    model.graph().nodes().forEach(pass::rewrite);
    model.graph().removeDead();
  }

  /** What a DequantizeLinear reads, or a QuantizeLinear makes, with scale and zero point. */
  private record Code(Value value, Value scale, @Nullable Value zero) {
    void addTo(List<@Nullable Value> inputs) {
      inputs.add(value);
      inputs.add(scale);
      inputs.add(zero);
    }
  }

  private void rewrite(Node node) {
    if (node.isRemoved() || !node.domain().isEmpty() || node.inputs().isEmpty()) {
      return;
    }
    List<Code> sources = new ArrayList<>();
    for (Value input : node.inputs()) {
      Code code = input == null ? null : read(input);
      if (code != null) {
        sources.add(code);
      }
    }
    if (sources.isEmpty() || read(node.input(0)) == null) {
      return;
    }
    Code result = written(node);
    if (IntegerRegion.MOVING.contains(node.opType())) {
      move(node, sources.getFirst());
    } else if (sources.size() == node.inputs().size()) {
      compute(node, sources, result);
    }
  }

  private static @Nullable Code read(Value value) {
    Node producer = value.producer();
    return producer != null && producer.is("DequantizeLinear")
        ? new Code(producer.input(0), producer.input(1), producer.inputOrNull(2))
        : null;
  }

  private static @Nullable Code written(Node node) {
    return written(node.output());
  }

  private static @Nullable Code written(Value output) {
    if (output.isOutput() || output.users().size() != 1) {
      return null;
    }
    Node user = output.users().getFirst().node();
    return user.is("QuantizeLinear") && user.input(0) == output
        ? new Code(user.output(), user.input(1), user.inputOrNull(2))
        : null;
  }

  private void move(Node node, Code source) {
    List<Value> outputs = node.outputs().stream().filter(Value::isUsed).toList();
    if (outputs.stream().anyMatch(output -> written(output) == null)) {
      return;
    }
    graph.setInput(node, 0, source.value());
    for (Value output : outputs) {
      Code result = written(output);
      if (result != null) {
        replace(result.value(), output);
      }
    }
  }

  private void compute(Node node, List<Code> sources, @Nullable Code result) {
    List<@Nullable Value> inputs = new ArrayList<>();
    Map<String, Attribute> attributes = new HashMap<>(node.attributes());
    String domain = Node.MICROSOFT;
    String operator = "QLinear" + node.opType();
    switch (node.opType()) {
      case "Conv", "MatMul" -> {
        sources.get(0).addTo(inputs);
        sources.get(1).addTo(inputs);
        domain = "";
        if (result == null && node.is("MatMul")) {
          operator = "MatMulIntegerToFloat";
          domain = Node.MICROSOFT;
          inputs.clear();
          Code a = sources.get(0);
          Code b = sources.get(1);
          inputs.addAll(List.of(a.value(), b.value(), a.scale(), b.scale()));
          inputs.add(a.zero());
          inputs.add(b.zero());
        }
      }
      case "Gemm" -> {
        operator = "QGemm";
        attributes.remove("beta");
        sources.get(0).addTo(inputs);
        sources.get(1).addTo(inputs);
        inputs.add(sources.size() > 2 ? sources.get(2).value() : null);
      }
      case "Softmax" -> {
        attributes.put("opset", new Attribute.Int(13));
        sources.getFirst().addTo(inputs);
      }
      case "Concat" -> sources.forEach(source -> source.addTo(inputs));
      default -> {
        if (!IntegerRegion.COMPUTING.contains(node.opType())) {
          return;
        }
        sources.forEach(source -> source.addTo(inputs));
      }
    }
    if (result == null) {
      if (!node.is("MatMul") && !node.is("Gemm")) {
        return;
      }
      while (inputs.getLast() == null) {
        inputs.removeLast();
      }
      finish(node, domain, operator, inputs, attributes, node.output());
      return;
    }
    if (node.is("Concat")) {
      inputs.add(0, result.scale());
      inputs.add(1, result.zero());
    } else {
      inputs.add(result.scale());
      inputs.add(result.zero());
    }
    if (node.is("Conv") && sources.size() > 2) {
      inputs.add(sources.get(2).value());
    }
    finish(node, domain, operator, inputs, attributes, result.value());
  }

  private void finish(
      Node node,
      String domain,
      String operator,
      List<@Nullable Value> inputs,
      Map<String, Attribute> attributes,
      Value old) {
    String name = node.name();
    Node integer =
        graph.add(domain, operator, inputs, attributes, List.of(node.output().name() + "_int"));
    replace(old, integer.output());
    if (!node.isRemoved()) {
      graph.remove(node);
    }
    graph.rename(integer, name);
  }

  /** Everybody who reads {@code old} reads {@code by}; what made {@code old} goes. */
  private void replace(Value old, Value by) {
    Node producer = old.producer();
    graph.replaceUses(old, by);
    if (producer != null) {
      graph.remove(producer);
    }
  }
}
