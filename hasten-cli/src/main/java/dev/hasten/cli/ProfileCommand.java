package dev.hasten.cli;

import dev.hasten.measure.OperatorProfile;
import dev.hasten.study.Advice;
import dev.hasten.study.Profile;
import dev.hasten.study.ProfileResult;
import dev.hasten.study.Progress;
import dev.hasten.study.Workload;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hasten profile}. */
@Command(
    name = "profile",
    description = "Where the time goes, and which strategies would help here, by how much and why.",
    mixinStandardHelpOptions = true,
    footer = {"%nExamples:%n  hasten profile workload.yaml%n  hasten profile workload.yaml --json"})
final class ProfileCommand implements Callable<Integer> {
  @Parameters(paramLabel = "WORKLOAD", description = "The workload file (YAML).")
  private Path workload = Path.of("");

  @Option(names = "--quiet", description = "No progress.")
  private boolean quiet;

  @Mixin private Output output;

  @Override
  public Integer call() {
    Workload asked = Workload.read(workload);
    Profile.WithAdvice result = profile(asked);
    output.print(result, () -> text(result));
    return Main.Exit.DONE;
  }

  private Profile.WithAdvice profile(Workload asked) {
    if (quiet) {
      return Profile.of(asked, Progress.NONE);
    }
    try (ConsoleProgress progress = ConsoleProgress.start("profile")) {
      return Profile.of(asked, progress);
    }
  }

  private static String text(Profile.WithAdvice result) {
    ProfileResult profile = result.profile();
    StringBuilder text = new StringBuilder();
    text.append(profile.model())
        .append(" at batch × length × threads ")
        .append(Summary.row(profile.row()))
        .append(": ")
        .append(Units.millis(profile.latency()))
        .append(" a call, plus ")
        .append(Units.millis(profile.preprocessing()))
        .append(" of pre-processing (")
        .append(Units.percent(profile.preprocessingShare()))
        .append(" of both)\n")
        .append(Units.count(profile.parameters(), "parameters"))
        .append(", ")
        .append(Units.bytes(profile.weightBytes()))
        .append(" of weights, ")
        .append(Units.count(profile.flops(), "FLOP"))
        .append(" a call; padding ")
        .append(Units.percent(profile.padding()))
        .append(" of the tokens\n\n");
    text.append(operators(profile.operators())).append('\n');
    Table scaling = new Table("batch × length × threads", "a call", "examples/s");
    profile
        .scaling()
        .forEach(s ->
            scaling.row(
                Summary.row(s.row()),
                Units.millis(s.latency()),
                String.format(Locale.ROOT, "%.0f", s.examplesPerSecond())));
    text.append(scaling).append('\n').append("What would help here:\n");
    for (Advice advice : result.advice()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %s %-34s %.2f–%.2f×  %s%n",
              advice.can() ? "✓" : "–",
              advice.strategy().title(),
              advice.low(),
              advice.high(),
              advice.reason()));
    }
    text.append("\n✓ hasten optimize can do this today, – not yet.\n");
    return text.toString();
  }

  private static Table operators(OperatorProfile profile) {
    Table table = new Table("operator", "count", "time", "share");
    profile.operators().stream()
        .limit(12)
        .forEach(t ->
            table.row(t.opType(), t.nodes(), Units.millis(t.perRun()), Units.percent(t.share())));
    return table;
  }
}
