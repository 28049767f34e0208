package dev.hasten.graph;

import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * One axis length, exact: a number, a named symbol, or an expression over symbols.
 *
 * <p>Every dimension is kept in one canonical form (a sum of products with integer coefficients,
 * whose factors are symbols, floor quotients, maxima and minima), so {@link #equals} decides
 * equality as far as the algebra can. Symbols stand for lengths: they are taken to be at least 0.
 *
 * <p>Arithmetic that leaves the range of a {@code long} throws {@link ArithmeticException}; nothing
 * wraps around silently.
 *
 * <pre>{@code
 * Dim seq = Dim.of("seq");
 * seq.times(4).floorDiv(2).equals(seq.times(2));        // true
 * seq.plus(1).eval(Map.of("seq", 128L));                // 129
 * }</pre>
 */
public sealed interface Dim permits Dim.Fixed, Dim.Symbol, Dim.Expression {

  /** The length 0. */
  Dim ZERO = new Fixed(0);

  /** The length 1, which broadcasts. */
  Dim ONE = new Fixed(1);

  /** A known number. Lengths are at least 0; as an element of a shape tensor it may be negative. */
  record Fixed(long size) implements Dim {
    @Override
    public String toString() {
      return Long.toString(size);
    }
  }

  /** An unknown length with a name, equal to every other symbol of that name in the same model. */
  record Symbol(String name) implements Dim {
    public Symbol {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("symbol: \"\" (expected: a name)");
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Anything else, in canonical form. Made by the arithmetic of {@link Dim} only. */
  final class Expression implements Dim {
    private final Polynomial polynomial;

    Expression(Polynomial polynomial) {
      this.polynomial = polynomial;
    }

    Polynomial polynomial() {
      return polynomial;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Expression e && polynomial.equals(e.polynomial);
    }

    @Override
    public int hashCode() {
      return polynomial.hashCode();
    }

    @Override
    public String toString() {
      return polynomial.toString();
    }
  }

  /** A known length. */
  static Dim of(long size) {
    return new Fixed(size);
  }

  /** A symbol. The name is taken as it is: it is not read as an expression. */
  static Dim of(String symbol) {
    return new Symbol(symbol);
  }

  /** This + that. */
  default Dim plus(Dim that) {
    return Polynomial.of(this).plus(Polynomial.of(that)).toDim();
  }

  /** This + that. */
  default Dim plus(long that) {
    return plus(of(that));
  }

  /** This − that. */
  default Dim minus(Dim that) {
    return Polynomial.of(this).plus(Polynomial.of(that).scaled(-1)).toDim();
  }

  /** This − that. */
  default Dim minus(long that) {
    return minus(of(that));
  }

  /** This × that. */
  default Dim times(Dim that) {
    return Polynomial.of(this).times(Polynomial.of(that)).toDim();
  }

  /** This × that. */
  default Dim times(long that) {
    return times(of(that));
  }

  /**
   * This ÷ that, rounded down.
   *
   * @throws ArithmeticException if that is the number 0
   */
  default Dim floorDiv(Dim that) {
    return DimRules.floorDiv(this, that);
  }

  /** This ÷ that, rounded down. */
  default Dim floorDiv(long that) {
    return floorDiv(of(that));
  }

  /** This ÷ that, rounded up. */
  default Dim ceilDiv(Dim that) {
    return times(-1).floorDiv(that).times(-1);
  }

  /** What is left of this after the floor division: {@code this - that * floorDiv(that)}. */
  default Dim mod(Dim that) {
    return minus(that.times(floorDiv(that)));
  }

  /** The greater of both. */
  default Dim max(Dim that) {
    return DimRules.extreme(true, this, that);
  }

  /** The smaller of both. */
  default Dim min(Dim that) {
    return DimRules.extreme(false, this, that);
  }

  /** The number, if this is one. */
  default OptionalLong value() {
    return this instanceof Fixed(long size) ? OptionalLong.of(size) : OptionalLong.empty();
  }

  /** Whether this is exactly the given number. */
  default boolean is(long number) {
    return this instanceof Fixed(long size) && size == number;
  }

  /** Whether this is a number. */
  default boolean isFixed() {
    return this instanceof Fixed;
  }

  /**
   * The number that this is once each symbol has its value.
   *
   * @throws IllegalArgumentException if a symbol has no value; the message names it
   * @throws ArithmeticException on overflow or a division by zero
   */
  default long eval(Map<String, Long> bindings) {
    return switch (this) {
      case Fixed(long size) -> size;
      case Symbol(String name) -> {
        Long bound = bindings.get(name);
        if (bound == null) {
          throw new IllegalArgumentException(
              "symbol " + name + " has no value (given: " + bindings.keySet() + ")");
        }
        yield bound;
      }
      case Expression e -> e.polynomial().eval(bindings);
    };
  }

  /** This with some symbols replaced; the others stay. */
  default Dim substitute(Map<String, Dim> replacements) {
    return switch (this) {
      case Fixed f -> f;
      case Symbol s -> replacements.getOrDefault(s.name(), s);
      case Expression e -> e.polynomial().substitute(replacements);
    };
  }

  /** The names of all symbols in this, sorted. */
  default Set<String> symbols() {
    Set<String> names = new TreeSet<>();
    Polynomial.of(this).collectSymbols(names);
    return names;
  }
}
