package dev.hasten.cli;

import dev.hasten.serve.observe.Observation;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where {@code hasten serve} reports on requests. */
final class ObservationFlags {
  @Option(
      names = "--access-log",
      paramLabel = "FILE|-",
      description = "A line of JSON for each request; - is standard output.")
  private @Nullable String accessLog;

  @Option(
      names = "--otlp",
      paramLabel = "URL",
      description =
          "Send traces to this OpenTelemetry collector, by OTLP over HTTP (like http://localhost:4318);"
              + " the OTEL_* environment variables count too.")
  private @Nullable String otlp;

  Observation read() {
    return new Observation(Optional.ofNullable(accessLog), Optional.ofNullable(otlp));
  }
}
