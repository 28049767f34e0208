package dev.hasten.serve.observe;

import com.linecorp.armeria.server.logging.AccessLogWriter;
import dev.hasten.runtime.BadInputException;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * Where the server reports on requests.
 *
 * @param accessLog a file, or {@code -} for standard output; absent: nowhere
 * @param otlp endpoint of a collector of OpenTelemetry (OTLP over HTTP); absent: as the standard
 *     environment variables say, and nowhere if they say nothing
 */
public record Observation(Optional<String> accessLog, Optional<String> otlp) {
  private static final List<String> VARIABLES =
      List.of(
          "OTEL_EXPORTER_OTLP_ENDPOINT",
          "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
          "OTEL_TRACES_EXPORTER");

  public Observation {
    accessLog
        .filter(String::isBlank)
        .ifPresent(none -> {
          throw new BadInputException("access log: no file (expected: its path, or -)");
        });
    otlp.ifPresent(Observation::check);
  }

  private static void check(String endpoint) {
    try {
      URI uri = URI.create(endpoint);
      if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null) {
        return;
      }
    } catch (IllegalArgumentException e) {
      // Refused below, like another scheme.
    }
    throw new BadInputException(
        "otlp: %s (expected: a URL like http://collector:4318)".formatted(endpoint));
  }

  /** Nowhere, unless the environment says otherwise. */
  public static Observation none() {
    return new Observation(Optional.empty(), Optional.empty());
  }

  public Observation withAccessLog(String file) {
    return new Observation(Optional.of(file), otlp);
  }

  public Observation withOtlp(String endpoint) {
    return new Observation(accessLog, Optional.of(endpoint));
  }

  /** Opens what is asked for; absent: nothing is. */
  public Optional<AccessLogWriter> open() {
    // The trace first: the log names it.
    Optional<AccessLogWriter> traces =
        otlp.isPresent() || VARIABLES.stream().anyMatch(name -> System.getenv(name) != null)
            ? Optional.of(Traces.open(otlp))
            : Optional.empty();
    Optional<AccessLogWriter> log = accessLog.map(AccessLog::open);
    return traces.isPresent() && log.isPresent()
        ? Optional.of(traces.get().andThen(log.get()))
        : traces.or(() -> log);
  }
}
