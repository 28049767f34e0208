package dev.hasten.study.layers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The allocations worth trying, from all floating point to the fastest: each takes one more step,
 * the one with the most gain for the error it adds.
 *
 * <p>Errors of layers are taken to add up, as powers of independent noises do; that is a guess, and
 * what an allocation does is measured. Choosing one format per layer is the multiple-choice
 * knapsack problem; the steps follow the convex hulls of the layers' options, in the order of their
 * slopes, which solves it up to the last step. Sinha and Zoltners 1979.
 *
 * @param stops from the first step to the last
 */
public record Walk(List<Stop> stops) {
  /** No format is free of error, as far as this can be told. */
  private static final double LEAST_ERROR = 1e-12;

  /** A gain below this share of the layer's time may be noise. */
  private static final double NOISE = 0.03;

  /** Of two formats that gain about as much for their errors the one that is listed first. */
  private static final double ALIKE = 1.1;

  public Walk {
    stops = List.copyOf(stops);
  }

  /**
   * An allocation.
   *
   * @param formats the technique of each layer that is not left in floating point, by its name
   * @param error predicted of the model's output, as in {@link Probe.Effect#error}
   * @param saved predicted, per call of the judged row
   * @param bytesSaved of weights
   */
  public record Stop(Map<String, String> formats, double error, Duration saved, long bytesSaved) {
    public Stop {
      formats = new TreeMap<>(formats);
    }
  }

  /** What is gained. */
  public enum Gain {
    TIME,
    BYTES
  }

  private record Option(String format, double error, double gain) {}

  private record Move(int layer, Option to, double slope) {
    static Move between(int layer, Option from, Option to, double most) {
      double slope = (to.gain - from.gain) / Math.max(LEAST_ERROR, to.error - from.error);
      return new Move(layer, to, Math.min(most, slope));
    }
  }

  /** The allocations of these layers. */
  public static Walk of(List<Probe> probes, Gain gain) {
    List<Move> moves = new ArrayList<>();
    for (int i = 0; i < probes.size(); i++) {
      moves.addAll(moves(i, probes.get(i), gain));
    }
    // Of equal slopes the layer that stands first; within a layer slopes fall by themselves.
    moves.sort(Comparator.comparingDouble(Move::slope).reversed().thenComparingInt(Move::layer));
    Map<String, String> formats = new LinkedHashMap<>();
    List<Stop> stops = new ArrayList<>();
    for (Move move : moves) {
      formats.put(probes.get(move.layer).layer().name(), move.to.format);
      stops.add(stop(probes, formats));
    }
    return new Walk(stops);
  }

  /** What is predicted for an allocation. */
  public static Stop stop(List<Probe> probes, Map<String, String> formats) {
    double error = 0;
    long nanos = 0;
    long bytes = 0;
    for (Probe probe : probes) {
      String format = formats.get(probe.layer().name());
      Probe.Effect effect = format == null ? null : probe.effect(format).orElse(null);
      if (effect != null) {
        error += effect.error();
        nanos += probe.time().minus(effect.time()).toNanos();
        bytes += probe.layer().weightBytes() - effect.weightBytes();
      }
    }
    return new Stop(formats, error, Duration.ofNanos(nanos), bytes);
  }

  /** The steps along the upper left hull of a layer's options. */
  private static List<Move> moves(int layer, Probe probe, Gain gain) {
    double least = gain == Gain.TIME ? NOISE * probe.time().toNanos() : 0;
    List<Option> options = options(probe, gain);
    List<Move> moves = new ArrayList<>();
    Option at = new Option("", 0, 0);
    double steepest = Double.POSITIVE_INFINITY;
    while (true) {
      Move best = null;
      for (Option option : options) {
        // Never steeper than the step before it, which it must follow.
        Move move = Move.between(layer, at, option, steepest);
        if (option.gain > at.gain + least
            && (best == null || move.slope() > best.slope() * ALIKE)) {
          best = move;
        }
      }
      if (best == null) {
        return moves;
      }
      moves.add(best);
      at = best.to;
      steepest = best.slope;
    }
  }

  private static List<Option> options(Probe probe, Gain gain) {
    List<Option> options = new ArrayList<>();
    for (Probe.Effect effect : probe.effects()) {
      double gained =
          switch (gain) {
            case TIME -> probe.time().minus(effect.time()).toNanos();
            case BYTES -> probe.layer().weightBytes() - effect.weightBytes();
          };
      if (Double.isFinite(effect.error())) {
        options.add(new Option(effect.format(), effect.error(), gained));
      }
    }
    return options;
  }
}
