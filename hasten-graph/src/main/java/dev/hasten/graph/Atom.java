package dev.hasten.graph;

import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A factor of a product in a {@link Polynomial}: what the arithmetic can't take apart. */
sealed interface Atom {
  /** A total order on dimensions, consistent with equals; it decides the canonical form. */
  Comparator<Dim> DIM_ORDER = (a, b) -> Polynomial.of(a).compareTo(Polynomial.of(b));

  /** The same for atoms. */
  Comparator<Atom> ORDER = Atom::compare;

  record Name(String name) implements Atom {
    @Override
    public String toString() {
      return name;
    }
  }

  record Quotient(Dim dividend, Dim divisor) implements Atom {
    @Override
    public String toString() {
      return "floor(" + parenthesised(dividend) + "/" + parenthesised(divisor) + ")";
    }

    private static String parenthesised(Dim dim) {
      return dim instanceof Dim.Expression ? "(" + dim + ")" : dim.toString();
    }
  }

  record Extreme(boolean greatest, List<Dim> members) implements Atom {
    public Extreme {
      members = List.copyOf(members);
    }

    @Override
    public String toString() {
      String inner = members.toString();
      return (greatest ? "max(" : "min(") + inner.substring(1, inner.length() - 1) + ")";
    }
  }

  /** How many atoms this is made of, itself included. */
  default int weight() {
    return switch (this) {
      case Name _ -> 1;
      case Quotient(Dim a, Dim b) -> 1 + Polynomial.of(a).weight() + Polynomial.of(b).weight();
      case Extreme(boolean _, List<Dim> members) -> {
        int sum = 1;
        for (Dim member : members) {
          sum += Polynomial.of(member).weight();
        }
        yield sum;
      }
    };
  }

  default long eval(Map<String, Long> bindings) {
    return switch (this) {
      case Name(String name) -> Dim.of(name).eval(bindings);
      case Quotient(Dim a, Dim b) -> Math.floorDiv(a.eval(bindings), b.eval(bindings));
      case Extreme(boolean greatest, List<Dim> members) -> {
        long best = members.getFirst().eval(bindings);
        for (Dim member : members) {
          long value = member.eval(bindings);
          best = greatest ? Math.max(best, value) : Math.min(best, value);
        }
        yield best;
      }
    };
  }

  default Dim substitute(Map<String, Dim> replacements) {
    return switch (this) {
      case Name(String name) -> Dim.of(name).substitute(replacements);
      case Quotient(Dim a, Dim b) ->
          a.substitute(replacements).floorDiv(b.substitute(replacements));
      case Extreme(boolean greatest, List<Dim> members) -> {
        Dim best = members.getFirst().substitute(replacements);
        for (Dim member : members) {
          best = DimRules.extreme(greatest, best, member.substitute(replacements));
        }
        yield best;
      }
    };
  }

  default void collectSymbols(Set<String> names) {
    switch (this) {
      case Name(String name) -> names.add(name);
      case Quotient(Dim a, Dim b) -> {
        names.addAll(a.symbols());
        names.addAll(b.symbols());
      }
      case Extreme(boolean _, List<Dim> members) -> members.forEach(m -> names.addAll(m.symbols()));
    }
  }

  default boolean isAtLeastZero() {
    return switch (this) {
      case Name _ -> true;
      case Quotient(Dim a, Dim b) -> DimRules.isAtLeastZero(a) && DimRules.isAtLeastZero(b);
      case Extreme(boolean greatest, List<Dim> members) ->
          greatest
              ? members.stream().anyMatch(DimRules::isAtLeastZero)
              : members.stream().allMatch(DimRules::isAtLeastZero);
    };
  }

  private static int compare(Atom a, Atom b) {
    int byKind = Integer.compare(rank(a), rank(b));
    if (byKind != 0) {
      return byKind;
    }
    return switch (a) {
      case Name(String name) -> name.compareTo(((Name) b).name());
      case Quotient(Dim dividend, Dim divisor) -> {
        Quotient that = (Quotient) b;
        int first = DIM_ORDER.compare(dividend, that.dividend());
        yield first != 0 ? first : DIM_ORDER.compare(divisor, that.divisor());
      }
      case Extreme(boolean greatest, List<Dim> members) -> {
        Extreme that = (Extreme) b;
        int first = Boolean.compare(greatest, that.greatest());
        yield first != 0 ? first : compare(members, that.members(), DIM_ORDER);
      }
    };
  }

  private static int rank(Atom atom) {
    return switch (atom) {
      case Name _ -> 0;
      case Quotient _ -> 1;
      case Extreme _ -> 2;
    };
  }

  /** Lexicographic order; a prefix comes first. */
  static <T> int compare(Iterable<T> a, Iterable<T> b, Comparator<? super T> order) {
    Iterator<T> left = a.iterator();
    Iterator<T> right = b.iterator();
    while (left.hasNext() && right.hasNext()) {
      int c = order.compare(left.next(), right.next());
      if (c != 0) {
        return c;
      }
    }
    return Boolean.compare(left.hasNext(), right.hasNext());
  }
}
