package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lengths and elements of slices, by ONNX's rules: negative counts from the end, then clamped. */
final class Slices {
  private Slices() {}

  /** The length of a slice of an axis; null if the step is 0. */
  static @Nullable Dim length(Dim axis, Dim start, Dim end, long step) {
    if (step == 0) {
      return null;
    }
    if (step > 0) {
      Dim from = position(axis, start, Dim.ZERO, axis);
      Dim to = position(axis, end, Dim.ZERO, axis);
      if (from == null || to == null) {
        return null;
      }
      return to.minus(from).ceilDiv(Dim.of(step)).max(Dim.ZERO);
    }
    Dim from = position(axis, start, Dim.ZERO, axis.minus(1));
    Dim to = position(axis, end, Dim.of(-1), axis.minus(1));
    if (from == null || to == null) {
      return null;
    }
    return from.minus(to).ceilDiv(Dim.of(-step)).max(Dim.ZERO);
  }

  private static @Nullable Dim position(Dim axis, Dim given, Dim least, Dim most) {
    if (given instanceof Dim.Fixed(long v)) {
      // The far ends of the number range mean "to the end", and would overflow below.
      if (v >= Integer.MAX_VALUE) {
        return most;
      }
      if (v <= Integer.MIN_VALUE) {
        return least;
      }
      Dim at = v < 0 ? axis.plus(v) : given;
      return at.min(most).max(least);
    }
    if (DimRules.isAtLeastZero(given)) {
      return given.min(most).max(least);
    }
    // x - 1 may count from either end, unless the axis shows which: an end no greater than the axis
    // by construction still can be -1 for an empty axis. Told only where it is the axis less a
    // number.
    Dim back = given.minus(axis);
    return back instanceof Dim.Fixed(long v) && v < 0 ? given.max(least) : null;
  }

  /** The elements of a slice; null if where it lies is not known. */
  static @Nullable Content content(Content all, Dim start, @Nullable Dim end, long step) {
    Dim axis = Dim.of(all.size());
    if (end == null
        || !(start instanceof Dim.Fixed)
        || !(length(axis, start, end, step) instanceof Dim.Fixed(long length))) {
      return null;
    }
    Dim first =
        step > 0
            ? position(axis, start, Dim.ZERO, axis)
            : position(axis, start, Dim.ZERO, axis.minus(1));
    if (!(first instanceof Dim.Fixed(long at))) {
      return null;
    }
    List<@Nullable Dim> out = new ArrayList<>();
    for (long i = 0; i < length; i++) {
      out.add(all.get((int) (at + i * step)));
    }
    return Content.of(out);
  }
}
