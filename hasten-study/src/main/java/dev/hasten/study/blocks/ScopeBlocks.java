package dev.hasten.study.blocks;

import dev.hasten.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Blocks by scope: the outermost numbered part of {@code /encoder/layer.3/attention/MatMul}. */
final class ScopeBlocks {
  private static final Pattern NUMBERED = Pattern.compile("(.*?[^\\d])?(\\d+)");

  private ScopeBlocks() {}

  private record Place(String family, String name) {}

  static List<Block> find(List<Node> nodes) {
    Map<String, Set<String>> instances = new HashMap<>();
    for (Node node : nodes) {
      for (Place place : places(node.name())) {
        instances.computeIfAbsent(place.family(), f -> new HashSet<>()).add(place.name());
      }
    }
    Map<Place, List<Node>> members = new LinkedHashMap<>();
    for (Node node : nodes) {
      places(node.name()).stream()
          .filter(place -> instances.getOrDefault(place.family(), Set.of()).size() > 1)
          .findFirst()
          .ifPresent(place -> members.computeIfAbsent(place, p -> new ArrayList<>()).add(node));
    }
    List<Block> blocks = new ArrayList<>();
    members.forEach((place, inside) -> {
      // A scope of one node is an operator with a number, not a block.
      if (inside.size() > 1) {
        blocks.add(new Block(place.family(), place.name(), inside));
      }
    });
    Map<String, Integer> left = new HashMap<>();
    blocks.forEach(b -> left.merge(b.family(), 1, Integer::sum));
    return blocks.stream().filter(b -> left.getOrDefault(b.family(), 0) > 1).toList();
  }

  /** Every numbered scope of a name, outermost first; the last part is the node's own. */
  private static List<Place> places(String name) {
    List<Place> places = new ArrayList<>();
    for (int end = name.indexOf('/', 1); end >= 0; end = name.indexOf('/', end + 1)) {
      int start = name.lastIndexOf('/', end - 1) + 1;
      Matcher part = NUMBERED.matcher(name.substring(start, end));
      if (part.matches()) {
        String head = part.group(1) == null ? "" : part.group(1);
        places.add(new Place(name.substring(0, start) + head + "*", name.substring(0, end)));
      }
    }
    return places;
  }
}
