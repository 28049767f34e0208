package dev.hasten.runtime;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The dictionary that begins an {@code .npy} file: {@code {'descr': '<f4', 'fortran_order': False,
 * 'shape': (3, 4), }}.
 *
 * @param descriptor byte order, kind and size: {@code <f4}
 */
record NpyHeader(String descriptor, boolean columnMajor, long[] shape) {
  private static final int MOST_AXES = 64;

  private static final Pattern DESCRIPTOR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9,\\sL]*)\\)");

  static NpyHeader parse(String name, String text) {
    // Field order is free in the format, hence one search per field rather than one pattern.
    String descriptor = find(name, text, DESCRIPTOR, "'descr': a type such as '<f4'");
    String order = find(name, text, ORDER, "'fortran_order': True or False");
    String shape = find(name, text, SHAPE, "'shape': a tuple of sizes");
    return new NpyHeader(descriptor, order.equals("True"), shape(name, shape));
  }

  private static String find(String name, String text, Pattern field, String expected) {
    Matcher matcher = field.matcher(text);
    if (!matcher.find()) {
      throw new BadInputException(
          name + ": .npy header " + text.strip() + " (expected: " + expected + ")");
    }
    return matcher.group(1);
  }

  private static long[] shape(String name, String tuple) {
    try {
      long[] shape =
          Arrays.stream(tuple.split(","))
              .map(size -> size.strip().replace("L", ""))
              .filter(size -> !size.isEmpty())
              .mapToLong(Long::parseLong)
              .toArray();
      if (shape.length <= MOST_AXES) {
        return shape;
      }
    } catch (NumberFormatException e) {
      // Told below, with the whole tuple.
    }
    throw new BadInputException(
        name
            + ": .npy shape ("
            + tuple
            + ") (expected: at most "
            + MOST_AXES
            + " sizes of 64 bits)");
  }

  /**
   * How many elements.
   *
   * @throws BadInputException if more than one array of ours holds
   */
  int size(String name, int bytesEach) {
    long size = 1;
    for (long n : shape) {
      // A zero later on would make it empty, but such a shape is as broken as it looks.
      if (n != 0 && size > Integer.MAX_VALUE / n) {
        throw new BadInputException(
            name + ": shape " + Arrays.toString(shape) + " (expected: at most 2 GiB of elements)");
      }
      size *= n;
    }
    if (size * bytesEach > Integer.MAX_VALUE - 8) {
      throw new BadInputException(
          name
              + ": shape "
              + Arrays.toString(shape)
              + " of "
              + bytesEach
              + " bytes each (expected: at most 2 GiB)");
    }
    return (int) size;
  }
}
