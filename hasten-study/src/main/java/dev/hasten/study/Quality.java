package dev.hasten.study;

import dev.hasten.measure.Interval;
import dev.hasten.measure.SliceDrop;
import dev.hasten.measure.Split;
import java.util.List;

/**
 * The quality of a trial beside the original's.
 *
 * @param split the examples it was taken on
 * @param metric the metric's name
 * @param original the original's score
 * @param candidate the trial's score
 * @param drop how much worse (positive) the trial is
 * @param verdict on the promise
 * @param examplesNeeded about how many examples would decide, if undecided; 0 otherwise
 * @param examples how many were compared
 * @param text the verdict in a sentence
 * @param slices per slice of the data, worst first; empty unless the workload names slice fields
 */
public record Quality(
    Split split,
    String metric,
    double original,
    double candidate,
    Interval drop,
    Verdict verdict,
    long examplesNeeded,
    int examples,
    String text,
    List<SliceDrop> slices) {
  public Quality {
    slices = List.copyOf(slices);
  }

  /** On the promise "at most the allowed drop, with this confidence". */
  public enum Verdict {
    KEPT,
    BROKEN,
    UNDECIDED
  }
}
