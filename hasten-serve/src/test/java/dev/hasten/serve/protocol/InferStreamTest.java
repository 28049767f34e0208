package dev.hasten.serve.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import dev.hasten.serve.wire.ModelStreamInferResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** When a stream ends; all in one thread, with answers that come when the test says so. */
class InferStreamTest {
  private final Map<String, CompletableFuture<ModelInferResponse>> runs = new HashMap<>();
  private final List<String> seen = new ArrayList<>();
  private final List<InferStream> over = new ArrayList<>();

  private final StreamObserver<ModelStreamInferResponse> client =
      new StreamObserver<>() {
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
  }
}
