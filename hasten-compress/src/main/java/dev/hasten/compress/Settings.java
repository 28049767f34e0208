package dev.hasten.compress;

import dev.hasten.runtime.BadInputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The checked parameters of one step: every declared one has a value. */
final class Settings {
  private final Map<String, Object> values;

  private Settings(Map<String, Object> values) {
    this.values = values;
  }

  /**
   * Checks what a recipe says against what a technique declares.
   *
   * @throws BadInputException naming the technique, the parameter, what is expected
   */
  static Settings of(String technique, List<Parameter> declared, Map<String, ?> given) {
    List<String> known = declared.stream().map(Parameter::name).toList();
    for (String name : given.keySet()) {
      if (!known.contains(name)) {
        throw new BadInputException(
            "%s: unknown parameter '%s' (%s)"
                .formatted(technique, name, Spelling.hint(name, known)));
      }
    }
    Map<String, Object> values = new LinkedHashMap<>();
    for (Parameter parameter : declared) {
      Object raw = given.get(parameter.name());
      try {
        values.put(parameter.name(), raw == null ? parameter.defaultValue() : parameter.check(raw));
      } catch (BadInputException e) {
        throw new BadInputException(technique + ": " + e.getMessage(), e);
      }
    }
    return new Settings(values);
  }

  Map<String, Object> values() {
    return values;
  }

  String word(String name) {
    return (String) get(name);
  }

  boolean flag(String name) {
    return (Boolean) get(name);
  }

  double real(String name) {
    return (Double) get(name);
  }

  int whole(String name) {
    return Math.toIntExact((Long) get(name));
  }

  @SuppressWarnings("unchecked") // Parameter.Names.check makes it a list of strings
  List<String> names(String name) {
    return (List<String>) get(name);
  }

  private Object get(String name) {
    Object value = values.get(name);
    if (value == null) {
      throw new IllegalStateException("parameter '" + name + "' is not declared");
    }
    return value;
  }
}
