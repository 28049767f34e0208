package dev.hasten.study.generate;

import dev.hasten.graph.Dim;
import dev.hasten.runtime.NdArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * The inputs of a model that comes without data: shapes, values, and who decided on each open size.
 *
 * @param inputs in the model's order
 * @param axes the sizes that the model leaves open
 * @param notes what else had to be tried before the model ran
 */
public record InputPlan(List<PlannedInput> inputs, List<Axis> axes, List<String> notes) {
  public InputPlan {
    inputs = List.copyOf(inputs);
    axes = List.copyOf(axes);
    notes = List.copyOf(notes);
  }

  /** How examples can be made larger. */
  public enum Growth {
    /** Not at all: every size is fixed. */
    NONE,
    /** By more tokens, frames, samples. */
    LENGTH,
    /** By more pixels: height and width together. */
    SIDE
  }

  /** How examples can be made larger. */
  public Growth growth() {
    if (has(AxisRole.LENGTH)) {
      return Growth.LENGTH;
    }
    return has(AxisRole.HEIGHT) && has(AxisRole.WIDTH) ? Growth.SIDE : Growth.NONE;
  }

  /** Whether the number of examples in a call is open. */
  public boolean batches() {
    return axes.stream().anyMatch(a -> a.role() == AxisRole.BATCH);
  }

  /** Examples in a call as planned; where the model fixes them, its first axis tells. */
  public int batch() {
    return axes.stream()
        .filter(a -> a.role() == AxisRole.BATCH)
        .mapToInt(a -> Math.toIntExact(a.size()))
        .findFirst()
        .orElse(1);
  }

  /** Length, or height in pixels, of an example as planned; 0 where the model fixes it. */
  public int length() {
    AxisRole role =
        switch (growth()) {
          case NONE -> AxisRole.OTHER;
          case LENGTH -> AxisRole.LENGTH;
          case SIDE -> AxisRole.HEIGHT;
        };
    return growth() == Growth.NONE
        ? 0
        : axes.stream()
            .filter(a -> a.role() == role)
            .mapToInt(a -> Math.toIntExact(a.size()))
            .findFirst()
            .orElse(0);
  }

  /** Tokens or pixels of an example of that length. */
  public double elements(int length) {
    if (growth() != Growth.SIDE) {
      return Math.max(1, length);
    }
    double width =
        axes.stream().filter(a -> a.role() == AxisRole.WIDTH).findFirst().orElseThrow().size();
    return length * (width / length()) * length;
  }

  private boolean has(AxisRole role) {
    return axes.stream().anyMatch(a -> a.role() == role);
  }

  /**
   * The same for other batches and lengths.
   *
   * @param batch examples a call
   * @param length of each, or its height, the width growing along; 0: as planned
   */
  public InputPlan with(int batch, int length) {
    double factor = length == 0 || length() == 0 ? 1 : (double) length / length();
    List<Axis> changed = new ArrayList<>();
    for (Axis axis : axes) {
      changed.add(
          switch (axis.role()) {
            case BATCH -> axis.withSize(batch);
            case LENGTH, HEIGHT, WIDTH ->
                axis.withSize(Math.max(1, Math.round(axis.size() * factor)));
            case CHANNELS, PAST, OTHER -> axis;
          });
    }
    return new InputPlan(inputs, changed, notes);
  }

  /** The size of every open axis by its symbol. */
  public Map<String, Long> bindings() {
    Map<String, Long> bindings = new LinkedHashMap<>();
    axes.forEach(a -> bindings.put(a.symbol(), a.size()));
    return bindings;
  }

  /** The shape of an input as planned. */
  public List<Long> shape(PlannedInput input) {
    Map<String, Long> bindings = bindings();
    return input.shape().dims().stream().map(d -> size(d, bindings)).toList();
  }

  private static long size(Dim dim, Map<String, Long> bindings) {
    OptionalLong fixed = dim.value();
    return fixed.isPresent() ? fixed.getAsLong() : dim.eval(bindings);
  }

  /** One call's inputs. Equal seeds give equal inputs. */
  public Map<String, NdArray> make(long seed) {
    Map<String, NdArray> made = new LinkedHashMap<>();
    SplittableRandom random = new SplittableRandom(seed);
    int length = length();
    for (PlannedInput input : inputs) {
      made.put(input.name(), Elements.of(input, shape(input), length, random.split()));
    }
    return made;
  }

  /** Several calls' inputs, each other than the last. */
  public List<Map<String, NdArray>> make(int calls, long seed) {
    List<Map<String, NdArray>> made = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      made.add(make(seed + i));
    }
    return List.copyOf(made);
  }

  /** What the user should know: every guess, and what was tried. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    axes.stream()
        .filter(a -> a.origin() == Axis.Origin.GUESSED)
        .forEach(a -> warnings.add(a.text()));
    warnings.addAll(notes);
    return List.copyOf(warnings);
  }
}
