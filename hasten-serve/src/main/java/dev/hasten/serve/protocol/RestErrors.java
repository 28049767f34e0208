package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.HttpResponseException;
import com.linecorp.armeria.server.HttpStatusException;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.serve.protocol.ProtocolException.Kind;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Every error over REST is {@code {"error": "…"}}. */
public final class RestErrors implements ServerErrorHandler {
  @Override
  public @Nullable HttpResponse onServiceException(ServiceRequestContext ctx, Throwable cause) {
    return switch (cause) {
      // Armeria's own way of answering; below, its content gets our form.
      case HttpStatusException status -> null;
      case HttpResponseException response -> null;
      case RequestTimeoutException late ->
          of(ProtocolException.of(Kind.DEADLINE, "the request took too long"));
      case ContentTooLargeException large ->
          of(
              ProtocolException.of(
                  Kind.TOO_LARGE,
                  "the body is too large (expected: at most %d bytes)"
                      .formatted(large.maxContentLength())));
      default -> of(Failures.refusal(cause));
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
    return AggregatedHttpResponse.of(status, MediaType.JSON, body(text));
  }

  static HttpResponse of(ProtocolException refusal) {
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
        com.linecorp.armeria.common.HttpData.ofUtf8(body(String.valueOf(refusal.getMessage()))));
  }

  private static String body(String message) {
    return "{\"error\":\""
        + new String(JsonStringEncoder.getInstance().quoteAsString(message))
        + "\"}";
  }
}
