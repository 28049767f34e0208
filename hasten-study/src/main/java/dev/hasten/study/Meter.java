package dev.hasten.study;

import java.time.Duration;

/** Tells a listener how far the study is; never back. */
final class Meter {
  private static final int PHASES = 6;

  private final Progress progress;
  private final Journal journal;
  private final Duration budget;
  private double fraction;

  Meter(Progress progress, Journal journal, Duration budget) {
    this.progress = progress;
    this.journal = journal;
    this.budget = budget;
  }

  void phase(String name, int number) {
    progress.phase(name, number, PHASES);
  }

  void at(String what, double reached) {
    fraction = Math.max(fraction, reached);
    double spent = journal.spent().toNanos();
    // Early on the budget is the better guess, later what was spent on the part that is done.
    double byPace = fraction < 0.05 ? budget.toNanos() - spent : spent / fraction * (1 - fraction);
    double left = Math.clamp(byPace, 0, Math.max(0, 1.2 * budget.toNanos() - spent));
    progress.at(what, fraction, Duration.ofNanos(Math.round(left)));
  }

  void trial(Trial trial) {
    progress.trial(trial);
  }

  void note(String text) {
    progress.note(text);
  }
}
