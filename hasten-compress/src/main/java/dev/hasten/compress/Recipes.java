package dev.hasten.compress;

import dev.hasten.runtime.BadInputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The file format of recipes. */
final class Recipes {
  private final String source;

  private Recipes(String source) {
    this.source = source;
  }

  static Recipe parse(String text, String source) {
    return new Recipes(source).parse(text);
  }

  private Recipe parse(String text) {
    Optional<Node> root;
    try {
      root =
          new Compose(LoadSettings.builder().setLabel(source).setUseMarks(true).build())
              .composeString(text);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
      throw new BadInputException(source + ":" + line + ": not YAML: " + e.getProblem(), e);
    }
    if (root.isEmpty()) {
      return new Recipe(List.of());
    }
    if (!(root.get() instanceof SequenceNode list)) {
      throw bad(root.get(), "a list of techniques was expected, such as '- simplify'");
    }
    List<Step> steps = new ArrayList<>();
    for (Node item : list.getValue()) {
      steps.add(step(item));
    }
    return new Recipe(steps);
  }

  private Step step(Node item) {
    if (item instanceof ScalarNode name) {
      return checked(name, Map.of());
    }
    if (item instanceof MappingNode map
        && map.getValue().size() == 1
        && map.getValue().getFirst().getKeyNode() instanceof ScalarNode name) {
      return checked(name, params(map.getValue().getFirst().getValueNode(), name.getValue()));
    }
    throw bad(item, "one technique was expected, such as '- dynamic-int8:' and its parameters");
  }

  private Map<String, Located> params(Node node, String technique) {
    if (node instanceof ScalarNode scalar && scalar.getValue().isEmpty()) {
      return Map.of();
    }
    if (!(node instanceof MappingNode map)) {
      throw bad(node, technique + ": parameters were expected, such as 'range: reduced'");
    }
    Map<String, Located> params = new LinkedHashMap<>();
    for (NodeTuple entry : map.getValue()) {
      String name = scalar(entry.getKeyNode());
      Located value = new Located(entry.getKeyNode(), value(entry.getValueNode()));
      if (params.put(name, value) != null) {
        throw bad(entry.getKeyNode(), technique + ": " + name + " is given twice");
      }
    }
    return params;
  }

  private Object value(Node node) {
    if (node instanceof SequenceNode list) {
      return list.getValue().stream().map(this::scalar).toList();
    }
    return scalar(node);
  }

  private String scalar(Node node) {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw bad(node, "a single value was expected");
  }

  /** Looks the names up now, parameter by parameter, so that an error has its line. */
  private Step checked(ScalarNode name, Map<String, Located> params) {
    Map<String, Object> values = new LinkedHashMap<>();
    TechniqueInfo info = at(name, () -> Techniques.named(name.getValue()));
    params.forEach((key, located) ->
        values.put(
            key,
            at(located.node, () -> info.settings(Map.of(key, located.value)).values().get(key))));
    return new Step(name.getValue(), values);
  }

  private <T> T at(Node node, java.util.function.Supplier<T> action) {
    try {
      return action.get();
    } catch (BadInputException e) {
      throw new BadInputException(where(node) + e.getMessage(), e);
    }
  }

  private BadInputException bad(Node node, String expected) {
    return new BadInputException(where(node) + expected);
  }

  private String where(Node node) {
    return source + ":" + node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1) + ": ";
  }

  private record Located(Node node, Object value) {}

  static String write(Recipe recipe) {
    StringBuilder text = new StringBuilder();
    for (Step step : recipe.steps()) {
      text.append("- ").append(step.technique()).append(step.params().isEmpty() ? "\n" : ":\n");
      step.params()
          .forEach((key, value) -> text.append("    %s: %s\n".formatted(key, yaml(value))));
    }
    return text.isEmpty() ? "[]\n" : text.toString();
  }

  private static String yaml(Object value) {
    if (value instanceof List<?> list) {
      return "[" + String.join(", ", list.stream().map(Recipes::yaml).toList()) + "]";
    }
    String word = String.valueOf(value);
    return word.matches("[A-Za-z0-9_./][A-Za-z0-9_./-]*")
        ? word
        : '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
