package dev.hasten.serve.observe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.Timing;
import dev.hasten.serve.protocol.CallFacts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request that has ended. Taken on the event loop, which others wait for; written as JSON
 * elsewhere. Without query and body, which may hold what is nobody's business.
 */
record AccessEntry(
    long micros,
    String client,
    RequestHeaders request,
    String protocol,
    int status,
    @Nullable String grpcStatus,
    long bytesIn,
    long bytesOut,
    long nanos,
    CallFacts facts) {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int LONGEST = 500;

  static AccessEntry of(RequestLog log) {
    ServiceRequestContext ctx = (ServiceRequestContext) log.context();
    return new AccessEntry(
        log.requestStartTimeMicros(),
        String.valueOf(ctx.clientAddress().getHostAddress()),
        log.requestHeaders(),
        log.sessionProtocol().uriText(),
        log.responseHeaders().status().code(),
        grpcStatus(log),
        log.requestLength(),
        log.responseLength(),
        log.totalDurationNanos(),
        CallFacts.of(ctx));
  }

  /** The number in the trailers, or in the headers where there is nothing else. */
  static @Nullable String grpcStatus(RequestLog log) {
    for (HttpHeaders headers : List.of(log.responseTrailers(), log.responseHeaders())) {
      String status = headers.get("grpc-status");
      if (status != null) {
        return status;
      }
    }
    return null;
  }

  /** One line. */
  byte[] json() {
    ByteArrayOutputStream line = new ByteArrayOutputStream(512);
    try (JsonGenerator out = JSON.createGenerator(line)) {
      out.writeStartObject();
      out.writeStringField(
          "time",
          Instant.EPOCH.plus(micros, ChronoUnit.MICROS).truncatedTo(ChronoUnit.MILLIS).toString());
      out.writeStringField("client", client);
      out.writeStringField("method", request.method().name());
      out.writeStringField("path", brief(request.path().split("\\?", 2)[0]));
      out.writeStringField("protocol", protocol);
      out.writeNumberField("status", status);
      if (grpcStatus != null) {
        out.writeStringField("grpc_status", brief(grpcStatus));
      }
      out.writeNumberField("bytes_in", bytesIn);
      out.writeNumberField("bytes_out", bytesOut);
      out.writeNumberField("duration_ms", millis(Duration.ofNanos(nanos)));
      runs(out, facts.runs());
      text(out, "request_id", requestId());
      text(out, "trace_id", facts.trace().isEmpty() ? Traces.sent(request) : facts.trace());
      text(out, "token", facts.token());
      out.writeEndObject();
      out.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toByteArray();
  }

  private String requestId() {
    String header = request.get("x-request-id");
    return header == null ? facts.id() : header;
  }

  private static void runs(JsonGenerator out, List<CallFacts.Run> runs) throws IOException {
    if (runs.isEmpty()) {
      return;
    }
    out.writeStringField("model", runs.getLast().model());
    out.writeStringField("version", runs.getLast().version());
    out.writeNumberField("batch_size", runs.stream().mapToInt(CallFacts.Run::examples).sum());
    sum(out, "preprocessing_ms", runs, Timing::preprocessing);
    sum(out, "queue_ms", runs, Timing::queue);
    sum(out, "compute_ms", runs, Timing::inference);
    sum(out, "postprocessing_ms", runs, Timing::postprocessing);
  }

  private static void sum(
      JsonGenerator out, String name, List<CallFacts.Run> runs, Function<Timing, Duration> part)
      throws IOException {
    Duration all =
        runs.stream().map(CallFacts.Run::timing).map(part).reduce(Duration.ZERO, Duration::plus);
    out.writeNumberField(name, millis(all));
  }

  private static void text(JsonGenerator out, String name, String value) throws IOException {
    if (!value.isEmpty()) {
      out.writeStringField(name, brief(value));
    }
  }

  private static String brief(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }

  private static double millis(Duration duration) {
    return Objects.requireNonNull(duration).toNanos() / 1e6;
  }
}
