package dev.hasten.study.layers;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What was measured of one layer, all others being left as they were.
 *
 * @param layer which
 * @param time of a call of it alone, in floating point, on the inputs of the judged row
 * @param effects of each format that takes it
 */
public record Probe(Layer layer, Duration time, List<Effect> effects) {
  public Probe {
    effects = List.copyOf(effects);
  }

  /** What a format does to it, if that takes it. */
  public Optional<Effect> effect(String format) {
    return effects.stream().filter(e -> e.format().equals(format)).findFirst();
  }

  /**
   * What happens when a layer alone is stored and computed in another format.
   *
   * @param format the technique's name
   * @param error of the model's output: power of the difference over power of the output
   * @param drop of the metric on the probed examples, positive where it got worse
   * @param time of a call of the layer alone
   * @param weightBytes of the layer's weights
   */
  public record Effect(String format, double error, double drop, Duration time, long weightBytes) {

    /**
     * Signal to quantization noise of the model's output, in dB; infinite where nothing changed.
     */
    public double sqnr() {
      return -10 * Math.log10(error);
    }
  }
}
