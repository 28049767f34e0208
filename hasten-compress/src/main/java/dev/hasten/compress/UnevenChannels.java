package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import java.util.Arrays;

/**
 * Whether one scale per tensor fits the channels that a model's convolutions read: where some
 * channels' weights are many times larger than the others', the activations are as much smaller.
 *
 * @param convolutions those with constant weights
 * @param layer the one with the widest spread
 * @param spread the largest over the median of the ranges of a layer's input channels
 */
record UnevenChannels(int convolutions, String layer, double spread) {
  /** From here on equalizing is worth a trial: 3 of 8 bits go to the spread. */
  private static final double UNEVEN = 8;

  private static final int FEWEST = 4;

  static UnevenChannels of(Model model) {
    int convolutions = 0;
    String layer = "";
    double spread = 0;
    for (Node node : model.graph().nodes()) {
      if (!node.is("Conv") || node.input(1).constant() == null || Layer.unfit(node) != null) {
        continue;
      }
      convolutions++;
      double[] ranges = Layer.of(node).inputRanges();
      Arrays.sort(ranges);
      double median = ranges[ranges.length / 2];
      double found = median > 0 ? ranges[ranges.length - 1] / median : 0;
      if (ranges.length >= FEWEST && found > spread) {
        spread = found;
        layer = node.name();
      }
    }
    return new UnevenChannels(convolutions, layer, spread);
  }

  boolean uneven() {
    return spread >= UNEVEN;
  }

  @Override
  public String toString() {
    return "uneven channels made alike: in '%s' the largest is %.0f times the median"
        .formatted(layer, spread);
  }
}
