package dev.hasten.study;

import dev.hasten.runtime.EnvironmentException;
import dev.hasten.study.layers.Layer;
import dev.hasten.study.layers.Mix;
import dev.hasten.study.layers.Probe;
import dev.hasten.study.layers.Walk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Mixed precision: where plain recipes lose too much, each layer is measured alone, and mixtures
 * that quantize the ones that gain most for what they lose are tried, until the fastest that keeps
 * the promise is found.
 */
final class Mixing {
  /** Mixtures tried at most: each halves what is left of the walk, or better. */
  static final int MOST = 6;

  /** Shares of the budget after which no layer is measured, no mixture tried any more. */
  private static final double LAYERS_UNTIL = 0.6;

  private static final double MIXTURES_UNTIL = 0.7;

  /** Aimed at less than the drop allowed: the interval must fit in, too; first with a guess. */
  private static final double FIRST_AIM = 0.7;

  private static final double AIM = 0.9;

  /** Stops of the walk whose predicted gains differ by less than this share are alike. */
  private static final double ALIKE = 0.02;

  private final Attempt.Tools tools;
  private final Journal journal;
  private final Objective objective;

  Mixing(Attempt.Tools tools, Journal journal) {
    this.tools = tools;
    this.journal = journal;
    this.objective = tools.workload().objective();
  }

  /**
   * What came of it.
   *
   * @param study null where there was nothing to mix
   */
  record Mixed(@Nullable LayerStudy study, List<Trial> trials) {}

  // Values of the journal.
  record Found(List<Layer> layers, String failure) {}

  record Probed(@Nullable Probe probe, String failure, Duration took) {}

  Mixed run(List<Trial> plain, Trial original) {
    MixPlan plan = MixPlan.of(plain, original, tools.choice(), objective);
    if (!plan.worthwhile()) {
      return new Mixed(null, List.of());
    }
    Duration took = Duration.ZERO;
    Found found = journal.once("mix/layers", Found.class, () -> layers(plan));
    List<Probe> probes = new ArrayList<>();
    List<LayerStudy.Left> left = new ArrayList<>();
    for (int i = 0; i < found.layers().size(); i++) {
      Layer layer = found.layers().get(i);
      tools
          .meter()
          .at(
              "layer %d of %d alone: %s".formatted(i + 1, found.layers().size(), layer.name()),
              0.5 + 0.08 * i / found.layers().size());
      Probed probed = journal.once("layer/" + i, Probed.class, () -> probe(plan, layer));
      took = took.plus(probed.took());
      if (probed.probe() != null) {
        probes.add(probed.probe());
      } else {
        left.add(new LayerStudy.Left(layer.name(), probed.failure()));
      }
    }
    List<Trial> trials = new ArrayList<>();
    List<LayerStudy.Tried> tried = walk(plan, probes, plain, trials);
    return new Mixed(
        new LayerStudy(plan.base(), plan.formats(), plan.why(), probes, left, took, tried), trials);
  }

  private Found layers(MixPlan plan) {
    if (late(LAYERS_UNTIL)) {
      return new Found(List.of(), "the time was up");
    }
    try {
      return new Found(tools.runner().layers(plan, tools.choice().judged()), "");
    } catch (EnvironmentException e) {
      throw e;
    } catch (RuntimeException e) {
      tools.meter().note("layers could not be told apart: " + Attempt.reason(e));
      return new Found(List.of(), Attempt.reason(e));
    }
  }

  private Probed probe(MixPlan plan, Layer layer) {
    if (late(LAYERS_UNTIL)) {
      return new Probed(null, "the time was up before its turn", Duration.ZERO);
    }
    Duration start = tools.clock().get();
    Probe probe = null;
    String failure = "";
    try {
      probe = tools.runner().probe(plan, tools.choice().judged(), layer);
    } catch (EnvironmentException e) {
      throw e;
    } catch (RuntimeException e) {
      failure = Attempt.reason(e);
    }
    return new Probed(probe, failure, tools.clock().get().minus(start));
  }

  private boolean late(double share) {
    return tools.clock().get().toNanos() > share * tools.workload().budget().total().toNanos();
  }

