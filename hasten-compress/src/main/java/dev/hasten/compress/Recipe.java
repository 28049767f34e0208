package dev.hasten.compress;

import dev.hasten.graph.Model;
import java.nio.file.Path;
import java.util.List;

/**
 * An ordered list of techniques. As a file:
 *
 * <pre>{@code
 * - simplify
 * - dynamic-int8:
 *     granularity: per-channel
 *     clip: mse
 * }</pre>
 *
 * @param steps applied from first to last; {@link #sorted} is the sound order
 */
public record Recipe(List<Step> steps) {
  public Recipe {
    steps = List.copyOf(steps);
  }

  /** A recipe of these steps. */
  public static Recipe of(Step... steps) {
    return new Recipe(List.of(steps));
  }

  /**
   * Reads a recipe file.
   *
   * @throws dev.hasten.runtime.BadInputException naming file, line, what was found and the names
   *     known
   */
  public static Recipe read(Path yaml) {
    throw new UnsupportedOperationException("reading " + yaml);
  }

  /**
   * Parses the text of a recipe file.
   *
   * @param source what to call it in errors
   */
  public static Recipe parse(String text, String source) {
    throw new UnsupportedOperationException("parsing " + source + text);
  }

  /** Writes the recipe, whole or not at all. */
  public void write(Path yaml) {
    throw new UnsupportedOperationException("writing " + yaml);
  }

  /** The text of its file. */
  public String toYaml() {
    throw new UnsupportedOperationException();
  }

  /**
   * Sixteen hexadecimal digits, equal for recipes that do the same: parameters left out count as
   * their defaults, and the order of parameters doesn't matter.
   */
  public String hash() {
    throw new UnsupportedOperationException();
  }

  /** The steps in the order of their stages; equal stages keep their order. */
  public Recipe sorted() {
    throw new UnsupportedOperationException();
  }

  /** What a user should know before applying it, such as an unsound order; mostly empty. */
  public List<String> warnings() {
    throw new UnsupportedOperationException();
  }

  /**
   * Applies the steps in the order of their stages and validates after each.
   *
   * @return the last model; the changes and refusals of all steps
   */
  public Applied apply(Model model, Context context) {
    throw new UnsupportedOperationException(model + " " + context);
  }
}
