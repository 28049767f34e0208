package dev.hasten.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the elements of a small integer tensor, row-major. Exporters compute shapes with
 * such tensors; an element that is not known is null.
 */
final class Content {
  /** Beyond this, a tensor holds data rather than a shape. */
  static final int MAX_SIZE = 1024;

  private static final Dim @Nullable [] NOTHING = new Dim[0];

  private final @Nullable Dim[] elements;

  private Content(@Nullable Dim[] elements) {
    this.elements = elements;
  }

  static Content of(List<? extends @Nullable Dim> elements) {
    return new Content(elements.toArray(NOTHING));
  }

  static Content of(Dim element) {
    return new Content(new @Nullable Dim[] {element});
  }

  static Content unknown(int size) {
    return new Content(new @Nullable Dim[size]);
  }

  /** The elements of a constant, if it is small and its elements are whole numbers. */
  static @Nullable Content of(Tensor tensor) {
    DataType type = tensor.type();
    if (tensor.size() > MAX_SIZE || (!isWhole(type) && !type.isFloating())) {
      return null;
    }
    List<@Nullable Dim> out = new ArrayList<>();
    if (isWhole(type)) {
      for (long v : tensor.toLongs()) {
        out.add(Dim.of(v));
      }
    } else if (type.bits() >= 16) {
      for (double v : tensor.toDoubles()) {
        out.add(v == Math.rint(v) && Math.abs(v) < 1L << 52 ? Dim.of((long) v) : null);
      }
    } else {
      return null;
    }
    return of(out);
  }

  private static boolean isWhole(DataType type) {
    return (type.isInteger() && type.bits() >= 8) || type == DataType.BOOL;
  }

  int size() {
    return elements.length;
  }

  @Nullable Dim get(int index) {
    return elements[index];
  }

  List<@Nullable Dim> toList() {
    List<@Nullable Dim> out = new ArrayList<>();
    for (Dim element : elements) {
      out.add(element);
    }
    return out;
  }

  /** All elements, or null if one is not known. */
  @Nullable List<Dim> known() {
    List<Dim> out = new ArrayList<>(elements.length);
    for (Dim element : elements) {
      if (element == null) {
        return null;
      }
      out.add(element);
    }
    return out;
  }

  /** All elements as numbers, or null if one is not a known number. */
  long @Nullable [] numbers() {
    long[] out = new long[elements.length];
    for (int i = 0; i < out.length; i++) {
      if (!(elements[i] instanceof Dim.Fixed(long v))) {
        return null;
      }
      out[i] = v;
    }
    return out;
  }

  @Override
  public String toString() {
    return Arrays.toString(elements);
  }
}
