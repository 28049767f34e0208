package dev.hasten.serve.observe;

import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.logging.AccessLogWriter;
import dev.hasten.serve.protocol.CallFacts;
import io.netty.util.AsciiString;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Spans of requests that have ended (OpenTelemetry): one for the request, under the caller's if it
 * came with one (W3C Trace Context), and under it one each for pre-processing, the queue, the run
 * and post-processing. They are made when all times are known, so that answers do not wait for
 * them. Health checks and {@code /metrics} have none.
 */
final class Traces implements AccessLogWriter {
  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("hasten.model.name");
  private static final AttributeKey<String> VERSION =
      AttributeKey.stringKey("hasten.model.version");
  private static final AttributeKey<Long> EXAMPLES = AttributeKey.longKey("hasten.batch_size");

  private static final TextMapGetter<RequestHeaders> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(RequestHeaders headers) {
          return headers.names().stream().map(AsciiString::toString).toList();
        }

        @Override
        public @Nullable String get(@Nullable RequestHeaders headers, String name) {
          return headers == null ? null : headers.get(name);
        }
      };

  private final OpenTelemetry telemetry;
  private final Tracer tracer;

  Traces(OpenTelemetry telemetry) {
    this.telemetry = telemetry;
    this.tracer = telemetry.getTracer("dev.hasten.serve");
  }

  /**
   * Sends them by OTLP over HTTP, as the standard environment variables say.
   *
   * @param endpoint instead of the environment's
   */
  static Traces open(Optional<String> endpoint) {
    Map<String, String> defaults = new HashMap<>();
    defaults.put("otel.service.name", "hasten");
    defaults.put("otel.exporter.otlp.protocol", "http/protobuf");
    defaults.put("otel.metrics.exporter", "none");
    defaults.put("otel.logs.exporter", "none");
    return new Traces(
        AutoConfiguredOpenTelemetrySdk.builder()
            .disableShutdownHook()
            .addPropertiesSupplier(() -> defaults)
            .addPropertiesCustomizer(set ->
                endpoint.map(url -> Map.of("otel.exporter.otlp.endpoint", url)).orElseGet(Map::of))
            .build()
            .getOpenTelemetrySdk());
  }

  private static Context parent(RequestHeaders headers) {
    return W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS);
  }

  /** The trace that a request says it belongs to; empty: it says nothing, or nothing valid. */
  static String sent(RequestHeaders headers) {
    SpanContext caller = Span.fromContext(parent(headers)).getSpanContext();
    return caller.isValid() ? caller.getTraceId() : "";
  }

  @Override
  public void log(RequestLog log) {
    ServiceRequestContext ctx = (ServiceRequestContext) log.context();
    String route = ctx.config().route().patternString();
    if (route.startsWith("/v2/health/") || route.equals("/metrics")) {
      return;
    }
    CallFacts facts = CallFacts.of(ctx);
    long start = log.requestStartTimeMicros();
    Span span =
        tracer
            .spanBuilder(name(log, route))
            .setParent(parent(log.requestHeaders()))
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(start, TimeUnit.MICROSECONDS)
            .setAllAttributes(attributes(log, route))
            .startSpan();
    facts.setTrace(span.getSpanContext().getTraceId());
    Context under = Context.root().with(span);
    for (CallFacts.Run run : facts.runs()) {
      long at = start * 1000 + run.begun() - log.requestStartTimeNanos();
      at = part(under, "preprocessing", run, at, run.timing().preprocessing());
      at = part(under, "queue", run, at, run.timing().queue());
      at = part(under, "compute", run, at, run.timing().inference());
      part(under, "postprocessing", run, at, run.timing().postprocessing());
    }
    if (log.responseHeaders().status().isServerError()) {
      span.setStatus(StatusCode.ERROR);
    }
    span.end(start * 1000 + log.totalDurationNanos(), TimeUnit.NANOSECONDS);
  }

  private static String name(RequestLog log, String route) {
    return AccessEntry.grpcStatus(log) == null
        ? log.requestHeaders().method().name() + " " + route.replaceAll(":([a-z]+)", "{$1}")
        : route.substring(1);
  }

  private static Attributes attributes(RequestLog log, String route) {
    RequestHeaders request = log.requestHeaders();
    AttributesBuilder attributes = Attributes.builder();
    // Names as OpenTelemetry's semantic conventions have them.
    attributes.put("http.request.method", request.method().name());
    attributes.put("http.route", route.replaceAll(":([a-z]+)", "{$1}"));
    attributes.put("http.response.status_code", log.responseHeaders().status().code());
    attributes.put("url.path", request.path().split("\\?", 2)[0]);
    String grpc = AccessEntry.grpcStatus(log);
    if (grpc != null) {
      attributes.put("rpc.system", "grpc");
      attributes.put("rpc.grpc.status_code", grpc);
    }
    CallFacts facts = CallFacts.of(log.context());
    if (!facts.runs().isEmpty()) {
      CallFacts.Run last = facts.runs().getLast();
      attributes.put(MODEL, last.model());
      attributes.put(VERSION, last.version());
      attributes.put(
          EXAMPLES, (long) facts.runs().stream().mapToInt(CallFacts.Run::examples).sum());
    }
    return attributes.build();
  }

  /** When it ended, in nanoseconds since 1970. */
  private long part(Context under, String name, CallFacts.Run run, long start, Duration took) {
    long end = start + took.toNanos();
    tracer
        .spanBuilder(name)
        .setParent(under)
        .setStartTimestamp(start, TimeUnit.NANOSECONDS)
        .setAttribute(MODEL, run.model())
        .setAttribute(VERSION, run.version())
        .setAttribute(EXAMPLES, (long) run.examples())
        .startSpan()
        .end(end, TimeUnit.NANOSECONDS);
    return end;
  }

  /** Sends what is left. */
  @Override
  public CompletableFuture<Void> shutdown() {
    if (telemetry instanceof OpenTelemetrySdk sdk) {
      return CompletableFuture.runAsync(sdk::close);
    }
    return CompletableFuture.completedFuture(null);
  }
}
