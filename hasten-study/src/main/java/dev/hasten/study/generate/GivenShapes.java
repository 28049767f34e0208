package dev.hasten.study.generate;

import dev.hasten.runtime.BadInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the user says about sizes.
 *
 * @param shapes by input
 * @param dims by the model's name of a size
 */
public record GivenShapes(Map<String, List<Long>> shapes, Map<String, Long> dims) {
  /** Nothing said. */
  public static final GivenShapes NONE = new GivenShapes(Map.of(), Map.of());

  public GivenShapes {
    shapes = Map.copyOf(shapes);
    dims = Map.copyOf(dims);
  }

  /**
   * Reads {@code input=1x3x224x224} and {@code batch=1}.
   *
   * @throws BadInputException naming the option and its form
   */
  public static GivenShapes parse(List<String> shapes, List<String> dims) {
    Map<String, List<Long>> byInput = new LinkedHashMap<>();
    for (String text : shapes) {
      String[] pair = pair("--shape", text, "input=1x3x224x224");
      List<Long> sizes = new ArrayList<>();
      if (!pair[1].isEmpty()) {
        Arrays.stream(pair[1].split("[x×,]", -1))
            .forEach(s -> sizes.add(size("--shape", text, s, "input=1x3x224x224")));
      }
      byInput.put(pair[0], sizes);
    }
    Map<String, Long> bySymbol = new LinkedHashMap<>();
    for (String text : dims) {
      String[] pair = pair("--dim", text, "batch=1");
      bySymbol.put(pair[0], size("--dim", text, pair[1], "batch=1"));
    }
    return new GivenShapes(byInput, bySymbol);
  }

  private static String[] pair(String option, String text, String example) {
    int at = text.lastIndexOf('=');
    if (at < 1) {
      throw new BadInputException(
          option + ": '" + text + "' (expected: NAME=SIZE, for example " + example + ")");
    }
    return new String[] {text.substring(0, at), text.substring(at + 1)};
  }

  private static long size(String option, String text, String size, String example) {
    try {
      long number = Long.parseLong(size.strip());
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, with the whole text.
    }
    throw new BadInputException(
        "%s: '%s': '%s' is no size (expected: whole numbers >= 0, for example %s)"
            .formatted(option, text, size, example));
  }
}
