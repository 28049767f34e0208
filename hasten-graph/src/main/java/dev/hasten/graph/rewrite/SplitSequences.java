package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of pieces that is only taken apart again is a plain Split.
 *
 * <pre>
 * s = SplitToSequence(x, [a, b, …]);  SequenceAt(s, 0), SequenceAt(s, 1), …
 * y₀, y₁, … = Split(x, [a, b, …])
 * </pre>
 */
final class SplitSequences implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "SplitToSequence")) {
      return Outcome.none();
    }
    Value x = node.input(0);
    int rank = rewrite.rank(x);
    long axis = node.intAttribute("axis", 0);
    long length = rewrite.fixedDim(x, (int) axis);
    long[] lengths = lengths(node, rank, length);
    if (lengths == null) {
      return Outcome.refused(
          "the pieces' lengths are not known (axis %d: %d)".formatted(axis, length));
    }
    Value sequence = node.output();
    if (sequence.isOutput()) {
      return Outcome.refused("the sequence is an output");
    }
    for (Use use : sequence.users()) {
      Node user = use.node();
      if (!user.is("", "SequenceAt")
          || user.graph() != node.graph()
          || position(user, lengths.length) < 0) {
        return Outcome.refused(user + " needs the sequence");
      }
    }
    List<Node> users = sequence.users().stream().map(Use::node).distinct().toList();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      names.add(sequence.name() + "/" + i);
    }
    Node split = Splits.add(node, x, axis, lengths, names, rewrite);
    for (Node user : users) {
      rewrite.replaceAndSweep(user.output(), split.output(position(user, lengths.length)));
    }
    return Outcome.changed("a sequence of " + lengths.length + " pieces becomes a Split");
  }

  private static int position(Node sequenceAt, int count) {
    Tensor index = sequenceAt.input(1).constant();
    if (index == null || index.size() != 1) {
      return -1;
    }
    long at = index.toLongs()[0];
    at += at < 0 ? count : 0;
    return at >= 0 && at < count ? (int) at : -1;
  }

  private static long @Nullable [] lengths(Node node, int rank, long length) {
    Value given = node.inputOrNull(1);
    Tensor split = given == null ? null : given.constant();
    if (rank < 1 || length <= 0 || split == null) {
      return null;
    }
    long[] values = split.toLongs();
    if (split.rank() == 1) {
      return Arrays.stream(values).allMatch(n -> n >= 0) && Arrays.stream(values).sum() == length
          ? values
          : null;
    }
    long each = values[0];
    if (each <= 0) {
      return null;
    }
    long[] out = new long[Math.toIntExact(Math.ceilDiv(length, each))];
    Arrays.fill(out, each);
    out[out.length - 1] = length - each * (out.length - 1);
    return out;
  }
}
