package dev.hasten.cli;

import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import dev.hasten.study.Quality;
import dev.hasten.study.SpeedRow;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** A study's outcome on the terminal; the report tells the whole. */
final class Summary {
  private Summary() {}

  /**
   * @param bundle where it was written, if so
   * @param study the study's own folder: there the report is if nothing was delivered
   */
  static String of(StudyResult result, Path bundle, Path study) {
    StringBuilder text = new StringBuilder("\n");
    Optional<Trial> delivered = result.delivered().filter(t -> result.outcome().delivered());
    if (delivered.isPresent()) {
      Trial trial = delivered.get();
      text.append("Delivered: ").append(trial.label()).append('\n');
      text.append("  ").append(headline(result, trial)).append("\n\n");
      Table rows =
          new Table("batch × length × threads", "p50", "p99", "speed-up", "95 % interval", "noise");
      for (SpeedRow row : trial.speed()) {
        rows.row(
            row(row.row()),
            Units.millis(row.p50()),
            Units.millis(row.p99()),
            Units.times(row.speedup().estimate()) + (row.drowned() ? " (in the noise)" : ""),
            range(row.speedup(), "%.2f"),
            range(row.noise(), "%.2f"));
      }
      text.append(rows).append('\n');
    } else {
      text.append("Nothing was delivered: ").append(result.outcome().reason()).append("\n\n");
    }
    Table trials = new Table("trial", "recipe", "speed-up", result.asked().metric(), "size", "");
    for (Trial trial : result.all()) {
      trials.row(
          trial.id(),
          trial.label(),
          speedup(result, trial),
          trial.validate() == null
              ? ""
              : String.format(Locale.ROOT, "%.4f", trial.validate().candidate()),
          trial.fileBytes() == 0 ? "" : Units.bytes(trial.fileBytes()),
          switch (trial.status()) {
            case MEASURED -> trial.id().equals(result.outcome().trial()) ? "delivered" : "";
            case DROPPED -> "dropped: " + trial.reason();
            case NOT_TRIED -> "not tried: " + trial.reason();
            case FAILED -> "failed: " + trial.reason();
          });
    }
    text.append(trials.leftAligned()).append('\n');
    result.warnings().forEach(warning -> text.append("! ").append(warning).append('\n'));
    text.append("Took ")
        .append(Units.rough(result.took()))
        .append(" on ")
        .append(result.hardware().processor());
    text.append(" (")
        .append(result.hardware().summary())
        .append(", ")
        .append(result.hardware().cores())
        .append(" cores).\n");
    if (delivered.isEmpty()) {
      text.append("Report  ").append(study.resolve("report.html")).append('\n');
    } else if (Files.isRegularFile(bundle)) {
      text.append("Bundle  ").append(bundle).append(" (report.html inside)\n");
    } else {
      text.append("Bundle  ").append(bundle).append('\n');
      text.append("Report  ").append(bundle.resolve("report.html")).append('\n');
    }
    return text.toString();
  }

  private static String headline(StudyResult result, Trial trial) {
    String size =
        String.format(
            Locale.ROOT,
            "%.1f× smaller",
            (double) result.baseline().fileBytes() / trial.fileBytes());
    String speedup = speedup(result, trial);
    String speed = speedup.isEmpty() ? "" : speedup + " as fast, ";
    Quality quality = trial.test() == null ? trial.validate() : trial.test();
    return speed + size + (quality == null ? "" : "; " + quality.text());
  }

  /** At the row that is judged; empty if not measured there. */
  private static String speedup(StudyResult result, Trial trial) {
    return trial
        .at(result.asked().headline())
        .map(s -> Units.times(s.speedup().estimate()))
        .orElse("");
  }

  static String row(Row row) {
    return row.batch()
        + " × "
        + (row.length() == 0 ? "natural" : row.length())
        + " × "
        + row.threads();
  }

  static String range(Interval interval, String format) {
    return String.format(
        Locale.ROOT, "[" + format + ", " + format + "]", interval.low(), interval.high());
  }
}
