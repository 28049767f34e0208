package dev.hasten.graph.rewrite;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The order of axes that a Transpose makes: axis i of the result is axis {@code axes[i]} of the
 * input.
 */
record Permutation(List<Integer> axes) {
  Permutation {
    axes = List.copyOf(axes);
  }

  /** That of a Transpose, or null where neither an attribute nor the rank tells it. */
  static @Nullable Permutation of(Node transpose, int rank) {
    List<Long> perm = transpose.intsAttribute("perm");
    if (perm != null && !perm.isEmpty()) {
      return new Permutation(perm.stream().map(Long::intValue).toList());
    }
    return rank < 0
        ? null
        : new Permutation(IntStream.range(0, rank).mapToObj(i -> rank - 1 - i).toList());
  }

  /** That of the Transpose behind a value, or null if there is none. */
  static @Nullable Permutation behind(Value value, Rewrite rewrite) {
    Node node = value.producer();
    return node != null && node.is("", "Transpose") ? of(node, rewrite.rank(node.input(0))) : null;
  }

  int rank() {
    return axes.size();
  }

  int axis(int i) {
    return axes.get(i);
  }

  /** First this, then {@code next}: axis i is {@code axes[next[i]]}. */
  Permutation then(Permutation next) {
    return new Permutation(next.axes.stream().map(axes::get).toList());
  }

  /** What undoes this. */
  Permutation inverse() {
    Integer[] out = new Integer[rank()];
    for (int i = 0; i < out.length; i++) {
      out[axes.get(i)] = i;
    }
    return new Permutation(List.of(out));
  }

  boolean isIdentity() {
    return IntStream.range(0, rank()).allMatch(i -> axes.get(i) == i);
  }

  /** What remains when some axes of the result are reduced away. */
  Permutation without(List<Integer> resultAxes) {
    List<Integer> kept = new ArrayList<>();
    for (int i = 0; i < rank(); i++) {
      if (!resultAxes.contains(i)) {
        kept.add(axes.get(i));
      }
    }
    List<Integer> sorted = kept.stream().sorted().toList();
    return new Permutation(kept.stream().map(sorted::indexOf).toList());
  }

  Map<String, Attribute> attributes() {
    return Map.of("perm", Attribute.ints(axes.stream().map(Integer::longValue).toList()));
  }

  @Override
  public String toString() {
    return axes.toString();
  }
}