  /**
   * Looks for the last stop of the walk that keeps the promise: between the last known to keep it
   * and the first known not to, where by the drops of these the allowed drop should lie.
   */
  private List<LayerStudy.Tried> walk(
      MixPlan plan, List<Probe> probes, List<Trial> plain, List<Trial> trials) {
    Walk.Gain gain = objective == Objective.SIZE ? Walk.Gain.BYTES : Walk.Gain.TIME;
    List<Walk.Stop> stops = Walk.of(probes, gain).stops();
    List<LayerStudy.Tried> tried = new ArrayList<>();
    Closing search = new Closing(stops, slope(plan, probes, plain));
    while (tried.size() < MOST) {
      int at = search.next();
      if (at < 0) {
        break;
      }
      Walk.Stop stop = stops.get(at);
      Study.Planned candidate = candidate(plan, probes, stop, tried.size() + 1);
      boolean go = journal.once("go/" + candidate.id(), Boolean.class, () -> !late(MIXTURES_UNTIL));
      if (!go) {
        break;
      }
      List<Trial> known = new ArrayList<>(plain);
      known.addAll(trials);
      known.removeIf(t -> t.sha256().isEmpty());
      tools.meter().at(candidate.label(), 0.58 + 0.06 * tried.size() / MOST);
      Trial trial =
          journal.once(
              "trial/" + candidate.id(),
              Trial.class,
              () -> Attempt.candidate(tools, candidate, known));
      tools.meter().trial(trial);
      trials.add(trial);
      tried.add(new LayerStudy.Tried(candidate.id(), stop));
      Quality quality = Trials.isRepeated(trial) ? of(trial, known) : trial.validate();
      if (quality == null) {
        break;
      }
      search.learn(at, Math.max(0, quality.drop().estimate()), tools.choice().keeps(quality));
    }
    return tried;
  }

  /** The quality of the trial whose model was made again. */
  private static @Nullable Quality of(Trial repeated, List<Trial> known) {
    for (Trial trial : known) {
      if (trial.sha256().equals(repeated.sha256()) && trial.validate() != null) {
        return trial.validate();
      }
    }
    return null;
  }

  private Study.Planned candidate(MixPlan plan, List<Probe> probes, Walk.Stop stop, int number) {
    List<Step> recipe =
        Mix.recipe(
                Step.recipe(plan.base()).steps(),
                Step.recipe(plan.formats()).steps(),
                probes,
                stop.formats())
            .stream()
            .map(s -> new Step(s.technique(), s.params()))
            .toList();
    return new Study.Planned(
        "m" + number,
        "mixed: %d of %d layers quantized".formatted(stop.formats().size(), probes.size()),
        recipe,
        "the layers that gain most for what they lose; " + plan.why());
  }

  /**
   * The drop per root of error power, by the plain recipe that is nearest; 0 if none tells. Ranks
   * and classes turn in proportion to the size of the noise, hence the root.
   */
  private static double slope(MixPlan plan, List<Probe> probes, List<Trial> plain) {
    for (Step format : plan.formats()) {
      Map<String, String> all = new java.util.TreeMap<>();
      probes.stream()
          .filter(p -> p.effect(format.technique()).isPresent())
          .forEach(p -> all.put(p.layer().name(), format.technique()));
      double error = Walk.stop(probes, all).error();
      List<Step> same = new ArrayList<>(plan.base());
      same.add(format);
      for (Trial trial : plain) {
        Quality quality = trial.validate();
        if (trial.recipe().equals(same) && quality != null && error > 0) {
          return Math.max(0, quality.drop().estimate()) / Math.sqrt(error);
        }
      }
    }
    return 0;
  }

  /** Closes in on the last stop that keeps the promise. */
  private final class Closing {
    private final List<Walk.Stop> stops;
    private final double allowed = tools.workload().promise().maxDrop();
    private double aim = FIRST_AIM;
    private int good = -1;
    private double goodDrop;
    private int bad;
    private double badDrop;

    Closing(List<Walk.Stop> stops, double slope) {
      this.stops = stops;
      // All layers at their fastest need not be bad: one past the end is.
      this.bad = stops.size();
      this.badDrop = slope * root(stops.size() - 1);
    }

    /** Root of the error power predicted, which drops are about in proportion to. */
    private double root(int stop) {
      return stop < 0 ? 0 : Math.sqrt(stops.get(Math.min(stop, stops.size() - 1)).error());
    }

    /** The stop to try next, or -1 if there is none worth it. */
    int next() {
      if (bad - good <= 1 || alike()) {
        return -1;
      }
      double low = root(good);
      double high = root(bad);
      double share = badDrop > goodDrop ? (aim * allowed - goodDrop) / (badDrop - goodDrop) : 0.5;
      double target = low + (high - low) * Math.clamp(share, 0.05, 1);
      int at = good + 1;
      while (at + 1 < bad && root(at + 1) <= target) {
        at++;
      }
      return at;
    }

    /** Whether the best that could still be found is no better than what was. */
    private boolean alike() {
      if (good < 0) {
        return false;
      }
      double most = amount(stops.getLast());
      return amount(stops.get(bad - 1)) - amount(stops.get(good)) < ALIKE * most;
    }

    private double amount(Walk.Stop stop) {
      return objective == Objective.SIZE ? stop.bytesSaved() : stop.saved().toNanos();
    }

    void learn(int at, double drop, boolean kept) {
      aim = AIM;
      if (kept) {
        good = at;
        goodDrop = drop;
      } else {
        bad = at;
        badDrop = drop;
      }
    }
  }
}
