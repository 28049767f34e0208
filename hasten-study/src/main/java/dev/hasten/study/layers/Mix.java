package dev.hasten.study.layers;

import dev.hasten.compress.Stage;
import dev.hasten.compress.Step;
import dev.hasten.compress.Techniques;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Turns an allocation into a recipe that is short and can be read. */
public final class Mix {
  private static final String INCLUDE = "include";
  private static final String EXCLUDE = "exclude";

  private Mix() {}

  /** The step for these nodes alone. */
  static Step including(Step step, List<String> nodes) {
    return with(step, INCLUDE, nodes);
  }

  private static Step with(Step step, String parameter, List<String> names) {
    Map<String, Object> params = new LinkedHashMap<>(step.params());
    params.put(parameter, names);
    return new Step(step.technique(), params);
  }

  /**
   * The recipe of an allocation. Rare formats come first, with the nodes that they take; the most
   * common one comes last and takes what is left, except what stays in floating point.
   *
   * @param before the steps before numbers get fewer bits
   * @param formats the steps to choose from, in the order in which they may stand
   * @param probes all layers, with what each format does to it
   * @param chosen the technique by layer's name; the others stay
   */
  public static List<Step> recipe(
      List<Step> before, List<Step> formats, List<Probe> probes, Map<String, String> chosen) {
    List<Step> used = new ArrayList<>(formats);
    used.removeIf(format -> nodes(probes, chosen, format).isEmpty());
    used.sort(Comparator.comparingInt((Step f) -> nodes(probes, chosen, f).size()));
    List<Step> steps = new ArrayList<>();
    Set<String> bytes = new LinkedHashSet<>();
    used.stream()
        .filter(f -> stage(f) == Stage.QUANTIZE)
        .forEach(f -> bytes.addAll(nodes(probes, chosen, f)));
    Set<String> every = new LinkedHashSet<>();
    probes.forEach(p -> every.addAll(p.layer().nodes()));
    for (Step step : before) {
      boolean balances = stage(step) == Stage.BALANCE;
      steps.add(balances ? limited(step, bytes, without(every, bytes)) : step);
    }
    Set<String> done = new LinkedHashSet<>();
    for (Step format : used) {
      Set<String> own = nodes(probes, chosen, format);
      Set<String> taken = new LinkedHashSet<>();
      probes.stream()
          .filter(p -> p.effect(format.technique()).isPresent())
          .forEach(p -> taken.addAll(p.layer().nodes()));
      // What an earlier step has quantized this one leaves alone by itself.
      taken.removeAll(done);
      steps.add(limited(format, own, without(taken, own)));
      done.addAll(own);
    }
    return List.copyOf(steps);
  }

  private static Stage stage(Step step) {
    return Techniques.named(step.technique()).stage();
  }

  private static Set<String> nodes(List<Probe> probes, Map<String, String> chosen, Step format) {
    Set<String> nodes = new LinkedHashSet<>();
    for (Probe probe : probes) {
      if (format.technique().equals(chosen.get(probe.layer().name()))) {
        nodes.addAll(probe.layer().nodes());
      }
    }
    return nodes;
  }

  private static Set<String> without(Set<String> all, Set<String> some) {
    Set<String> rest = new LinkedHashSet<>(all);
    rest.removeAll(some);
    return rest;
  }

  /** The step for these nodes and not for those, in fewer words. */
  private static Step limited(Step step, Set<String> wanted, Set<String> others) {
    if (others.isEmpty()) {
      return step;
    }
    List<String> include = Patterns.of(wanted, others);
    List<String> exclude = Patterns.of(others, wanted);
    return exclude.size() <= include.size()
        ? with(step, EXCLUDE, exclude)
        : with(step, INCLUDE, include);
  }
}
