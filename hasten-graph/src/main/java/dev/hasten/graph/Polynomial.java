package dev.hasten.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The canonical form behind {@link Dim}: a sum of integer multiples of products of atoms, without
 * zero coefficients, in a fixed order. Two polynomials are equal exactly if their terms are.
 */
final class Polynomial implements Comparable<Polynomial> {
  private static final int MAX_WEIGHT = 256;

  static final Polynomial ZERO = new Polynomial(new TreeMap<>());

  /** A product of atoms, sorted; the empty one is the number 1. */
  record Monomial(List<Atom> factors) implements Comparable<Monomial> {
    static final Monomial UNIT = new Monomial(List.of());

    Monomial {
      factors = List.copyOf(factors);
    }

    Monomial times(Monomial that) {
      List<Atom> all = new ArrayList<>(factors);
      all.addAll(that.factors);
      all.sort(Atom.ORDER);
      return new Monomial(all);
    }

    /** What remains after taking out every factor of that; null if some is not here. */
    @Nullable Monomial without(Monomial that) {
      List<Atom> left = new ArrayList<>(factors);
      for (Atom factor : that.factors) {
        if (!left.remove(factor)) {
          return null;
        }
      }
      return new Monomial(left);
    }

    /** Higher degree first, so that constants are printed last. */
    @Override
    public int compareTo(Monomial that) {
      int byDegree = Integer.compare(that.factors.size(), factors.size());
      return byDegree != 0 ? byDegree : Atom.compare(factors, that.factors, Atom.ORDER);
    }
  }

  private final SortedMap<Monomial, Long> terms;

  /** How many atoms stand in this, those inside of quotients, maxima and minima counted too. */
  private final int weight;

  private Polynomial(SortedMap<Monomial, Long> terms) {
    this.terms = Collections.unmodifiableSortedMap(terms);
    int sum = terms.size();
    for (Monomial monomial : terms.keySet()) {
      for (Atom factor : monomial.factors()) {
        sum += factor.weight();
        requireSmall(sum);
      }
    }
    this.weight = sum;
    requireSmall(sum);
  }

  /**
   * Squaring a sum some dozen times would fill any memory. What models compute of shapes has some
   * ten atoms; larger ones come of damaged or malicious files.
   */
  private static void requireSmall(int weight) {
    if (weight > MAX_WEIGHT) {
      throw new ArithmeticException(
          "a dimension of more than " + MAX_WEIGHT + " terms and factors (expected: fewer)");
    }
  }

  int weight() {
    return weight;
  }

  static Polynomial of(Dim dim) {
    return switch (dim) {
      case Dim.Fixed(long size) -> term(Monomial.UNIT, size);
      case Dim.Symbol(String name) -> atom(new Atom.Name(name));
      case Dim.Expression e -> e.polynomial();
    };
  }

  static Polynomial atom(Atom atom) {
    return term(new Monomial(List.of(atom)), 1);
  }

  static Polynomial term(Monomial monomial, long coefficient) {
    if (coefficient == 0) {
      return ZERO;
    }
    SortedMap<Monomial, Long> terms = new TreeMap<>();
    terms.put(monomial, coefficient);
    return new Polynomial(terms);
  }

  SortedMap<Monomial, Long> terms() {
    return terms;
  }

  /** The first term; there must be one. */
  private Map.Entry<Monomial, Long> leading() {
    return terms.entrySet().iterator().next();
  }

  Polynomial plus(Polynomial that) {
    SortedMap<Monomial, Long> sum = new TreeMap<>(terms);
    that.terms.forEach((monomial, c) -> add(sum, monomial, c));
    return new Polynomial(sum);
  }

  Polynomial times(Polynomial that) {
    SortedMap<Monomial, Long> product = new TreeMap<>();
    terms.forEach((m, c) -> {
      that.terms.forEach((n, d) -> add(product, m.times(n), Math.multiplyExact(c, d)));
      requireSmall(product.size());
    });
    return new Polynomial(product);
  }

  Polynomial scaled(long factor) {
    return times(term(Monomial.UNIT, factor));
  }

  private static void add(SortedMap<Monomial, Long> sum, Monomial monomial, long coefficient) {
    long total = Math.addExact(sum.getOrDefault(monomial, 0L), coefficient);
    if (total == 0) {
      sum.remove(monomial);
    } else {
      sum.put(monomial, total);
    }
  }

