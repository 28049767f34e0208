package dev.hasten.graph;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Models as text for people who debug. */
final class Describe {
  private Describe() {}

  static String model(Model model) {
    StringBuilder out = new StringBuilder(model.source());
    out.append(" (ir ").append(model.irVersion());
    model
        .opsets()
        .forEach((domain, version) ->
            out.append(", ")
                .append(domain.isEmpty() ? "ai.onnx" : domain)
                .append(' ')
                .append(version));
    out.append(")\n");
    for (Function function : model.functions()) {
      out.append("function ").append(function).append('\n');
    }
    append(out, model.graph(), "");
    return out.toString();
  }

  static String graph(Graph graph) {
    StringBuilder out = new StringBuilder();
    append(out, graph, "");
    return out.toString();
  }

  private static void append(StringBuilder out, Graph graph, String indent) {
    out.append(indent).append("graph ").append(graph.name()).append('(');
    out.append(list(graph.inputs(), true)).append(") → ").append(list(graph.outputs(), true));
    out.append('\n');
    for (Value value : graph.initializers()) {
      Tensor tensor = value.initializer();
      out.append(indent).append("  ").append(value.name()).append(" = ");
      out.append(tensor == null ? "sparse" : tensor.toString()).append('\n');
    }
    for (Node node : graph.nodes()) {
      out.append(indent).append("  ").append(list(node.outputs(), false)).append(" = ");
      out.append(node.domain().isEmpty() ? "" : node.domain() + ".").append(node.opType());
      out.append('(').append(list(node.inputs(), false)).append(')');
      String attributes =
          node.attributes().entrySet().stream()
              .filter(e -> Graph.subgraphs(e.getValue()).isEmpty())
              .map(Describe::attribute)
              .collect(Collectors.joining(", "));
      out.append(attributes.isEmpty() ? "" : " {" + attributes + "}").append('\n');
      node.forEachSubgraph(inner -> append(out, inner, indent + "    "));
    }
  }

  private static String attribute(Map.Entry<String, Attribute> entry) {
    String value =
        switch (entry.getValue()) {
          case Attribute.Int(long v) -> Long.toString(v);
          case Attribute.Real(float v) -> Float.toString(v);
          case Attribute.Text(String v) -> '"' + v + '"';
          case Attribute.Ints(List<Long> v) -> shown(v);
          case Attribute.Reals(List<Float> v) -> shown(v);
          case Attribute.Texts(List<String> v) -> shown(v);
          case Attribute.TensorAttr(Tensor v) -> v.toString();
          case Attribute.TensorsAttr(List<Tensor> v) -> shown(v);
          case Attribute.Reference(String name, int type) -> "@" + name;
          case Attribute other -> other.toString();
        };
    return entry.getKey() + "=" + value;
  }

  private static String shown(List<?> list) {
    return list.size() <= 16
        ? list.toString()
        : list.subList(0, 16).toString().replace("]", ", … " + (list.size() - 16) + " more]");
  }

  private static String list(List<? extends @Nullable Value> values, boolean typed) {
    return values.stream()
        .map(v -> v == null ? "_" : v.isOmitted() ? "_" : typed ? v.toString() : v.name())
        .collect(Collectors.joining(", "));
  }
}
