package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import java.nio.file.Files;
import java.nio.file.Path;
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

  /** Writes the report's files into a folder. */
  @FunctionalInterface
  public interface Reporter {
    void write(StudyResult result, Path folder);
  }

  /**
   * How to run.
   *
   * @param fresh start anew; the old journal is kept aside
   * @param commands to print in the report as those that reproduce the study
   * @param reporter writes the files that go into the bundle beside the model
   */
  public record Options(boolean fresh, List<String> commands, Reporter reporter) {
    /** Goes on from a journal if there is one; no report. */
    public static final Options DEFAULT = new Options(false, List.of(), (result, folder) -> {});

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
    try (StudyRun run = new StudyRun(workload, options, progress)) {
      return run.run();
    }
  }

  /** What {@link #run} would do; runs nothing and writes nothing. */
  public static Plan plan(Workload workload) {
    List<Planned> candidates =
        StudyRun.candidates(workload, Hardware.detect(), Model.read(workload.model()));
    return new Plan(
        candidates,
        workload.budget().total(),
        Files.exists(folder(workload).resolve(StudyRun.JOURNAL)));
  }

  /**
   * Where a study of this workload keeps its journal, its candidates' models and, if nothing was
   * delivered, its report.
   */
  public static Path folder(Workload workload) {
    return StudyFolder.path(workload);
  }

  /**
   * Two models side by side on the workload's data: quality of {@code other} against {@code
   * reference} on the validate split, speed of both in one interleaved run at every row.
   *
   * @param perRow time for the speed of a row
   * @return the reference's trial, then the other's
   * @throws dev.hasten.runtime.BadInputException if one of the models does not take the workload's
   *     inputs
   */
  public static List<Trial> compare(
      Workload workload, Path reference, Path other, Duration perRow, Progress progress) {
    return SideBySide.run(workload, reference, other, perRow, progress);
  }
}
