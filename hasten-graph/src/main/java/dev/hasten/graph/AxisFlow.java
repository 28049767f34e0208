package dev.hasten.graph;

import java.util.List;

/**
 * Where one axis of one output comes from. An axis may have several sources: that of a sum comes
 * from both operands.
 *
 * @param output which output of the node
 * @param axis which of its axes
 * @param sources where its positions come from; empty if they come from no input axis
 */
public record AxisFlow(int output, int axis, List<Source> sources) {
  public AxisFlow {
    sources = List.copyOf(sources);
  }

  /** How positions of an input axis become positions of the output axis. */
  public sealed interface Source {
    /** Which input of the node. */
    int input();

    /** Which of its axes. */
    int axis();
  }

  /** Position i comes from position i, and from no other. */
  public record Identity(int input, int axis) implements Source {}

  /** The input has length 1 there, and each position comes from that one. */
  public record Broadcast(int input, int axis) implements Source {}

  /** Positions are picked by an index, repeated or resampled; the order may change. */
  public record Gather(int input, int axis) implements Source {}

  /** The input fills the output from {@code offset} on. */
  public record ConcatSegment(int input, int axis, Dim offset) implements Source {}

  /** The output is the stretch of the input that begins at {@code offset}. */
  public record SplitSegment(int input, int axis, Dim offset) implements Source {}

  /**
   * Each position depends on several positions of the input axis (softmax, convolution window,
   * normalization), while the axis itself remains.
   */
  public record Mix(int input, int axis) implements Source {}

  /**
   * The output axis is one digit of the input axis, which a reshape took apart: input position = Σ
   * output position × stride.
   */
  public record Digit(int input, int axis, Dim stride) implements Source {}

  /**
   * The input axis is one digit of the output axis, into which a reshape merged several: output
   * position = Σ input position × stride.
   */
  public record Merged(int input, int axis, Dim stride) implements Source {}
}
