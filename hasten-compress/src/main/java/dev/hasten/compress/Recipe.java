package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.rewrite.Change;
import dev.hasten.graph.rewrite.Refusal;
import dev.hasten.runtime.AtomicFiles;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
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
    try {
      return parse(Files.readString(yaml), yaml.toString());
    } catch (NoSuchFileException e) {
      throw new BadInputException(yaml + ": no such recipe file", e);
    } catch (IOException e) {
      throw new BadInputException(yaml + ": cannot be read as UTF-8 text: " + e.getMessage(), e);
    }
  }

  /**
   * Parses the text of a recipe file.
   *
   * @param source what to call it in errors
   */
  public static Recipe parse(String text, String source) {
    return Recipes.parse(text, source);
  }

  /** Writes the recipe, whole or not at all. */
  public void write(Path yaml) {
    AtomicFiles.write(yaml, toYaml());
  }

  /** The text of its file. */
  public String toYaml() {
    return Recipes.write(this);
  }

  /** The steps in the order of their stages; equal stages keep their order. */
  public Recipe sorted() {
    return new Recipe(
        steps.stream().sorted(Comparator.comparing(step -> step.info().stage())).toList());
  }

  /** Whether outputs must stay equal, up to rounding of the order of operations. */
  public boolean equivalent() {
    return steps.stream().allMatch(step -> step.info().equivalent());
  }

  /** What a user should know before applying it, such as an unsound order; mostly empty. */
  public List<String> warnings() {
    Recipe sound = sorted();
    return sound.equals(this)
        ? List.of()
        : List.of(
            "the order of the recipe is unsound; applied in this order: "
                + String.join(", ", sound.steps.stream().map(Step::technique).toList()));
  }

  /**
   * Applies the steps in the order of their stages and validates after each.
   *
   * @return the last model; the changes and refusals of all steps
   */
  public Applied apply(Model model, Context context) {
    warnings().forEach(warning -> context.progress().report(warning, 0));
    List<Change> changes = new ArrayList<>();
    List<Refusal> refusals = new ArrayList<>();
    Model current = model;
    Model reference = context.reference();
    List<Step> ordered = sorted().steps;
    for (int i = 0; i < ordered.size(); i++) {
      int before = i;
      Step step = ordered.get(i);
      Context.Progress whole = context.progress();
      whole.report(step.technique(), (double) before / ordered.size());
      Context inner =
          context.withProgress(
              (what, fraction) -> whole.report(what, (before + fraction) / ordered.size()));
      Stage stage = step.info().stage();
      if (reference == null && (stage == Stage.QUANTIZE || stage == Stage.PRECISION)) {
        reference = current;
      }
      if (reference != null) {
        inner = inner.withReference(reference);
      }
      Applied applied = step.create().apply(current, inner);
      applied.model().validate();
      changes.addAll(applied.changes());
      refusals.addAll(applied.refusals());
      current = applied.model();
    }
    return new Applied(current, changes, refusals);
  }
}
