package dev.hasten.study.report;

import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.text;

import dev.hasten.study.Slowness;
import dev.hasten.study.Trial;
import java.util.List;
import java.util.Locale;

/** Why candidates that turned out slow are slow. */
final class SlowSection {
  private static final int MOST = 12;

  private SlowSection() {}

  /** Nothing if none was slow. */
  static Html render(List<Trial> trials) {
    List<Trial> slow = trials.stream().filter(t -> !t.slow().isEmpty()).toList();
    return Html.when(
        !slow.isEmpty(),
        Html.join(el("h3", "Why some are slow"), Html.each(slow, SlowSection::render)));
  }

  private static Html render(Trial trial) {
    var table =
        Table.of(
            trial.label(),
            Table.words("Node"),
            Table.words("cause"),
            Table.number("µs a run"),
            Table.words("what was measured"),
            Table.words("remedy"));
    for (Slowness.Cause cause : trial.slow().stream().limit(MOST).toList()) {
      table.row(
          el("code", cause.node()),
          text(cause.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ')),
          text(String.format(Locale.ROOT, "%.0f", cause.cost().toNanos() / 1e3)),
          text(cause.what()),
          text(cause.remedy()));
    }
    return table.html();
  }
}
