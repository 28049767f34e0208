package dev.hasten.study;

import dev.hasten.study.layers.Probe;
import dev.hasten.study.layers.Walk;
import java.time.Duration;
import java.util.List;

/**
 * What was found about quantizing single layers, and which mixtures of formats were tried for it.
 *
 * @param base the recipe whose layers these are: its steps before numbers get fewer bits
 * @param formats the quantizing steps to choose from
 * @param why mixing was tried
 * @param probes layers measured, in the model's order
 * @param left layers that were not measured, with the reason
 * @param took time to measure them
 * @param tried the allocations that became trials, in the order tried
 */
public record LayerStudy(
    List<Step> base,
    List<Step> formats,
    String why,
    List<Probe> probes,
    List<Left> left,
    Duration took,
    List<Tried> tried) {
  public LayerStudy {
    base = List.copyOf(base);
    formats = List.copyOf(formats);
    probes = List.copyOf(probes);
    left = List.copyOf(left);
    tried = List.copyOf(tried);
  }

  /** A layer that stays in floating point because nothing is known of it. */
  public record Left(String layer, String reason) {}

  /**
   * An allocation that became a trial.
   *
   * @param trial its id
   * @param stop what it chooses, and what was predicted
   */
  public record Tried(String trial, Walk.Stop stop) {}
}
