package dev.hasten.serve.protocol;

import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import dev.hasten.serve.wire.ModelStreamInferResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One call of {@code ModelStreamInfer}. Answers come as they are ready; each has its request's id.
 * An error does not end the stream; the client's end does, and the server's stop, each after the
 * last answer. The client's going takes its requests back.
 *
 * <p>Requests are taken as answers are: a client that does not read, or has {@link #MOST_IN_FLIGHT}
 * requests in flight, waits with the next.
 */
final class InferStream implements StreamObserver<ModelInferRequest> {
  static final int MOST_IN_FLIGHT = 64;

  private final Function<ModelInferRequest, CompletableFuture<ModelInferResponse>> infer;
  private final ServerCallStreamObserver<ModelStreamInferResponse> out;
  private final Executor loop;
  private final Consumer<InferStream> over;

  private final Set<CompletableFuture<ModelInferResponse>> inFlight = new HashSet<>();
  private boolean asked;
  private boolean halfClosed;
  private boolean stopping;
  private boolean ended;

  /**
   * @param loop where all of the stream happens, the calls of this class but {@link #stop} too:
   *     from another thread an answer would only be put in its queue, and the end of the stream
   *     could overtake it
   * @param over is told when the stream has ended
   */
  InferStream(
      Function<ModelInferRequest, CompletableFuture<ModelInferResponse>> infer,
      ServerCallStreamObserver<ModelStreamInferResponse> out,
      Executor loop,
      Consumer<InferStream> over) {
    this.infer = infer;
    this.out = out;
    this.loop = loop;
    this.over = over;
  }

  /** Takes the first request; to be called in the call that opens the stream. */
  void begin() {
    out.disableAutoRequest();
    out.setOnReadyHandler(this::pull);
    // Where the client has ended its side, its going is told only here.
    out.setOnCancelHandler(this::gone);
    pull();
  }

  private void pull() {
    if (!asked && !ended && !halfClosed && inFlight.size() < MOST_IN_FLIGHT && out.isReady()) {
      asked = true;
      out.request(1);
    }
  }

  @Override
  public void onNext(ModelInferRequest request) {
    asked = false;
    if (ended) {
      return;
    }
    CompletableFuture<ModelInferResponse> answer =
        stopping ? CompletableFuture.failedFuture(stops()) : infer.apply(request);
    inFlight.add(answer);
    answer.whenCompleteAsync(
        (response, failure) -> {
          inFlight.remove(answer);
          if (ended) {
            return;
          }
          ModelStreamInferResponse.Builder message = ModelStreamInferResponse.newBuilder();
          if (failure != null) {
            message.setErrorMessage(String.valueOf(Failures.refusal(failure).getMessage()));
            message.setInferResponse(ModelInferResponse.newBuilder().setId(request.getId()));
          } else {
            message.setInferResponse(response);
          }
          out.onNext(message.build());
          settle();
          pull();
        },
        loop);
    pull();
  }

  /** The client has gone; its answers find nobody. */
  @Override
  public void onError(Throwable failure) {
    gone();
  }

  private void gone() {
    end();
    List.copyOf(inFlight).forEach(run -> run.cancel(true));
  }

  @Override
  public void onCompleted() {
    halfClosed = true;
    settle();
  }

  /** Takes no more requests; ends the stream once those in flight are answered. */
  void stop() {
    loop.execute(() -> {
      stopping = true;
      settle();
    });
  }

  private void settle() {
    if (ended || !inFlight.isEmpty()) {
      return;
    }
    if (halfClosed) {
      end();
      out.onCompleted();
    } else if (stopping) {
      end();
      out.onError(status(stops()));
    }
  }

  private void end() {
    ended = true;
    over.accept(this);
  }

  private static ProtocolException stops() {
    return ProtocolException.of(ProtocolException.Kind.UNAVAILABLE, "the server is stopping");
  }

  private static StatusRuntimeException status(ProtocolException refusal) {
    return refusal.kind().grpc().withDescription(refusal.getMessage()).asRuntimeException();
  }
}