  /** Long division; null unless it comes out even. */
  @Nullable Polynomial exactQuotient(Polynomial divisor) {
    Map.Entry<Monomial, Long> lead = divisor.leading();
    Polynomial rest = this;
    Polynomial quotient = ZERO;
    // Each step removes the leading term, so there are no more steps than terms can appear.
    for (int step = 0; step < 64 && !rest.terms.isEmpty(); step++) {
      Map.Entry<Monomial, Long> first = rest.leading();
      Monomial monomial = first.getKey().without(lead.getKey());
      if (monomial == null || first.getValue() % lead.getValue() != 0) {
        return null;
      }
      Polynomial part = term(monomial, first.getValue() / lead.getValue());
      quotient = quotient.plus(part);
      rest = rest.plus(part.times(divisor).scaled(-1));
    }
    return rest.terms.isEmpty() ? quotient : null;
  }

  /** The greatest common divisor of all coefficients and the given positive number. */
  long commonDivisor(long number) {
    long divisor = number;
    for (long coefficient : terms.values()) {
      long a = Math.abs(coefficient);
      while (a != 0) {
        long rest = divisor % a;
        divisor = a;
        a = rest;
      }
    }
    return divisor;
  }

  /** This with every coefficient divided by a number that divides them all. */
  Polynomial dividedBy(long number) {
    SortedMap<Monomial, Long> divided = new TreeMap<>();
    terms.forEach((m, c) -> divided.put(m, c / number));
    return new Polynomial(divided);
  }

  /** The atom, if this is exactly one. */
  @Nullable Atom asAtom() {
    if (terms.size() != 1 || leading().getValue() != 1) {
      return null;
    }
    List<Atom> factors = leading().getKey().factors();
    return factors.size() == 1 ? factors.getFirst() : null;
  }

  Dim toDim() {
    if (terms.isEmpty()) {
      return Dim.ZERO;
    }
    if (terms.size() == 1 && leading().getKey().factors().isEmpty()) {
      return Dim.of(leading().getValue());
    }
    return asAtom() instanceof Atom.Name(String name) ? Dim.of(name) : new Dim.Expression(this);
  }

  long eval(Map<String, Long> bindings) {
    long sum = 0;
    for (Map.Entry<Monomial, Long> term : terms.entrySet()) {
      long product = term.getValue();
      for (Atom factor : term.getKey().factors()) {
        product = Math.multiplyExact(product, factor.eval(bindings));
      }
      sum = Math.addExact(sum, product);
    }
    return sum;
  }

  Dim substitute(Map<String, Dim> replacements) {
    Dim sum = Dim.ZERO;
    for (Map.Entry<Monomial, Long> term : terms.entrySet()) {
      Dim product = Dim.of(term.getValue());
      for (Atom factor : term.getKey().factors()) {
        product = product.times(factor.substitute(replacements));
      }
      sum = sum.plus(product);
    }
    return sum;
  }

  void collectSymbols(Set<String> names) {
    terms.keySet().forEach(m -> m.factors().forEach(f -> f.collectSymbols(names)));
  }

  @Override
  public int compareTo(Polynomial that) {
    int byTerms = Atom.compare(terms.keySet(), that.terms.keySet(), Monomial::compareTo);
    return byTerms != 0
        ? byTerms
        : Atom.compare(terms.values(), that.terms.values(), Long::compare);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Polynomial p && terms.equals(p.terms);
  }

  @Override
  public int hashCode() {
    return terms.hashCode();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    terms.forEach((monomial, coefficient) -> {
      if (!text.isEmpty()) {
        text.append(coefficient < 0 ? " - " : " + ");
      } else if (coefficient < 0) {
        text.append('-');
      }
      String magnitude =
          coefficient < 0 ? Long.toString(coefficient).substring(1) : Long.toString(coefficient);
      List<String> parts = new ArrayList<>();
      if (monomial.factors().isEmpty() || !magnitude.equals("1")) {
        parts.add(magnitude);
      }
      monomial.factors().forEach(factor -> parts.add(factor.toString()));
      text.append(String.join("*", parts));
    });
    return text.isEmpty() ? "0" : text.toString();
  }
}
