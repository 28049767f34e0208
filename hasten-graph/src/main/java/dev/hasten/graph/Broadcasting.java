package dev.hasten.graph;

import org.jspecify.annotations.Nullable;

/** The lengths that two axes take together. */
final class Broadcasting {
  private Broadcasting() {}

  /** The length when both axes are stretched to one another; null if they can't be. */
  static @Nullable Dim both(Dim a, Dim b) {
    if (a.equals(b) || b.is(1)) {
      return a;
    }
    if (a.is(1)) {
      return b;
    }
    if (a.isFixed() && b.isFixed()) {
      return null;
    }
    // Against a number other than 1, only that number or 1 fits: the result is the number.
    if (a.isFixed()) {
      return a;
    }
    return b.isFixed() ? b : a.max(b);
  }

  /** The better known of two lengths that must be equal; null if they can't be. */
  static @Nullable Dim same(Dim a, Dim b) {
    if (a.equals(b)) {
      return a;
    }
    if (a.isFixed() && b.isFixed()) {
      return null;
    }
    if (b.isFixed() || isAnonymous(a)) {
      return b;
    }
    return a;
  }

  /** Whether a length hangs on one that the model does not name. */
  static boolean isAnonymous(Dim dim) {
    return dim.symbols().stream().anyMatch(name -> name.startsWith("?"));
  }
}
