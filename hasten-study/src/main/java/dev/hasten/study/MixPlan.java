package dev.hasten.study;

import dev.hasten.compress.Parameter;
import dev.hasten.compress.Stage;
import dev.hasten.compress.TechniqueInfo;
import dev.hasten.compress.Techniques;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether formats should be mixed, by what the plain recipes did, and out of what.
 *
 * @param base steps before numbers get fewer bits
 * @param formats the steps to choose from, per layer
 * @param why for people
 */
record MixPlan(List<Step> base, List<Step> formats, String why) {
  /** A mixture is slower than its fastest part: below this it would win nothing. */
  private static final double WORTH = 1.05;

  MixPlan {
    base = List.copyOf(base);
    formats = List.copyOf(formats);
  }

  /** Nothing to mix. */
  private static MixPlan none(String why) {
    return new MixPlan(List.of(), List.of(), why);
  }

  boolean worthwhile() {
    return !formats.isEmpty();
  }

  /**
   * Mixing pays where a plain quantized recipe is better for the objective than all that keep the
   * promise, and does not keep it itself, or not surely.
   */
  static MixPlan of(List<Trial> plain, Trial original, Choice choice, Objective objective) {
    List<Trial> quantized = plain.stream().filter(MixPlan::isQuantized).toList();
    if (quantized.isEmpty()) {
      return none("no recipe with fewer bits came to be scored");
    }
    double kept =
        plain.stream()
            .filter(choice::keeps)
            .mapToDouble(t -> choice.merit(t, original))
            .max()
            .orElse(1);
    Optional<Trial> wanted =
        quantized.stream()
            .filter(t -> !choice.keeps(t))
            .filter(t -> unknown(t, objective) || choice.merit(t, original) > kept * WORTH)
            .min(Comparator.comparingDouble(MixPlan::drop));
    if (wanted.isEmpty()) {
      return none("the best recipe for the objective keeps the promise as it is");
    }
    Trial best = quantized.stream().min(Comparator.comparingDouble(MixPlan::drop)).orElseThrow();
    return new MixPlan(
        best.recipe().stream().filter(s -> before(s.technique())).toList(),
        formats(quantized, objective),
        "'%s' does not surely keep the promise (%s): some of its layers may"
            .formatted(wanted.get().label(), reason(wanted.get())));
  }

  private static String reason(Trial trial) {
    Quality quality = trial.validate();
    return quality == null ? trial.reason() : quality.text();
  }

  /** Of each technique the settings that lost least. */
  private static List<Step> formats(List<Trial> quantized, Objective objective) {
    Map<String, Step> formats = new LinkedHashMap<>();
    List<Trial> byDrop = new ArrayList<>(quantized);
    byDrop.sort(Comparator.comparingDouble(MixPlan::drop));
    for (Trial trial : byDrop) {
      for (Step step : trial.recipe()) {
        // Tables in bytes save no time: a matter of size alone.
        boolean suits = objective == Objective.SIZE || !step.params().containsKey("embeddings");
        if (suits && mixes(step.technique(), objective)) {
          formats.putIfAbsent(step.technique(), step);
        }
      }
    }
    return List.copyOf(formats.values());
  }

  private static boolean isQuantized(Trial trial) {
    return trial.validate() != null
        && trial.recipe().stream()
            .anyMatch(s -> stage(s.technique()).equals(Stage.QUANTIZE.name()));
  }

  private static boolean unknown(Trial trial, Objective objective) {
    return objective != Objective.SIZE && trial.speed().isEmpty();
  }

  private static boolean before(String technique) {
    String stage = stage(technique);
    return !stage.equals(Stage.QUANTIZE.name()) && !stage.equals(Stage.PRECISION.name());
  }

  /** A technique that can be told its nodes; one that only shrinks files matters for size alone. */
  private static boolean mixes(String technique, Objective objective) {
    boolean selects =
        info(technique).stream()
            .flatMap(i -> i.parameters().stream())
            .map(Parameter::name)
            .anyMatch("include"::equals);
    String stage = stage(technique);
    return selects
        && (stage.equals(Stage.QUANTIZE.name())
            || (objective == Objective.SIZE && stage.equals(Stage.PRECISION.name())));
  }

  private static String stage(String technique) {
    return info(technique).map(i -> i.stage().name()).orElse("");
  }

  private static Optional<TechniqueInfo> info(String technique) {
    return Techniques.all().stream().filter(i -> i.name().equals(technique)).findFirst();
  }

  private static double drop(Trial trial) {
    Quality quality = trial.validate();
    return quality == null ? Double.POSITIVE_INFINITY : quality.drop().estimate();
  }
}
