package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.util.CompositeException;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.RequestTimeoutException;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.DeadlineExceededException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.RejectedRequestException;
import dev.hasten.runtime.RunTimeoutException;
import dev.hasten.serve.protocol.ProtocolException.Kind;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.netty.handler.codec.compression.DecompressionException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What went wrong, in the protocol's terms. */
public final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private Failures() {}

  /**
   * The refusal that a client is told of. Faults of ours are logged; the client gets no details.
   */
  public static ProtocolException refusal(Throwable failure) {
    return switch (failure) {
      case ProtocolException refusal -> refusal;
      case CompletionException wrapped when wrapped.getCause() != null ->
          refusal(wrapped.getCause());
      case ExecutionException wrapped when wrapped.getCause() != null ->
          refusal(wrapped.getCause());
      case BadInputException bad -> ProtocolException.invalid(message(bad));
      case RejectedRequestException rejected -> rejected(rejected);
      case DeadlineExceededException late -> ProtocolException.of(Kind.DEADLINE, message(late));
      case RequestTimeoutException late ->
          ProtocolException.of(Kind.DEADLINE, "the request took too long");
      case RunTimeoutException late -> ProtocolException.of(Kind.DEADLINE, message(late));
      case CancellationException cancelled ->
          ProtocolException.of(Kind.CANCELLED, "the request was cancelled");
      case DecompressionException damaged ->
          ProtocolException.invalid("the body cannot be decompressed: " + message(damaged));
      // Several at once: the first one brought the others about.
      case CompositeException several -> refusal(several.getExceptions().getFirst());
      case StatusRuntimeException status -> grpc(status);
      case EnvironmentException missing -> ProtocolException.of(Kind.UNAVAILABLE, message(missing));
      // The client has gone, or gave up: nobody hears the answer.
      case Throwable gone when Exceptions.isStreamCancelling(gone) ->
          ProtocolException.of(Kind.CANCELLED, "the request was cancelled");
      default -> {
        LOG.error("a request failed by a fault of the server", failure);
        yield ProtocolException.of(Kind.FAULT, "internal error; the server's log has the details");
      }
    };
  }

  /** What gRPC's own layers say. */
  private static ProtocolException grpc(StatusRuntimeException failure) {
    Status.Code code = failure.getStatus().getCode();
    for (Kind kind : Kind.values()) {
      if (kind.grpc().getCode() == code) {
        return ProtocolException.of(kind, String.valueOf(failure.getStatus().getDescription()));
      }
    }
    return ProtocolException.of(Kind.FAULT, message(failure));
  }

  private static ProtocolException rejected(RejectedRequestException rejected) {
    return switch (rejected.reason()) {
      case TOO_LATE, QUEUE_FULL ->
          ProtocolException.tooMany(message(rejected), rejected.retryAfter());
      case TOO_LARGE -> ProtocolException.of(Kind.TOO_LARGE, message(rejected));
      case CLOSED -> ProtocolException.of(Kind.UNAVAILABLE, message(rejected));
    };
  }

  private static String message(Throwable failure) {
    return String.valueOf(failure.getMessage());
  }
}
