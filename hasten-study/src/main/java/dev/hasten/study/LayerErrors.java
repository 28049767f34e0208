package dev.hasten.study;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * Where the error of a model enters that was made from another, by quantization mostly: the
 * signal-to-quantization-noise ratio of every inner value that both have, on the same examples.
 *
 * @param a file name of the reference
 * @param b file name of the other
 * @param examples on which both ran
 * @param layers in the order of the reference's graph
 * @param worst the examples whose answers differ most, worst first
 * @param suggestions what to try, most promising first
 * @param notes what could not be compared
 */
public record LayerErrors(
    String a,
    String b,
    int examples,
    List<Layer> layers,
    List<Worst> worst,
    List<Suggestion> suggestions,
    List<String> notes) {
  public LayerErrors {
    layers = List.copyOf(layers);
    worst = List.copyOf(worst);
    suggestions = List.copyOf(suggestions);
    notes = List.copyOf(notes);
  }

  /**
   * One value.
   *
   * @param value its name in the reference
   * @param other its name in the other model
   * @param node the reference's node that makes it: what a recipe excludes
   * @param operator of that node
   * @param fewBits whether the other model computes it in fewer bits
   * @param decibels its signal-to-noise ratio, 10·log10(Σa² ÷ Σ(a-b)²); 150 where equal
   * @param inputDecibels the worst of the values that it is computed from
   * @param added noise, as a share of the signal, beyond that of its worst input; below 0 where the
   *     layer damps noise
   * @param crest largest number ÷ root mean square of the worst-spread input
   */
  public record Layer(
      String value,
      String other,
      String node,
      String operator,
      boolean fewBits,
      double decibels,
      double inputDecibels,
      double added,
      double crest) {}

  /**
   * An example whose answer suffers.
   *
   * @param example its place in the validate split, from 0
   * @param input its beginning, for people
   * @param decibels signal-to-noise ratio of its answer
   * @param cosine between the two answers
   */
  public record Worst(int example, String input, double decibels, double cosine) {}

  /**
   * What to try.
   *
   * @param what one sentence
   * @param why one sentence with the figures
   * @param recipe lines to put into a recipe; empty if none
   */
  public record Suggestion(String what, String why, String recipe) {}

  /** Layers by the noise they add, largest step first. */
  public List<Layer> bySteps() {
    return layers.stream().sorted(Comparator.comparingDouble(Layer::added).reversed()).toList();
  }

  /**
   * Runs both models on the first examples of the workload's validate split. Memory holds a few
   * values of one batch at a time, however many examples or layers there are.
   *
   * @param most how many examples
   * @throws dev.hasten.runtime.BadInputException if one of the models does not take the workload's
   *     inputs, or they have no computed value in common
   */
  public static LayerErrors of(
      Workload workload, Path reference, Path other, int most, Progress progress) {
    return new LayerComparison(workload, reference, other, most, progress).run();
  }
}
