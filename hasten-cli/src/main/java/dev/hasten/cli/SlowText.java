package dev.hasten.cli;

import dev.hasten.study.Slowness;
import java.util.List;
import java.util.Locale;

/** Why a model is slow, for people. */
final class SlowText {
  private static final int MOST = 20;

  private SlowText() {}

  static String of(Slowness slowness) {
    StringBuilder text = new StringBuilder();
    text.append(
        "operators of a run at %s: %s %s, %s %s%n%n"
            .formatted(
                slowness.row(),
                slowness.a(),
                Units.millis(slowness.timeA()),
                slowness.b(),
                Units.millis(slowness.timeB())));
    if (slowness.causes().isEmpty()) {
      return text.append("Nothing in it is slower than it must be.\n").toString();
    }
    for (Slowness.Cause cause : slowness.causes().stream().limit(MOST).toList()) {
      text.append(
          "%s  %s%n    %s%n    %s%n"
              .formatted(
                  cause.kind().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                  cause.node(),
                  cause.what(),
                  cause.remedy()));
    }
    int more = slowness.causes().size() - MOST;
    if (more > 0) {
      text.append("… and ").append(more).append(" more (--json lists all)\n");
    }
    List<String> exclude = slowness.exclude();
    if (!exclude.isEmpty()) {
      text.append("\nWithout the slow layers, in a recipe:\n  exclude: [");
      text.append(String.join(", ", exclude.stream().map(n -> '"' + n + '"').toList()));
      text.append("]\n");
    }
    return text.toString();
  }
}
