package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Slices that together make up the whole are one Split.
 *
 * <pre>
 * x[…,0:64], x[…,64:128], x[…,128:192]     of x[…,192]
 * Split(x, [64, 64, 64], axis −1)
 * </pre>
 */
final class SplitSlices implements Rule {
  private record Piece(Node slice, long from, long to) {}

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    Cut first = Cut.of(node, rewrite);
    // Slices of a constant fold, a Split would not.
    if (first == null || node.input(0).constant() != null) {
      return Outcome.none();
    }
    Value x = node.input(0);
    List<Piece> pieces = new ArrayList<>();
    for (Use use : x.users()) {
      Node other = use.node();
      Cut cut = other.graph() == node.graph() && use.input() == 0 ? Cut.of(other, rewrite) : null;
      if (cut != null && cut.axis() == first.axis()) {
        pieces.add(new Piece(other, cut.from(), cut.to()));
      }
    }
    pieces.sort(Comparator.comparingLong(Piece::from));
    long at = 0;
    for (Piece piece : pieces) {
      if (piece.from != at || piece.to <= piece.from) {
        return Outcome.none();
      }
      at = piece.to;
    }
    if (at != first.length() || pieces.size() < 2) {
      return Outcome.none();
    }
    long[] lengths = pieces.stream().mapToLong(piece -> piece.to - piece.from).toArray();
    List<String> names = pieces.stream().map(p -> p.slice.output().name() + "/part").toList();
    Node split = Splits.add(node, x, first.axis(), lengths, names, rewrite);
    for (int i = 0; i < pieces.size(); i++) {
      rewrite.replaceAndSweep(pieces.get(i).slice.output(), split.output(i));
    }
    return Outcome.changed(pieces.size() + " slices become a Split");
  }

  /** A slice along one axis of known length, in steps of one: {@code from} until {@code to}. */
  private record Cut(int axis, long length, long from, long to) {
    static @Nullable Cut of(Node node, Rewrite rewrite) {
      if (!node.is("", "Slice")) {
        return null;
      }
      SliceBounds bounds = SliceBounds.of(node, rewrite.rank(node.input(0)));
      if (bounds == null || bounds.axes().length != 1 || bounds.steps()[0] != 1) {
        return null;
      }
      int axis = bounds.axes()[0];
      long length = rewrite.fixedDim(node.input(0), axis);
      if (length < 0) {
        return null;
      }
      return new Cut(
          axis,
          length,
          SliceBounds.clamp(bounds.starts()[0], length),
          SliceBounds.clamp(bounds.ends()[0], length));
    }
  }
}
