package dev.hasten.study;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which inner values of two models are the same value. Techniques keep the names of what they leave
 * alone; what stands for a replaced value carries its name with an ending that tells how it was
 * made.
 */
final class LayerMatch {
  /** Endings of values that stand for the one of the plain name, in the order of preference. */
  private static final List<String> ENDINGS =
      List.of("scaled", "row", "sum", "dq", "DequantizeLinear_Output", "dequantized", "q");

  private static final Pattern ENDING =
      Pattern.compile("(.+)_(" + String.join("|", ENDINGS) + ")(_\\d+)?");

  /** Operators whose inputs have few bits: what follows them was computed with these. */
  private static final Set<String> FEW_BITS =
      Set.of(
          "MatMulInteger",
          "ConvInteger",
          "QLinearMatMul",
          "QLinearConv",
          "QGemm",
          "QAttention",
          "DequantizeLinear",
          "MatMulIntegerToFloat",
          "DynamicQuantizeMatMul",
          "DynamicQuantizeLSTM",
          "MatMulNBits");

  private final Map<String, Value> byName = new LinkedHashMap<>();
  private final Map<String, List<String>> above = new HashMap<>();
  private final List<String> unmatched = new ArrayList<>();

  /** Matches the computed values of the main graphs. */
  LayerMatch(Graph a, Graph b) {
    Map<String, Value> candidates = new HashMap<>();
    Map<String, Integer> ranks = new HashMap<>();
    for (Node node : b.nodes()) {
      for (Value value : node.outputs()) {
        String name = value.name();
        int rank = 0;
        while (a.find(name) == null) {
          Matcher ending = ENDING.matcher(name);
          if (!ending.matches()) {
            break;
          }
          name = ending.group(1);
          rank += 1 + ENDINGS.indexOf(ending.group(2));
        }
        if (!value.isOmitted() && rank <= ranks.getOrDefault(name, Integer.MAX_VALUE)) {
          ranks.put(name, rank);
          candidates.put(name, value);
        }
      }
    }
    for (Node node : a.nodes()) {
      for (Value value : node.outputs()) {
        Value other = candidates.get(value.name());
        if (value.isOmitted() || value.constant() != null) {
          continue;
        }
        if (other == null || other.constant() != null) {
          unmatched.add(value.name());
        } else {
          byName.put(value.name(), other);
        }
      }
    }
    byName.keySet().forEach(name -> above.put(name, above(a.value(name))));
  }

  /** The original's values in its order, each with the other model's. */
  Map<String, Value> values() {
    return byName;
  }

  /** Values of the original for which the other model has nothing. */
  List<String> unmatched() {
    return unmatched;
  }

  /** The matched values from which a matched value is computed, through unmatched ones. */
  List<String> inputs(String name) {
    return above.getOrDefault(name, List.of());
  }

  private List<String> above(Value value) {
    Set<String> found = new LinkedHashSet<>();
    Set<Value> seen = new HashSet<>();
    Deque<Value> open = new ArrayDeque<>(parents(value));
    while (!open.isEmpty()) {
      Value next = open.poll();
      if (!seen.add(next)) {
        continue;
      }
      if (byName.containsKey(next.name())) {
        found.add(next.name());
      } else {
        open.addAll(parents(next));
      }
    }
    return List.copyOf(found);
  }

  /** Whether the other model computes the value, from the last matched ones on, in few bits. */
  boolean fewBits(String name) {
    Value value = byName.get(name);
    Set<Value> matched = Set.copyOf(byName.values());
    Set<Value> seen = new HashSet<>();
    Deque<Value> open = new ArrayDeque<>();
    if (value != null) {
      open.add(value);
    }
    while (!open.isEmpty()) {
      Value next = open.poll();
      Node producer = next.producer();
      if (producer == null || !seen.add(next) || (next != value && matched.contains(next))) {
        continue;
      }
      if (FEW_BITS.contains(producer.opType())) {
        return true;
      }
      open.addAll(parents(next));
    }
    return false;
  }

  private static List<Value> parents(@Nullable Value value) {
    Node producer = value == null ? null : value.producer();
    List<Value> parents = new ArrayList<>();
    if (producer != null) {
      for (Value input : producer.inputs()) {
        if (input != null && !input.isOmitted()) {
          parents.add(input);
        }
      }
    }
    return parents;
  }
}
