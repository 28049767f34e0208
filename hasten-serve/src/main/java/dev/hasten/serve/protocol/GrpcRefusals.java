package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.grpc.protocol.GrpcHeaderNames;
import com.linecorp.armeria.common.grpc.protocol.StatusMessageEscaper;
import io.grpc.Status;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Refusals of gRPC calls that did not get as far as the service. */
public final class GrpcRefusals {
  private static final MediaType GRPC = MediaType.create("application", "grpc");

  private GrpcRefusals() {}

  /** Whether a request is a call of gRPC. */
  public static boolean asks(HttpRequest request) {
    @Nullable MediaType type = request.contentType();
    return type != null && type.type().equals("application") && type.subtype().startsWith("grpc");
  }

  /** What a call is told that failed before or behind the service. */
  public static Status status(Status status, Throwable cause) {
    if (status.getCode() != Status.Code.UNKNOWN) {
      return status;
    }
    for (Throwable one = cause; one != null; one = one.getCause()) {
      // So Armeria reads what is shorter than it says, or not compressed as it says. What fails in
      // the service itself has a status.
      if (one instanceof IOException
          || one instanceof IndexOutOfBoundsException
          || one instanceof IllegalArgumentException
          || one instanceof IllegalStateException) {
        return Status.INVALID_ARGUMENT.withDescription(
            "the message is not what gRPC has it: "
                + Texts.brief(String.valueOf(one.getMessage())));
      }
    }
    ProtocolException refusal = Failures.refusal(cause);
    return refusal.kind().grpc().withDescription(refusal.getMessage());
  }

  /** The status alone, in the headers ("Trailers-Only" in gRPC's protocol over HTTP/2). */
  public static HttpResponse of(ProtocolException refusal) {
    Status status = refusal.kind().grpc();
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(GRPC)
            .setInt(GrpcHeaderNames.GRPC_STATUS, status.getCode().value())
            .set(
                GrpcHeaderNames.GRPC_MESSAGE,
                StatusMessageEscaper.escape(String.valueOf(refusal.getMessage())))
            .endOfStream(true)
            .build());
  }
}
