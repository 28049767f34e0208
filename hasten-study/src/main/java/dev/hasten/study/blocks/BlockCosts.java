package dev.hasten.study.blocks;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Shares a profile's time out among the blocks. */
public final class BlockCosts {
  private static final String OTHER = "(other)";

  private BlockCosts() {}

  /**
   * The cost of each block in the graph's order, the rest last. The runtime renames what it fuses,
   * mostly by appending to the name of a node or of its output: the longest known beginning tells
   * the block. What is named anew is counted where its neighbours in the run are.
   */
  public static List<BlockCost> of(Model model, Blocks blocks, OperatorProfile profile) {
    Map<String, String> known = new HashMap<>();
    for (Node node : model.graph().nodes()) {
      String block = blocks.of(node).map(Block::name).orElse(OTHER);
      node.outputs().forEach(output -> known.putIfAbsent(output.name(), block));
    }
    for (Node node : model.graph().nodes()) {
      known.put(node.name(), blocks.of(node).map(Block::name).orElse(OTHER));
    }
    known.remove("");
    Map<String, Long> nanos = new HashMap<>();
    List<NodeTime> run =
        profile.nodes().stream().sorted(Comparator.comparingInt(NodeTime::order)).toList();
    String before = OTHER;
    for (int i = 0; i < run.size(); i++) {
      String block = lookUp(known, run.get(i).node());
      if (block == null) {
        block = before;
      } else {
        before = block;
      }
      nanos.merge(block, run.get(i).perRun().toNanos(), Long::sum);
    }
    return costs(model, blocks, nanos);
  }

  private static @Nullable String lookUp(Map<String, String> known, String name) {
    for (int end = name.length(); end > 1; end--) {
      String block = known.get(name.substring(0, end));
      if (block != null) {
        return block;
      }
    }
    return null;
  }

  private static List<BlockCost> costs(Model model, Blocks blocks, Map<String, Long> nanos) {
    Map<String, List<Node>> members = new LinkedHashMap<>();
    Map<String, String> families = new HashMap<>();
    for (Block block : blocks.all()) {
      members.put(block.name(), block.nodes());
      families.put(block.name(), block.family());
    }
    members.put(
        OTHER,
        model.graph().nodes().stream()
            .filter(n -> !n.is("Constant") && blocks.of(n).isEmpty())
            .toList());
    double all = Math.max(1, nanos.values().stream().mapToLong(Long::longValue).sum());
    Set<Value> counted = new HashSet<>();
    List<BlockCost> costs = new ArrayList<>();
    members.forEach((name, nodes) -> {
      long time = nanos.getOrDefault(name, 0L);
      costs.add(
          new BlockCost(
              name,
              families.getOrDefault(name, ""),
              nodes.size(),
              parameters(nodes, counted),
              Duration.ofNanos(time),
              time / all));
    });
    return List.copyOf(costs);
  }

  private static long parameters(List<Node> nodes, Set<Value> counted) {
    long sum = 0;
    for (Node node : nodes) {
      for (Value input : node.inputs()) {
        Tensor weight = input == null ? null : input.constant();
        if (input != null && weight != null && counted.add(input)) {
          sum += weight.size();
        }
      }
    }
    return sum;
  }
}
