package dev.hasten.serve.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import dev.hasten.serve.wire.ModelStreamInferResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a stream ends; all in one thread, with answers that come when the test says so. */
class InferStreamTest {
  private final Map<String, CompletableFuture<ModelInferResponse>> runs = new HashMap<>();
  private final List<String> seen = new ArrayList<>();
  private final List<InferStream> over = new ArrayList<>();

  private boolean reads = true;
  private int asked;
  private @Nullable Runnable onReady;
  private @Nullable Runnable onCancel;

  private final ServerCallStreamObserver<ModelStreamInferResponse> client =
      new ServerCallStreamObserver<>() {
        @Override
        public void disableAutoRequest() {}

        @Override
        public void request(int count) {
          asked += count;
        }

        @Override
        public boolean isReady() {
          return reads;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {
          onReady = handler;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {
          onCancel = handler;
        }

        @Override
        public boolean isCancelled() {
          return false;
        }

        @Override
        public void disableAutoInboundFlowControl() {
          throw new UnsupportedOperationException();
        }

        @Override
        public void setCompression(String compression) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void setMessageCompression(boolean enable) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void onNext(ModelStreamInferResponse answer) {
          seen.add(answer.getInferResponse().getId() + " " + answer.getErrorMessage());
        }

        @Override
        public void onError(Throwable failure) {
          Status status = Status.fromThrowable(failure);
          seen.add(status.getCode() + " " + status.getDescription());
        }

        @Override
        public void onCompleted() {
          seen.add("completed");
        }
      };

  private final InferStream stream =
      new InferStream(
          request -> runs.computeIfAbsent(request.getId(), id -> new CompletableFuture<>()),
          client,
          Runnable::run,
          over::add);

  @BeforeEach
  void begin() {
    stream.begin();
  }

  private void ask(String id) {
    stream.onNext(ModelInferRequest.newBuilder().setId(id).build());
  }

  private void answer(String id) {
    Objects.requireNonNull(runs.get(id))
        .complete(ModelInferResponse.newBuilder().setId(id).build());
  }

  @Test
  void anIdleOneEndsWhenTheServerStops() {
    stream.stop();
    assertThat(seen).containsExactly("UNAVAILABLE the server is stopping");
    assertThat(over).containsExactly(stream);
    ask("1");
    stream.onCompleted();
    stream.stop();
    assertThat(runs).isEmpty();
    assertThat(seen).hasSize(1);
  }

  @Test
  void oneWithRequestsEndsAfterItsLastAnswer() {
    ask("1");
    ask("2");
    stream.stop();
    ask("late");
    answer("2");
    assertThat(seen).containsExactly("late the server is stopping", "2 ");
    answer("1");
    assertThat(seen).endsWith("1 ", "UNAVAILABLE the server is stopping").hasSize(4);
    assertThat(runs).containsOnlyKeys("1", "2");
  }

  @Test
  void theClientsEndComesFirst() {
    ask("1");
    stream.onCompleted();
    stream.stop();
    assertThat(seen).isEmpty();
    answer("1");
    assertThat(seen).containsExactly("1 ", "completed");
    assertThat(over).containsExactly(stream);
  }

  @Test
  void whoHasGoneIsToldNothing() {
    ask("1");
    stream.onError(Status.CANCELLED.asException());
    answer("1");
    stream.stop();
    assertThat(seen).isEmpty();
    assertThat(over).isNotEmpty();
    assertThat(runs.get("1")).isCancelled();
  }

  @Test
  void whoGoesAfterItsLastRequestTakesItBack() {
    ask("1");
    ask("2");
    stream.onCompleted();
    Objects.requireNonNull(onCancel).run();
    assertThat(runs.values()).hasSize(2).allMatch(CompletableFuture::isCancelled);
    assertThat(seen).isEmpty();
    assertThat(over).isNotEmpty();
  }

  @Test
  void aRequestIsAskedForAtATimeAndNotTooMany() {
    assertThat(asked).isEqualTo(1);
    for (int i = 1; i <= InferStream.MOST_IN_FLIGHT; i++) {
      assertThat(asked).isEqualTo(i);
      ask("" + i);
    }
    assertThat(asked).isEqualTo(InferStream.MOST_IN_FLIGHT);
    answer("2");
    assertThat(asked).isEqualTo(InferStream.MOST_IN_FLIGHT + 1);
    answer("3");
    assertThat(asked).isEqualTo(InferStream.MOST_IN_FLIGHT + 1);
  }

  @Test
  void whoDoesNotReadIsNotAsked() {
    reads = false;
    ask("1");
    assertThat(asked).isEqualTo(1);
    answer("1");
    assertThat(asked).isEqualTo(1);
    reads = true;
    Objects.requireNonNull(onReady).run();
    assertThat(asked).isEqualTo(2);
  }
}
