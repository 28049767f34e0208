package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The simplifications behind {@link Dim}'s quotients, maxima and minima. */
final class DimRules {
  private DimRules() {}

  static Dim floorDiv(Dim dividend, Dim divisor) {
    if (divisor.is(0)) {
      throw new ArithmeticException("division of " + dividend + " by zero");
    }
    if (divisor.is(1)) {
      return dividend;
    }
    if (dividend instanceof Dim.Fixed(long a) && divisor instanceof Dim.Fixed(long b)) {
      return Dim.of(Math.floorDiv(a, b));
    }
    if (divisor instanceof Dim.Fixed(long b)) {
      return byNumber(Polynomial.of(dividend), b);
    }
    Polynomial exact = Polynomial.of(dividend).exactQuotient(Polynomial.of(divisor));
    return exact != null ? exact.toDim() : quotient(dividend, divisor);
  }

  /** floor((b·q + r) / b) = q + floor(r / b) for any integers: the divisible terms come out. */
  private static Dim byNumber(Polynomial dividend, long b) {
    if (b < 0) {
      return byNumber(dividend.scaled(-1), Math.negateExact(b));
    }
    Polynomial whole = Polynomial.ZERO;
    Polynomial rest = Polynomial.ZERO;
    for (Map.Entry<Polynomial.Monomial, Long> term : dividend.terms().entrySet()) {
      long coefficient = term.getValue();
      long q = Math.floorDiv(coefficient, b);
      long r = Math.floorMod(coefficient, b);
      whole = whole.plus(Polynomial.term(term.getKey(), q));
      rest = rest.plus(Polynomial.term(term.getKey(), r));
    }
    Dim remainder = rest.toDim();
    if (remainder instanceof Dim.Fixed(long r)) {
      return whole.plus(Polynomial.of(Dim.of(Math.floorDiv(r, b)))).toDim();
    }
    // floor(c·x / (c·b)) = floor(x / b)
    long common = rest.commonDivisor(b);
    Dim reduced = common > 1 ? rest.dividedBy(common).toDim() : remainder;
    long divisor = b / common;
    // floor(floor(x / a) / b) = floor(x / (a·b)) for positive a, b
    if (atom(reduced) instanceof Atom.Quotient(Dim inner, Dim by)
        && by instanceof Dim.Fixed(long a)
        && a > 0) {
      return whole.toDim().plus(inner.floorDiv(Math.multiplyExact(a, divisor)));
    }
    return whole.plus(Polynomial.atom(new Atom.Quotient(reduced, Dim.of(divisor)))).toDim();
  }

  private static Dim quotient(Dim dividend, Dim divisor) {
    return Polynomial.atom(new Atom.Quotient(dividend, divisor)).toDim();
  }

  private static @Nullable Atom atom(Dim dim) {
    return Polynomial.of(dim).asAtom();
  }

  static Dim extreme(boolean greatest, Dim a, Dim b) {
    TreeSet<Dim> members = new TreeSet<>(Atom.DIM_ORDER);
    addMembers(greatest, a, members);
    addMembers(greatest, b, members);
    List<Dim> kept = new ArrayList<>();
    for (Dim candidate : members) {
      boolean dominated = false;
      for (Dim other : members) {
        if (other.equals(candidate)) {
          continue;
        }
        Dim lead = greatest ? other.minus(candidate) : candidate.minus(other);
        if (isAtLeastZero(lead)) {
          // Both can only dominate each other when they are equal, which a set excludes.
          dominated = true;
          break;
        }
      }
      if (!dominated) {
        kept.add(candidate);
      }
    }
    return kept.size() == 1
        ? kept.getFirst()
        : Polynomial.atom(new Atom.Extreme(greatest, kept)).toDim();
  }

  private static void addMembers(boolean greatest, Dim dim, TreeSet<Dim> members) {
    if (atom(dim) instanceof Atom.Extreme(boolean g, List<Dim> inner) && g == greatest) {
      members.addAll(inner);
    } else {
      members.add(dim);
    }
  }

  /** Whether it can be shown that this is never negative, symbols being lengths. */
  static boolean isAtLeastZero(Dim dim) {
    OptionalLong number = dim.value();
    if (number.isPresent()) {
      return number.getAsLong() >= 0;
    }
    for (Map.Entry<Polynomial.Monomial, Long> term : Polynomial.of(dim).terms().entrySet()) {
      if (term.getValue() < 0 || !term.getKey().factors().stream().allMatch(Atom::isAtLeastZero)) {
        return false;
      }
    }
    return true;
  }
}
