package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.HttpStatus;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;

/** A refusal in the protocol's terms: the message goes to the client as it is. */
public final class ProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Why; each has its number in either protocol. */
  public enum Kind {
    INVALID(HttpStatus.BAD_REQUEST, Status.INVALID_ARGUMENT),
    UNAUTHENTICATED(HttpStatus.UNAUTHORIZED, Status.UNAUTHENTICATED),
    FORBIDDEN(HttpStatus.FORBIDDEN, Status.PERMISSION_DENIED),
    NOT_FOUND(HttpStatus.NOT_FOUND, Status.NOT_FOUND),
    CONFLICT(HttpStatus.CONFLICT, Status.ALREADY_EXISTS),
    UNPROCESSABLE(HttpStatus.UNPROCESSABLE_ENTITY, Status.FAILED_PRECONDITION),
    TOO_LARGE(HttpStatus.REQUEST_ENTITY_TOO_LARGE, Status.RESOURCE_EXHAUSTED),
    TOO_MANY(HttpStatus.TOO_MANY_REQUESTS, Status.RESOURCE_EXHAUSTED),
    CANCELLED(HttpStatus.CLIENT_CLOSED_REQUEST, Status.CANCELLED),
    UNSUPPORTED(HttpStatus.NOT_IMPLEMENTED, Status.UNIMPLEMENTED),
    UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE, Status.UNAVAILABLE),
    DEADLINE(HttpStatus.GATEWAY_TIMEOUT, Status.DEADLINE_EXCEEDED),
    FAULT(HttpStatus.INTERNAL_SERVER_ERROR, Status.INTERNAL);

    private final HttpStatus http;
    private final Status grpc;

    Kind(HttpStatus http, Status grpc) {
      this.http = http;
      this.grpc = grpc;
    }

    public HttpStatus http() {
      return http;
    }

    public Status grpc() {
      return grpc;
    }
  }

  private final Kind kind;
  private final transient Optional<Duration> retryAfter;

  private ProtocolException(Kind kind, String message, Optional<Duration> retryAfter) {
    // Refusals are frequent under overload, and where they arise says nothing: no stack trace.
    super(message, null, false, false);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  public static ProtocolException of(Kind kind, String message) {
    return new ProtocolException(kind, message, Optional.empty());
  }

  public static ProtocolException invalid(String message) {
    return of(Kind.INVALID, message);
  }

  public static ProtocolException notFound(String message) {
    return of(Kind.NOT_FOUND, message);
  }

  /** Refused for now: worth another try after this time. */
  public static ProtocolException tooMany(String message, Duration retryAfter) {
    return new ProtocolException(Kind.TOO_MANY, message, Optional.of(retryAfter));
  }

  public Kind kind() {
    return kind;
  }

  /**
   * Not now.
   *
   * @param retryAfter when another try may be worth it; absent: when somebody has mended it
   */
  public static ProtocolException unavailable(String message, Optional<Duration> retryAfter) {
    return new ProtocolException(Kind.UNAVAILABLE, message, retryAfter);
  }

  /** When another try may be worth it. */
  public Optional<Duration> retryAfter() {
    return retryAfter;
  }
}
