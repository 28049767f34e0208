package dev.hasten.study.picture;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.OpFacts;
import dev.hasten.graph.Shape;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import dev.hasten.study.picture.Picture.PictureGroup;
import dev.hasten.study.picture.Picture.PictureNode;
import dev.hasten.study.picture.Picture.PictureValue;
import dev.hasten.study.picture.Picture.PictureWeight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Numbers nodes and values, and says what there is to say of each. */
final class PictureBuilder {
  private static final int LONGEST_LIST = 12;

  private final Model model;
  private final String title;
  private final Map<String, Double> micros;
  private final Shapes shapes;
  private final Map<Node, Integer> nodes = new LinkedHashMap<>();
  private final Map<Value, Integer> values = new LinkedHashMap<>();
  private final Set<Value> counted = new HashSet<>();

  PictureBuilder(Model model, String title, Map<String, Double> micros) {
    this.model = model;
    this.title = title;
    this.micros = micros;
    this.shapes = ShapeInference.infer(model);
  }

  Picture build() {
    number(model.graph());
    List<PictureNode> drawn = new ArrayList<>();
    nodes.keySet().forEach(node -> drawn.add(node(node)));
    List<PictureValue> flowing = new ArrayList<>();
    values.keySet().forEach(value -> flowing.add(value(value)));
    List<PictureGroup> groups = new PictureGroups(nodes, values).of(model.graph());
    return new Picture(title, facts(), drawn, flowing, groups, !micros.isEmpty());
  }

  private void number(Graph graph) {
    graph.inputs().stream().filter(v -> !v.isInitializer()).forEach(this::number);
    for (Node node : graph.nodes()) {
      if (!node.is("Constant")) {
        nodes.put(node, nodes.size());
        node.outputs().stream().filter(v -> !v.isOmitted()).forEach(this::number);
        node.subgraphs().forEach(this::number);
      }
    }
  }

  private void number(Value value) {
    values.putIfAbsent(value, values.size());
  }

  private PictureNode node(Node node) {
    List<PictureWeight> weights = new ArrayList<>();
    long bytes = 0;
    Set<Integer> in = new LinkedHashSet<>();
    for (Value input : node.inputs()) {
      if (input == null) {
        continue;
      }
      Tensor tensor = input.constant() != null ? input.constant() : input.initializer();
      if (tensor != null) {
        weights.add(new PictureWeight(input.name(), tensor.toString(), tensor.byteSize()));
        bytes += counted.add(input) ? tensor.byteSize() : 0;
      } else if (values.containsKey(input)) {
        in.add(values.get(input));
      }
    }
    List<Integer> out =
        node.outputs().stream().filter(values::containsKey).map(values::get).toList();
    List<String> attributes = new ArrayList<>();
    node.attributes()
        .forEach((key, attribute) -> {
          String text = text(attribute);
          if (!text.isEmpty()) {
            attributes.add(key + " = " + text);
          }
        });
    String operator = node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
    return new PictureNode(
        node.name().isEmpty() && !node.outputs().isEmpty() ? node.output().name() : node.name(),
        operator,
        OpFacts.of(node, shapes).kind().name().toLowerCase(Locale.ROOT),
        List.copyOf(in),
        out,
        attributes,
        weights,
        bytes,
        micros.get(node.name()));
  }

  private PictureValue value(Value value) {
    List<Integer> to = new ArrayList<>();
    for (Use use : value.users()) {
      Integer reader = nodes.get(use.node());
      if (reader != null && !to.contains(reader)) {
        to.add(reader);
      }
    }
    DataType type = shapes.type(value);
    Shape shape = shapes.shape(value);
    Node producer = value.producer();
    return new PictureValue(
        value.name(),
        (type == null ? "?" : type.toString()) + (shape == null ? "" : shape.toString()),
        producer == null ? -1 : nodes.getOrDefault(producer, -1),
        to);
  }

  private List<String> facts() {
    Map<String, Integer> counts = new HashMap<>();
    nodes.keySet().forEach(n -> counts.merge(n.opType(), 1, Integer::sum));
    List<String> facts = new ArrayList<>();
    facts.add("%,d nodes, %d operators".formatted(nodes.size(), counts.size()));
    facts.add("%,d parameters".formatted(model.parameters()));
    facts.add("%.1f MB of weights".formatted(model.weightBytes() / 1e6));
    facts.add("opset " + model.opset());
    if (!model.producer().isBlank()) {
      facts.add("made by " + model.producer());
    }
    return facts;
  }

  /** Empty for subgraphs, which are drawn. */
  private static String text(Attribute attribute) {
    return switch (attribute) {
      case Attribute.Int(long v) -> Long.toString(v);
      case Attribute.Real(float v) -> Float.toString(v);
      case Attribute.Text(String v) -> v.length() > 60 ? v.substring(0, 60) + "…" : v;
      case Attribute.Ints(List<Long> v) -> list(v);
      case Attribute.Reals(List<Float> v) -> list(v);
      case Attribute.Texts(List<String> v) -> list(v);
      case Attribute.TensorAttr(Tensor v) -> v.toString();
      case Attribute.GraphAttr _, Attribute.GraphsAttr _ -> "";
      case Attribute other -> other.getClass().getSimpleName();
    };
  }

  private static String list(List<?> list) {
    return list.size() <= LONGEST_LIST
        ? list.toString()
        : list.subList(0, LONGEST_LIST) + " and " + (list.size() - LONGEST_LIST) + " more";
  }
}
