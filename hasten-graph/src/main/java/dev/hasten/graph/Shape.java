package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The lengths of a tensor's axes, outermost first. The empty shape is a scalar's.
 *
 * @param dims one length per axis
 */
public record Shape(List<Dim> dims) {

  /** A scalar's shape. */
  public static final Shape SCALAR = new Shape(List.of());

  public Shape {
    dims = List.copyOf(dims);
  }

  /**
   * A shape from its lengths.
   *
   * @param dims each a whole {@link Number}, a symbol's name or a {@link Dim}
   * @throws IllegalArgumentException if one is anything else
   */
  public static Shape of(Object... dims) {
    List<Dim> list = new ArrayList<>(dims.length);
    for (Object dim : dims) {
      list.add(
          switch (dim) {
            case Dim d -> d;
            case Long n -> Dim.of(n);
            case Integer n -> Dim.of(n.longValue());
            case String name -> Dim.of(name);
            default ->
                throw new IllegalArgumentException(
                    "dimension: " + dim + " (expected: a whole number, a symbol's name or a Dim)");
          });
    }
    return new Shape(list);
  }

  /** A shape of known lengths. */
  public static Shape of(long[] dims) {
    List<Dim> list = new ArrayList<>(dims.length);
    for (long dim : dims) {
      list.add(Dim.of(dim));
    }
    return new Shape(list);
  }

  /** How many axes there are. */
  public int rank() {
    return dims.size();
  }

  /**
   * The length of one axis.
   *
   * @param axis from 0, or from −1 backwards
   * @throws IndexOutOfBoundsException if there is no such axis
   */
  public Dim dim(int axis) {
    return dims.get(axis < 0 ? axis + dims.size() : axis);
  }

  /** How many elements there are: the product of all lengths. */
  public Dim size() {
    Dim product = Dim.ONE;
    for (Dim dim : dims) {
      product = product.times(dim);
    }
    return product;
  }

  /** Whether every length is a number. */
  public boolean isFixed() {
    return dims.stream().allMatch(Dim::isFixed);
  }

  /** The lengths once each symbol has its value; see {@link Dim#eval}. */
  public List<Long> eval(Map<String, Long> bindings) {
    return dims.stream().map(dim -> dim.eval(bindings)).toList();
  }

  /** This shape with some symbols replaced. */
  public Shape substitute(Map<String, Dim> replacements) {
    return new Shape(dims.stream().map(dim -> dim.substitute(replacements)).toList());
  }

  /** As in {@code [batch,seq,384]}. */
  @Override
  public String toString() {
    return dims.stream().map(Dim::toString).collect(Collectors.joining(",", "[", "]"));
  }
}
