package dev.hasten.study.report;

import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import dev.hasten.study.Quality;
import dev.hasten.study.SpeedRow;
import dev.hasten.study.Step;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What several sections read from a study. */
final class Figures {
  private Figures() {}

  /** The speed of a trial on the row that the study is judged by. */
  static Optional<SpeedRow> headline(Trial trial, StudyResult study) {
    return trial.at(study.asked().headline());
  }

  /** The promise is tested on the test split; before that, validation tells. */
  static Optional<Quality> quality(Trial trial) {
    return Optional.ofNullable(trial.test() != null ? trial.test() : trial.validate());
  }

  /** The interval of the candidate's own score, from that of its drop. */
  static Interval score(Quality quality, boolean higherIsBetter) {
    Interval drop = quality.drop();
    return higherIsBetter
        ? new Interval(
            quality.candidate(),
            quality.original() - drop.high(),
            quality.original() - drop.low(),
            drop.confidence())
        : new Interval(
            quality.candidate(),
            quality.original() + drop.low(),
            quality.original() + drop.high(),
            drop.confidence());
  }

  /** {@code 2.70× faster}, or turned round where the ratio is below 1: {@code 1.41× slower}. */
  static String compared(double ratio, String more, String less) {
    return ratio >= 1 ? Format.times(ratio) + " " + more : Format.times(1 / ratio) + " " + less;
  }

  /** {@code batch 1 × 128, 2 threads}. */
  static String row(Row row) {
    return batch(row) + ", " + Format.counted(row.threads(), "thread");
  }

  /** {@code batch 1 × 128}. */
  static String batch(Row row) {
    return "batch\u00a0" + row.batch() + (row.length() == 0 ? "" : "\u00a0×\u00a0" + row.length());
  }

  /** {@code Xeon…, 2 cores (avx2, avx512_vnni)}. */
  static String processor(Hardware hardware) {
    return hardware.processor()
        + ", "
        + Format.counted(hardware.cores(), "core")
        + (hardware.instructionSets().isEmpty() ? "" : " (" + hardware.summary() + ")");
  }

  /** The recipe as its file would read. */
  static String yaml(List<Step> recipe) {
    var text = new StringBuilder();
    for (Step step : recipe) {
      text.append("- ").append(step.technique());
      if (!step.params().isEmpty()) {
        text.append(':');
        for (Map.Entry<String, Object> param : step.params().entrySet()) {
          text.append("\n    ").append(param.getKey()).append(": ").append(param.getValue());
        }
      }
      text.append('\n');
    }
    return text.toString();
  }
}
