package dev.hasten.graph;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * What each version of a standard operator admits that the one before did not: attributes, inputs,
 * element types. Read from {@code opset-additions.txt}, which {@code
 * bench/peers/operator_history.py} writes.
 */
final class OpsetAdditions {
  private static final Map<String, NavigableMap<Long, Addition>> TABLE = read();

  private OpsetAdditions() {}

  /**
   * One version's additions.
   *
   * @param isNew whether the operator came with this version
   * @param attributes new attributes with their defaults as text; "none" where there is none
   * @param firstInput the index of the first new input; none if {@code Integer.MAX_VALUE}
   * @param inputTypes new element types by input
   * @param outputTypes new element types by output
   */
  record Addition(
      boolean isNew,
      Map<String, String> attributes,
      int firstInput,
      Map<Integer, Set<DataType>> inputTypes,
      Map<Integer, Set<DataType>> outputTypes) {}

  /** The additions of an operator after {@code to}, up to {@code from}, newest first. */
  static NavigableMap<Long, Addition> between(String opType, long to, long from) {
    NavigableMap<Long, Addition> all = TABLE.getOrDefault(opType, new TreeMap<>());
    return all.subMap(to, false, from, true).descendingMap();
  }

  /** The opset that an operator came with; 0 if 7 has it. */
  static long introduced(String opType) {
    Map.Entry<Long, Addition> first = TABLE.getOrDefault(opType, new TreeMap<>()).firstEntry();
    return first != null && first.getValue().isNew() ? first.getKey() : 0;
  }

  private static Map<String, NavigableMap<Long, Addition>> read() {
    Map<String, NavigableMap<Long, Addition>> table = new HashMap<>();
    for (String line : lines("opset-additions.txt")) {
      String[] words = line.split(" ");
      table
          .computeIfAbsent(words[0], _ -> new TreeMap<>())
          .put(Long.valueOf(words[1]), addition(words));
    }
    return table;
  }

  private static Addition addition(String[] words) {
    boolean isNew = false;
    int firstInput = Integer.MAX_VALUE;
    Map<String, String> attributes = new LinkedHashMap<>();
    Map<Integer, Set<DataType>> inputs = new TreeMap<>();
    Map<Integer, Set<DataType>> outputs = new TreeMap<>();
    for (int i = 2; i < words.length; i++) {
      String rest = words[i].substring(Math.min(2, words[i].length()));
      switch (words[i].charAt(0)) {
        case 'n' -> isNew = true;
        case 'i' -> firstInput = Integer.parseInt(rest);
        case 'a' -> attributes.put(rest.split(":", 2)[0], rest.split(":", 2)[1]);
        case 'I' -> putTypes(inputs, rest);
        case 'O' -> putTypes(outputs, rest);
        default -> throw new IllegalStateException("opset-additions.txt: " + words[i]);
      }
    }
    return new Addition(isNew, attributes, firstInput, inputs, outputs);
  }

  private static void putTypes(Map<Integer, Set<DataType>> out, String text) {
    String[] parts = text.split(":");
    Set<DataType> types = EnumSet.noneOf(DataType.class);
    for (String code : parts[1].split(",")) {
      types.add(DataType.of(Integer.parseInt(code)));
    }
    out.put(Integer.valueOf(parts[0]), types);
  }

  /** The lines of a resource of this package. */
  static List<String> lines(String resource) {
    try (InputStream in =
            Objects.requireNonNull(OpsetAdditions.class.getResourceAsStream(resource), resource);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return new ArrayList<>(reader.lines().filter(line -> !line.isBlank()).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
