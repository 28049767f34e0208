package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;
import dev.hasten.serve.repository.RepositoryListener;
import dev.hasten.serve.repository.RepositoryOptions;
import dev.hasten.serve.repository.VersionPolicy;
import dev.hasten.study.Durations;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** Which models {@code hasten serve} has open, and how it follows their folder. */
final class RepositoryFlags {
  private static final String OFF = "off";

  @Option(
      names = "--versions",
      paramLabel = "WHICH",
      defaultValue = "latest",
      description =
          "Versions of each model that are served: latest, latest:N, all, or numbers such as 1,4"
              + " (default: ${DEFAULT-VALUE}). A model's config.pbtxt may say otherwise.")
  private String versions = "";

  @Option(
      names = "--poll",
      paramLabel = "TIME",
      defaultValue = "5s",
      description =
          "How often the folder is looked through for new, changed and removed models; off: only"
              + " clients load and unload (default: ${DEFAULT-VALUE}).")
  private String poll = "";

  RepositoryOptions options(PrintWriter out) {
    RepositoryOptions options =
        RepositoryOptions.defaults()
            .withVersions(named("--versions", () -> VersionPolicy.parse(versions)))
            .withListener(new Said(out));
    return poll.strip().equals(OFF)
        ? options.withoutPoll()
        : options.withPoll(time("--poll", poll));
  }

  /** A time that an option gives. */
  static Duration time(String option, String text) {
    return named(option, () -> Durations.parse(text));
  }

  private interface Reading<T> {
    T read();
  }

  private static <T> T named(String option, Reading<T> reading) {
    try {
      return reading.read();
    } catch (BadInputException e) {
      throw new BadInputException(option + ": " + e.getMessage(), e);
    }
  }

  /** A line for each thing that happens. */
  private record Said(PrintWriter out) implements RepositoryListener {
    @Override
    public void ready(String model, String version, Duration took, List<String> warnings) {
      out.printf(
          "%s version %s: ready (%s s)%n",
          model, version, String.format(java.util.Locale.ROOT, "%.1f", took.toMillis() / 1000.0));
      warnings.forEach(
          warning -> out.printf("%s version %s: warning: %s%n", model, version, warning));
    }

    @Override
    public void failed(String model, String version, String reason, boolean oldServes) {
      out.printf(
          "%s version %s: cannot be opened: %s%s%n",
          model, version, reason, oldServes ? " (what was open goes on answering)" : "");
    }

    @Override
    public void closed(String model, String version, String reason) {
      out.printf("%s version %s: closed: %s%n", model, version, reason);
    }

    @Override
    public void unreadable(String reason) {
      out.printf("%s (what is open goes on answering)%n", reason);
    }
  }
}
