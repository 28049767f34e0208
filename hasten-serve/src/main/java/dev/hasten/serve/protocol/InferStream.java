package dev.hasten.serve.protocol;

import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import dev.hasten.serve.wire.ModelStreamInferResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One call of {@code ModelStreamInfer}. Answers come as they are ready; each has its request's id.
 * An error does not end the stream; the client's end does, and the server's stop, each after the
 * last answer.
 */
final class InferStream implements StreamObserver<ModelInferRequest> {
  private final Function<ModelInferRequest, CompletableFuture<ModelInferResponse>> infer;
  private final StreamObserver<ModelStreamInferResponse> out;
  private final Executor loop;
  private final Consumer<InferStream> over;

  private int inFlight;
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
      StreamObserver<ModelStreamInferResponse> out,
      Executor loop,
      Consumer<InferStream> over) {
    this.infer = infer;
    this.out = out;
    this.loop = loop;
    this.over = over;
  }

  @Override
  public void onNext(ModelInferRequest request) {
    if (ended) {
      return;
    }
    inFlight++;
    CompletableFuture<ModelInferResponse> answer =
        stopping ? CompletableFuture.failedFuture(stops()) : infer.apply(request);
    answer.whenCompleteAsync(
        (response, failure) -> {
          ModelStreamInferResponse.Builder message = ModelStreamInferResponse.newBuilder();
          if (failure != null) {
            message.setErrorMessage(String.valueOf(Failures.refusal(failure).getMessage()));
            message.setInferResponse(ModelInferResponse.newBuilder().setId(request.getId()));
          } else {
            message.setInferResponse(response);
          }
          inFlight--;
          if (!ended) {
            out.onNext(message.build());
            settle();
          }
        },
        loop);
  }

  /** The client has gone; its answers find nobody. */
  @Override
  public void onError(Throwable failure) {
    end();
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
    if (ended || inFlight > 0) {
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
