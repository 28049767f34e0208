package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads a map that came from YAML or JSON; every complaint names the field. */
final class Section {
  private final String path;
  private final Map<?, ?> values;
  private final Set<String> read = new HashSet<>();

  /**
   * @param path what to call the map in messages: {@code pipeline}
   */
  Section(String path, Map<?, ?> values) {
    this.path = path;
    this.values = values;
  }

  /** A section inside this one. */
  Section section(String key) {
    Object value = value(key);
    if (value instanceof Map<?, ?> map) {
      return new Section(name(key), map);
    }
    throw wrong(key, value, "a map");
  }

  Optional<Section> optionalSection(String key) {
    return value(key) == null ? Optional.empty() : Optional.of(section(key));
  }

  String text(String key) {
    return optionalText(key).orElseThrow(() -> wrong(key, null, "a text"));
  }

  String text(String key, String otherwise) {
    return optionalText(key).orElse(otherwise);
  }

  Optional<String> optionalText(String key) {
    Object value = value(key);
    if (value == null || value instanceof String) {
      return Optional.ofNullable((String) value);
    }
    throw wrong(key, value, "a text");
  }

  int integer(String key, int otherwise, int least) {
    return value(key) == null ? otherwise : integer(key, least);
  }

  int integer(String key, int least) {
    long number = whole(key, least);
    if (number > Integer.MAX_VALUE) {
      throw wrong(key, number, "a whole number >= " + least);
    }
    return (int) number;
  }

  Optional<Integer> optionalInteger(String key, int least) {
    return value(key) == null ? Optional.empty() : Optional.of(integer(key, least));
  }

  long whole(String key, long otherwise, long least) {
    return value(key) == null ? otherwise : whole(key, least);
  }

  private long whole(String key, long least) {
    Object value = value(key);
    if ((value instanceof Integer || value instanceof Long)
        && ((Number) value).longValue() >= least) {
      return ((Number) value).longValue();
    }
    throw wrong(key, value, "a whole number >= " + least);
  }

  double real(String key, double otherwise) {
    Object value = value(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw wrong(key, value, "a number");
  }

  Optional<Double> optionalReal(String key) {
    return value(key) == null ? Optional.empty() : Optional.of(real(key, 0));
  }

  /** One number or a list of them; empty where missing. */
  List<Double> reals(String key) {
    Object value = value(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof Number number) {
      return List.of(number.doubleValue());
    }
    if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.stream().map(n -> ((Number) n).doubleValue()).toList();
    }
    throw wrong(key, value, "a number or a list of numbers");
  }

  /** Puts this section's path before what a constructor complains about. */
  <T> T checked(Supplier<T> made) {
    try {
      return made.get();
    } catch (BadInputException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(path) ? e : new BadInputException(name(message), e);
    }
  }

  boolean flag(String key, boolean otherwise) {
    Object value = value(key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw wrong(key, value, "true or false");
  }

  /** A constant by its name in lower case, {@code -} for {@code _}. */
  <E extends Enum<E>> E choice(String key, E otherwise) {
    Optional<String> value = optionalText(key);
    if (value.isEmpty()) {
      return otherwise;
    }
    E[] all = otherwise.getDeclaringClass().getEnumConstants();
    for (E constant : all) {
      if (label(constant).equals(value.get())) {
        return constant;
      }
    }
    throw wrong(key, value.get(), "one of " + Arrays.stream(all).map(Section::label).toList());
  }

  List<String> texts(String key) {
    Object value = value(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
      return list.stream().map(String.class::cast).toList();
    }
    throw wrong(key, value, "a list of texts");
  }

  Optional<List<String>> optionalTexts(String key) {
    return value(key) == null ? Optional.empty() : Optional.of(texts(key));
  }

  /** A text, a number or a truth. */
  Optional<Object> optionalScalar(String key) {
    Object value = value(key);
    if (value == null || isScalar(value)) {
      return Optional.ofNullable(value instanceof Integer n ? (Object) n.longValue() : value);
    }
    throw wrong(key, value, "a text, a number, true or false");
  }

  /** A list of texts, numbers, truths and nulls. */
  List<@Nullable Object> scalars(String key) {
    List<@Nullable Object> scalars = new ArrayList<>();
    for (Object value : list(key)) {
      if (value != null && !isScalar(value)) {
        throw wrong(key, value, "a list of texts, numbers, true, false or null");
      }
      scalars.add(value instanceof Integer n ? (Object) n.longValue() : value);
    }
    return scalars;
  }

  private static boolean isScalar(Object value) {
    return value instanceof String || value instanceof Number || value instanceof Boolean;
  }

  /** A list of maps. */
  List<Section> sections(String key) {
    List<?> list = list(key);
    List<Section> sections = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      String name = key + "[" + i + "]";
      if (!(list.get(i) instanceof Map<?, ?> map)) {
        throw wrong(name, list.get(i), "a map");
      }
      sections.add(new Section(name(name), map));
    }
    return sections;
  }

  List<?> list(String key) {
    Object value = value(key);
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(key, value, "a list");
  }

  Map<?, ?> requiredMap(String key) {
    if (value(key) == null) {
      throw wrong(key, null, "a map");
    }
    return map(key);
  }

  /** Empty where missing. */
  Map<?, ?> map(String key) {
    Object value = value(key);
    if (value == null) {
      return Map.of();
    }
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw wrong(key, value, "a map");
  }

  /** Complains about keys that nothing has asked for: most are misspelt. */
  void rejectOthers() {
    for (Object key : values.keySet()) {
      if (!read.contains(String.valueOf(key))) {
        throw new BadInputException(
            name(String.valueOf(key))
                + ": unknown field (expected one of: "
                + new TreeSet<>(read)
                + ")");
      }
    }
  }

  static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  BadInputException wrong(String key, @Nullable Object value, String expected) {
    String found = value == null ? "missing" : String.valueOf(value);
    return new BadInputException(name(key) + ": " + found + " (expected: " + expected + ")");
  }

  private String name(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private @Nullable Object value(String key) {
    read.add(key);
    return values.get(key);
  }
}
