package dev.hasten.compress;

import dev.hasten.runtime.BadInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Describes one parameter of a technique: for help texts, and to check what a recipe says. Values
 * come as YAML or command-line text gives them: strings, numbers, booleans, lists of strings.
 */
public sealed interface Parameter {

  /** Its name in recipes. */
  String name();

  /** One sentence of help. */
  String summary();

  /** What it is when not given. */
  Object defaultValue();

  /** What values it takes, such as {@code 0 < keep <= 1}. */
  String expected();

  /**
   * Checks a value and brings it to its canonical type.
   *
   * @throws BadInputException such as {@code keep: 1.7 (expected: 0 < keep <= 1)}
   */
  Object check(Object raw);

  /** One of several words. The first is the default. */
  record Choice(String name, String summary, List<String> choices) implements Parameter {
    public Choice {
      choices = List.copyOf(choices);
    }

    @Override
    public String defaultValue() {
      return choices.getFirst();
    }

    @Override
    public String expected() {
      return String.join("|", choices);
    }

    @Override
    public Object check(Object raw) {
      String word = String.valueOf(raw);
      if (!choices.contains(word)) {
        throw bad(this, raw);
      }
      return word;
    }
  }

  /** Yes or no. */
  record Flag(String name, String summary, Boolean defaultValue) implements Parameter {
    @Override
    public String expected() {
      return "true|false";
    }

    @Override
    public Object check(Object raw) {
      return switch (String.valueOf(raw).toLowerCase(Locale.ROOT)) {
        case "true" -> true;
        case "false" -> false;
        default -> throw bad(this, raw);
      };
    }
  }

  /** A real number in {@code (above, upTo]}. */
  record Real(String name, String summary, Double defaultValue, double above, double upTo)
      implements Parameter {
    @Override
    public String expected() {
      return plain(above) + " < " + name + " <= " + plain(upTo);
    }

    @Override
    public Object check(Object raw) {
      double value;
      try {
        value = Double.parseDouble(String.valueOf(raw));
      } catch (NumberFormatException e) {
        throw bad(this, raw);
      }
      if (!(value > above && value <= upTo)) {
        throw bad(this, raw);
      }
      return value;
    }

    private static String plain(double x) {
      return x == Math.rint(x) && Math.abs(x) < 1e15 ? Long.toString((long) x) : Double.toString(x);
    }
  }

  /** A whole number in {@code [from, to]}. */
  record Whole(String name, String summary, Long defaultValue, long from, long to)
      implements Parameter {
    @Override
    public String expected() {
      return from + " <= " + name + " <= " + to;
    }

    @Override
    public Object check(Object raw) {
      long value;
      try {
        value = Long.parseLong(String.valueOf(raw));
      } catch (NumberFormatException e) {
        throw bad(this, raw);
      }
      if (value < from || value > to) {
        throw bad(this, raw);
      }
      return value;
    }
  }

  /**
   * A list of words: any where {@code allowed} is empty, such as patterns of node names. Text is
   * split at commas.
   */
  record Names(String name, String summary, List<String> defaultValue, List<String> allowed)
      implements Parameter {
    public Names {
      defaultValue = List.copyOf(defaultValue);
      allowed = List.copyOf(allowed);
    }

    @Override
    public String expected() {
      return allowed.isEmpty()
          ? "a list of node names; * stands for any characters"
          : "a list of " + String.join("|", allowed);
    }

    @Override
    public Object check(Object raw) {
      List<String> words = new ArrayList<>();
      if (raw instanceof List<?> list) {
        list.forEach(word -> words.add(String.valueOf(word)));
      } else if (!String.valueOf(raw).isBlank()) {
        for (String word : String.valueOf(raw).split(",", -1)) {
          words.add(word.strip());
        }
      }
      if (words.contains("") || (!allowed.isEmpty() && !allowed.containsAll(words))) {
        throw bad(this, raw);
      }
      return List.copyOf(words);
    }
  }

  private static BadInputException bad(Parameter parameter, Object raw) {
    return new BadInputException(
        "%s: %s (expected: %s)".formatted(parameter.name(), raw, parameter.expected()));
  }
}
