package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which recipes deserve a trial, best expectation first. Composed of what the registered techniques
 * propose, by their stages: what keeps outputs equal stands first and below everything else; the
 * first quantization that is proposed is tried with and without what is equal in exact arithmetic
 * or nearly so (balancing, each fusion, several together); every other proposal is tried once.
 * Convolution nets get the repairs that suit them besides.
 */
final class Candidates {
  private final List<Candidate> list = new ArrayList<>();
  private final Set<Recipe> known = new LinkedHashSet<>();

  private Candidates() {}

  static List<Candidate> of(Hardware hardware, Model model) {
    Candidates candidates = new Candidates();
    candidates.compose(
        hardware.int8Saturates()
            ? "; weights in which no sum of byte products saturates on this processor"
            : "; this processor multiplies bytes with full-width sums",
        Targets.alreadyQuantized(model).isPresent());
    if (Targets.alreadyQuantized(model).isEmpty()) {
      candidates.repair(UnevenChannels.of(model));
    }
    return List.copyOf(candidates.list);
  }

  private void compose(String processor, boolean quantized) {
    List<Choice> simplify = at(Stage.SIMPLIFY);
    add(simplify);
    List<Choice> fusions = at(Stage.FUSE);
    if (quantized) {
      fusions.forEach(fusion -> add(simplify, List.of(fusion)));
      return;
    }
    List<Choice> balance = at(Stage.BALANCE);
    List<Choice> quantize = at(Stage.QUANTIZE);
    if (!quantize.isEmpty()) {
      List<Choice> base = List.of(quantize.getFirst().also(processor));
      add(simplify, balance, base);
      add(simplify, base);
      for (List<TechniqueInfo> together : Fuse.TOGETHER) {
        List<Choice> all = of(together, fusions);
        add(simplify, all, balance, base);
        // Balancing costs an operator for each product: what it saves may not be needed.
        add(simplify, all, base);
      }
      fusions.forEach(fusion -> add(simplify, List.of(fusion), balance, base));
      quantize.forEach(choice -> add(simplify, balance, List.of(choice)));
    }
    at(Stage.PRECISION).forEach(choice -> add(simplify, List.of(choice)));
  }

  private static List<Choice> of(List<TechniqueInfo> some, List<Choice> choices) {
    Set<String> names = some.stream().map(TechniqueInfo::name).collect(Collectors.toSet());
    return choices.stream().filter(choice -> names.contains(choice.step().technique())).toList();
  }

  /** What puts convolution nets right again; products lose too little to it (docs/results). */
  private void repair(UnevenChannels channels) {
    if (channels.convolutions() == 0) {
      return;
    }
    List<Choice> simplify = at(Stage.SIMPLIFY);
    Choice base = choice(StaticInt8.INFO, "ranges found on calibration data");
    Choice bias = choice(BiasCorrection.INFO, "shifted means taken out of the biases");
    add(simplify, List.of(base), List.of(bias));
    if (channels.uneven()) {
      Choice equalize = choice(Equalize.INFO, channels.toString());
      Choice rounding = choice(AdaRound.INFO, "each weight rounded for its layer's output");
      add(simplify, List.of(equalize), List.of(base));
      add(simplify, List.of(equalize), List.of(base), List.of(rounding), List.of(bias));
    }
  }

  private static Choice choice(TechniqueInfo info, String why) {
    return new Choice(info.name(), why, Step.of(info.name()));
  }

  /** A technique with one of the settings that it proposes. */
  private record Choice(String name, String why, Step step) {
    Choice also(String more) {
      return new Choice(name, why + more, step);
    }
  }

  private static List<Choice> at(Stage stage) {
    List<Choice> choices = new ArrayList<>();
    for (TechniqueInfo info : Techniques.all()) {
      if (info.stage() == stage) {
        for (Proposal proposal : info.proposals()) {
          String name = proposal.name().isEmpty() ? "" : " " + proposal.name();
          Step step = new Step(info.name(), proposal.params());
          choices.add(new Choice(info.name() + name, proposal.why(), step));
        }
      }
    }
    return choices;
  }

  /** Adds the recipe of these parts, the first being what everything builds on. */
  @SafeVarargs
  private void add(List<Choice>... parts) {
    List<Step> steps = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    for (int i = 0; i < parts.length; i++) {
      parts[i].forEach(choice -> steps.add(choice.step()));
      if (i > 0 || parts.length == 1) {
        names.addAll(names(parts[i]));
        parts[i].stream().map(Choice::why).distinct().forEach(reasons::add);
      }
    }
    Recipe recipe = new Recipe(steps);
    if (!steps.isEmpty() && known.add(recipe)) {
      list.add(new Candidate(String.join(" + ", names), recipe, String.join("; ", reasons)));
    }
  }

  private static List<String> names(List<Choice> part) {
    return part.size() > 2
        ? List.of("all with " + part.getFirst().name())
        : part.stream().map(Choice::name).toList();
  }
}
