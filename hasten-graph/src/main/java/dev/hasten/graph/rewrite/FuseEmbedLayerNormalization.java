package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Dim;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The first layer of an encoder becomes one operator.
 *
 * <pre>
 * LayerNormalization(words[ids] + types[typeIds] + positions[0 … seq−1], γ, β, ε)
 * com.microsoft.EmbedLayerNormalization(ids, typeIds, words, positions, types, γ, β; ε)
 * ids, typeIds [batch,seq] → [batch,seq,n]
 * </pre>
 *
 * The types are optional; the three may be added in any order. Positions that are not counted up
 * from 0 stay as they are. Devlin et al. 2019.
 */
final class FuseEmbedLayerNormalization implements Rule {
  /** One lookup: {@code Gather(table[rows,n], index)}. */
  private record Lookup(Value table, Value index, boolean positions) {
    long rows() {
      return Objects.requireNonNull(table.constant()).dim(0);
    }
  }

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Node add = node.is("", "LayerNormalization") ? node.input(0).producer() : null;
    if (add == null || !add.is("", "Add")) {
      return Outcome.none();
    }
    List<Lookup> lookups = new ArrayList<>();
    if (!collect(node.input(0), node, lookups, rewrite) || lookups.size() > 3) {
      return Outcome.none();
    }
    List<Lookup> positions = lookups.stream().filter(Lookup::positions).toList();
    // Of words and types, both lookups alike, the words have the larger table.
    List<Lookup> tokens =
        lookups.stream()
            .filter(lookup -> !lookup.positions())
            .sorted(Comparator.comparingLong(lookup -> -lookup.rows()))
            .toList();
    String reason = reason(node, positions, tokens, rewrite);
    if (reason != null) {
      return Outcome.refused(reason);
    }
    Lookup words = tokens.getFirst();
    Lookup types = tokens.size() > 1 ? tokens.get(1) : null;
    List<@Nullable Value> inputs =
        Arrays.asList(
            Casts.toInt32(words.index, node, rewrite),
            types == null ? null : Casts.toInt32(types.index, node, rewrite),
            words.table,
            positions.getFirst().table,
            types == null ? null : types.table,
            node.input(1),
            node.input(2));
    Value fused =
        rewrite
            .addNode(
                node,
                Node.MICROSOFT,
                "EmbedLayerNormalization",
                inputs,
                Map.of("epsilon", Attribute.of(node.floatAttribute("epsilon", 1e-5f))),
                // The count of attended tokens is not optional, and not used.
                List.of(node.output().name() + "/Embed", node.output().name() + "/counts"))
            .output(0);
    rewrite.replaceAndSweep(node.output(), fused);
    return Outcome.changed(
        lookups.size()
            + " lookups and LayerNormalization become com.microsoft.EmbedLayerNormalization");
  }

  /** The lookups that a sum consists of; false where something else is in it. */
  private static boolean collect(Value sum, Node at, List<Lookup> into, Rewrite rewrite) {
    Node node = sum.producer();
    if (node == null || node.graph() != at.graph() || sum.isOutput() || sum.users().size() > 1) {
      return false;
    }
    if (node.is("", "Add")) {
      return collect(node.input(0), at, into, rewrite) && collect(node.input(1), at, into, rewrite);
    }
    Tensor table = node.is("", "Gather") ? node.input(0).constant() : null;
    if (table == null
        || table.rank() != 2
        || table.type() != DataType.FLOAT
        || node.intAttribute("axis", 0) != 0) {
      return false;
    }
    Value index = node.input(1);
    into.add(new Lookup(node.input(0), index, isCounting(index)));
    return true;
  }

  private static @Nullable String reason(
      Node node, List<Lookup> positions, List<Lookup> tokens, Rewrite rewrite) {
    if (positions.size() != 1 || tokens.isEmpty()) {
      return "%d of its lookups count up from 0 (expected: 1, the positions)"
          .formatted(positions.size());
    }
    Shape ids = rewrite.shape(tokens.getFirst().index);
    if (ids == null || ids.rank() != 2) {
      return "the ids are %s (expected: [batch,seq])".formatted(ids);
    }
    for (Lookup lookup : tokens) {
      if (!ids.equals(rewrite.shape(lookup.index))) {
        return "the ids are %s and %s (expected: the same)"
            .formatted(ids, rewrite.shape(lookup.index));
      }
    }
    if (!reaches(positions.getFirst().index, ids.dim(1), rewrite)) {
      return "the positions do not end with the ids, " + ids;
    }
    Shape sum = rewrite.shape(node.input(0));
    if (sum == null || sum.rank() != 3) {
      // Positions of a higher rank would lift the sum's.
      return "the sum is %s (expected: [batch,seq,width])".formatted(sum);
    }
    long axis = node.intAttribute("axis", -1);
    if (axis != -1 && axis != 2 || node.inputOrNull(2) == null) {
      return "normalized from axis %d, %s shift (expected: the last only, with one)"
          .formatted(axis, node.inputOrNull(2) == null ? "without" : "with");
    }
    return node.outputs().stream().skip(1).anyMatch(Value::isUsed)
        ? "mean or deviation is used elsewhere"
        : null;
  }

  /** Whether the value is 0, 1, 2 … along its last axis, or the first so many of these. */
  private static boolean isCounting(Value value) {
    Tensor constant = value.constant();
    if (constant == null) {
      Node slice = value.producer();
      if (slice == null || !slice.is("", "Slice") || slice.input(0).constant() == null) {
        return false;
      }
      Tensor axes = constantInput(slice, 3);
      int rank = slice.input(0).constant().rank();
      return isCounting(slice.input(0))
          && all(constantInput(slice, 1), 0)
          && (axes == null ? rank == 1 : all(axes, rank - 1) || all(axes, -1))
          && (slice.inputOrNull(4) == null || all(constantInput(slice, 4), 1));
    }
    if (!constant.type().isInteger() || constant.rank() == 0) {
      return false;
    }
    long[] numbers = constant.toLongs();
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] != i) { // also where another axis than the last is longer than 1
        return false;
      }
    }
    return true;
  }

  private static @Nullable Tensor constantInput(Node node, int index) {
    Value value = node.inputOrNull(index);
    return value == null ? null : value.constant();
  }

  private static boolean all(@Nullable Tensor tensor, long number) {
    return tensor != null && tensor.size() == 1 && tensor.toLongs()[0] == number;
  }

  /** Whether there are as many positions as ids. */
  private static boolean reaches(Value positions, Dim length, Rewrite rewrite) {
    Node slice = positions.producer();
    if (slice != null && slice.is("", "Slice")) {
      return List.of(length).equals(rewrite.content(slice.input(2)));
    }
    Shape shape = rewrite.shape(positions);
    return shape != null && shape.dim(-1).equals(length);
  }
}
