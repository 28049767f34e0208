package dev.hasten.measure;

import java.util.OptionalDouble;
import java.util.Set;

/**
 * A measure of quality. Implementations are stateless, thread-safe and deterministic.
 *
 * <p>A user's own metric is a public class with a public constructor without parameters, named in
 * the workload by its full name ({@code metric: com.example.Recall}) and found on the class path,
 * or by its {@link #name()} when it is registered for {@link java.util.ServiceLoader}.
 */
public interface Metric {
  /** The name by which a workload asks for it, for example {@code overlap@10}. */
  String name();

  /** What it means, in a sentence for the report. */
  String meaning();

  /** Which way is better. */
  default Direction direction() {
    return Direction.HIGHER_IS_BETTER;
  }

  /** Whether examples must carry labels. */
  boolean needsLabels();

  /** The kinds of output that it can score. */
  Set<OutputKind> kinds();

  /**
   * Whether it must be given {@link Sample#fit()}: labelled examples to fit something on (a linear
   * probe).
   */
  default boolean needsFit() {
    return false;
  }

  /**
   * What the original scores by definition, for a metric that measures agreement with it: 1, or 0
   * for a divergence. Empty: its score is measured like a candidate's.
   */
  default OptionalDouble originalScore() {
    return OptionalDouble.empty();
  }

  /**
   * Scores {@link Sample#candidate()}. The original's own score is that of {@link
   * Sample#original()} as the candidate.
   */
  Score score(Sample sample);
}
