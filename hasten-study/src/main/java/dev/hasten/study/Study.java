package dev.hasten.study;

import java.time.Duration;
import java.util.List;

/**
 * The search for the best recipe: profile, candidates from most promising to least, real
 * measurement deciding, the promise tested on examples that the search never saw.
 *
 * <p>Everything measured is journaled beside the workload, in {@code .hasten/}; a study that was
 * killed goes on where it stopped and ends with the same recipe.
 */
public final class Study {
  private Study() {}

  /**
   * How to run.
   *
   * @param fresh start anew; the old journal is kept aside
   * @param commands to print in the report as those that reproduce the study
   */
  public record Options(boolean fresh, List<String> commands) {
    /** Goes on from a journal if there is one. */
    public static final Options DEFAULT = new Options(false, List.of());

    public Options {
      commands = List.copyOf(commands);
    }
  }

  /**
   * What a study would do.
   *
   * @param candidates in the order they would be tried
   * @param estimate of the whole study's time
   * @param resumes whether a journal is there to go on from
   */
  public record Plan(List<Planned> candidates, Duration estimate, boolean resumes) {
    public Plan {
      candidates = List.copyOf(candidates);
    }
  }

  /** A candidate that would be tried. */
  public record Planned(String id, String label, List<Step> recipe, String reason) {
    public Planned {
      recipe = List.copyOf(recipe);
    }
  }

  /**
   * Runs or resumes the study and writes the bundle to the workload's output.
   *
   * @return what was found; {@code outcome().delivered()} is false if nothing was good enough
   * @throws dev.hasten.runtime.BadInputException if model, data or metric do not fit together
   * @throws dev.hasten.runtime.EnvironmentException if a file cannot be written or another study
   *     runs in the same folder
   */
  public static StudyResult run(Workload workload, Options options, Progress progress) {
    throw new UnsupportedOperationException();
  }

  /** What {@link #run} would do; runs nothing and writes nothing. */
  public static Plan plan(Workload workload) {
    throw new UnsupportedOperationException();
  }
}
