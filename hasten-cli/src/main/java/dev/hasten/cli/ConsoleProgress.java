package dev.hasten.cli;

import dev.hasten.study.Progress;
import dev.hasten.study.Trial;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows a study on the console: a bar with the time left where somebody watches, a line a trial
 * everywhere. Everything goes to standard error, so that standard output holds nothing but the
 * result.
 */
final class ConsoleProgress implements Progress, AutoCloseable {
  private static final int STEPS = 1000;

  private final PrintStream err;
  private final @Nullable ProgressBar bar;

  /** With a bar if standard error is a terminal. */
  static ConsoleProgress start(String task) {
    return new ConsoleProgress(
        System.err, task, System.console() != null && System.console().isTerminal());
  }

  private ConsoleProgress(PrintStream err, String task, boolean watched) {
    this.err = err;
    this.bar =
        watched
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(STEPS)
                .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BAR)
                .setUpdateIntervalMillis(250)
                .hideEta()
                .setConsumer(new ConsoleProgressBarConsumer(err))
                .build()
            : null;
  }

  @Override
  public void phase(String name, int number, int of) {
    line("[" + number + "/" + of + "] " + name);
  }

  @Override
  public void at(String what, double fraction, Duration left) {
    if (bar != null) {
      bar.stepTo(Math.round(fraction * STEPS));
      bar.setExtraMessage(" " + Units.rough(left) + " left · " + what);
    }
  }

  @Override
  public void trial(Trial trial) {
    line("  " + describe(trial));
  }

  @Override
  public void note(String text) {
    line("  " + text);
  }

  private static String describe(Trial trial) {
    String name = trial.id() + "  " + trial.label() + "  ";
    return switch (trial.status()) {
      case MEASURED -> {
        String speed =
            trial.speed().isEmpty()
                ? ""
                : Units.times(trial.speed().getFirst().speedup().estimate()) + " as fast";
        String quality =
            trial.validate() == null
                ? ""
                : String.format(
                    Locale.ROOT,
                    ", %s %.4f",
                    trial.validate().metric(),
                    trial.validate().candidate());
        yield name + speed + quality + ", " + Units.bytes(trial.fileBytes());
      }
      case DROPPED -> name + "dropped: " + trial.reason();
      case NOT_TRIED -> name + "not tried: " + trial.reason();
      case FAILED -> name + "failed: " + trial.reason();
    };
  }

  /** A line above the bar. */
  private void line(String text) {
    if (bar == null) {
      err.println(text);
    } else {
      bar.pause();
      err.println("\r" + text + " ".repeat(Math.max(0, 100 - text.length())));
      bar.resume();
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
