package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.ShuttingDownException;
import com.linecorp.armeria.server.HttpResponseException;
import com.linecorp.armeria.server.HttpStatusException;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.serve.protocol.ProtocolException.Kind;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Every error over REST is {@code {"error": "…"}}; on OpenAI's paths it has OpenAI's form. */
public final class RestErrors implements ServerErrorHandler {
  private static final String OPENAI = "/v1/";

  /** So long a refusal waits for the rest of the body. */
  private static final Duration BODY = Duration.ofSeconds(5);

  @Override
  public HttpResponse onServiceException(ServiceRequestContext ctx, Throwable cause) {
    if (ctx.isTimedOut()) {
      // Whatever has come of it since. The rest of the body is not waited for.
      return refusal(ctx, RequestTimeoutException.get());
    }
    return afterBody(ctx, refusal(ctx, cause));
  }

  /** What breaks the protocol is the client's fault, also where Armeria fails on it. */
  @Override
  public @Nullable AggregatedHttpResponse onProtocolViolation(
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    return renderStatus(
        null,
        config,
        headers,
        status.isServerError() ? HttpStatus.BAD_REQUEST : status,
        description,
        cause);
  }

  /**
   * An answer that does not need the body, sent after it. Over HTTP/2 an answer that comes before
   * the body's end was taken note of resets the stream, and there are clients that then see the
   * reset, not the answer. So the body is read to its end (if it was, this is over at once), and
   * the answer comes in a later turn of the event loop.
   */
  public static HttpResponse afterBody(ServiceRequestContext ctx, HttpResponse answer) {
    HttpRequest request = ctx.request();
    if (GrpcRefusals.asks(request)) {
      // A stream may never end, and clients of gRPC expect an early answer.
      return answer;
    }
    return HttpResponse.of(
        request
            .subscribe()
            // The future is the request's own.
            .copy()
            .completeOnTimeout(null, BODY.toMillis(), TimeUnit.MILLISECONDS)
            .handleAsync((read, failure) -> answer, ctx.eventLoop()));
  }

  private HttpResponse refusal(ServiceRequestContext ctx, Throwable cause) {
    return switch (cause) {
      // Armeria's own ways of answering.
      case HttpStatusException e -> {
        AggregatedHttpResponse rendered =
            renderStatus(ctx, ctx.config(), ctx.request().headers(), e.httpStatus(), null, e);
        yield rendered == null ? HttpResponse.of(e.httpStatus()) : rendered.toHttpResponse();
      }
      case HttpResponseException e -> e.httpResponse();
      case ShuttingDownException end ->
          of(ctx, ProtocolException.of(Kind.UNAVAILABLE, "the server is stopping"));
      case ContentTooLargeException large ->
          of(
              ctx,
              ProtocolException.of(
                  Kind.TOO_LARGE,
                  "the body is too large (expected: at most %d bytes)"
                      .formatted(large.maxContentLength())));
      default -> of(ctx, Failures.refusal(cause));
    };
  }

  @Override
  public @Nullable AggregatedHttpResponse renderStatus(
      @Nullable ServiceRequestContext ctx,
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    if (status.isContentAlwaysEmpty()) {
      return null;
    }
    String text =
        description != null && !description.isEmpty() ? description : status.reasonPhrase();
    ResponseHeadersBuilder answer = ResponseHeaders.builder(status).contentType(MediaType.JSON);
    if (headers != null && status.equals(HttpStatus.METHOD_NOT_ALLOWED)) {
      answer.set(HttpHeaderNames.ALLOW, AllowedMethods.of(config.server(), headers.path()));
    }
    String type = status.reasonPhrase().toLowerCase(Locale.ROOT).replace(' ', '_');
    return AggregatedHttpResponse.of(answer.build(), HttpData.ofUtf8(body(headers, text, type)));
  }

  private static HttpResponse of(ServiceRequestContext ctx, ProtocolException refusal) {
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(refusal.kind().http()).contentType(MediaType.JSON);
    refusal
        .retryAfter()
        .map(Duration::toMillis)
        .filter(millis -> millis > 0)
        // Whole seconds, at least one: the header knows nothing finer.
        .ifPresent(millis -> headers.setLong(HttpHeaderNames.RETRY_AFTER, (millis + 999) / 1000));
    if (refusal.kind() == Kind.UNAUTHENTICATED) {
      headers.set(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }
    return HttpResponse.of(
        headers.build(),
        HttpData.ofUtf8(
            body(
                ctx.request().headers(),
                String.valueOf(refusal.getMessage()),
                refusal.kind().name().toLowerCase(Locale.ROOT))));
  }

  private static String body(@Nullable RequestHeaders headers, String message, String type) {
    String quoted =
        "\"" + new String(JsonStringEncoder.getInstance().quoteAsString(message)) + "\"";
    return headers != null && headers.path().startsWith(OPENAI)
        ? "{\"error\":{\"message\":%s,\"type\":\"%s\",\"param\":null,\"code\":null}}"
            .formatted(quoted, type)
        : "{\"error\":" + quoted + "}";
  }
}
