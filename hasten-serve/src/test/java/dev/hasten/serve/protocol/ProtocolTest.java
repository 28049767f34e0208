package dev.hasten.serve.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.Timing;
import dev.hasten.serve.FakeRepository;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.wire.GRPCInferenceServiceGrpc;
import dev.hasten.serve.wire.RepositoryModelLoadRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Parts of the protocol by themselves. */
@Timeout(60)
class ProtocolTest {
  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aBodyOfVeryManyPartsIsRefused() {
    String bomb = "{\"text\":\"a\",\"x\":[" + "{},".repeat(200_000) + "{}]}";
    assertThatThrownBy(() -> Uploads.parse(utf8(bomb)))
        .isInstanceOfSatisfying(
            ProtocolException.class,
            e -> assertThat(e.kind()).isEqualTo(ProtocolException.Kind.INVALID))
        .hasMessageContaining("100000");
    StringBuilder wide = new StringBuilder("{\"c\":0");
    for (int i = 0; i < 40_000; i++) {
      wide.append(",\"c").append(i).append("\":").append(i);
    }
    assertThat(Uploads.parse(utf8(wide.append('}').toString()))).hasSize(40_001);
  }

  @Test
  void classesAreWrittenAlikeEverywhere() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      NdArray scores = NdArray.floats(new float[] {0.1f, 0.9f}, 2);
      assertThat(Classification.of(scores, 1, List.of()).strings()).containsExactly("0.900000:1");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void statisticsLeaveOutWhatWasUnloadedMeanwhile() {
    ModelRepository repository =
        new FakeRepository(
            List.of(new ModelRepository.Entry("m", "1", ModelRepository.State.READY, "")),
            ProtocolTest::noLease,
            model -> {});
    assertThat(Descriptions.statistics(repository, "", "").getModelStatsList()).isEmpty();
    assertThatThrownBy(() -> Descriptions.statistics(repository, "m", ""))
        .hasMessageContaining("no model 'm'");
  }

  @Test
  void theFirstFailureOfSeveralIsNotWaitedWith() {
    CompletableFuture<String> never = new CompletableFuture<>();
    CompletableFuture<String> fails = new CompletableFuture<>();
    CompletableFuture<Void> all = EmbeddingsService.allOrFirstFailure(List.of(never, fails));
    assertThat(all).isNotDone();
    fails.completeExceptionally(ProtocolException.invalid("too long"));
    assertThat(all).isCompletedExceptionally();
    assertThatThrownBy(all::join).hasRootCauseMessage("too long");

    never.complete("a");
    CompletableFuture<String> other = new CompletableFuture<>();
    CompletableFuture<Void> both = EmbeddingsService.allOrFirstFailure(List.of(never, other));
    assertThat(both).isNotDone();
    other.complete("b");
    assertThat(both).isCompleted();
  }

  private static ServiceRequestContext context(String... headers) {
    RequestHeaders of =
        headers.length == 0
            ? RequestHeaders.of(HttpMethod.POST, "/")
            : RequestHeaders.of(HttpMethod.POST, "/", headers[0], headers[1]);
    return ServiceRequestContext.of(HttpRequest.of(of));
  }

  @Test
  void aTokenIsOneClientWhateverItCallsItself() {
    ServiceRequestContext named = context(CallOptions.CLIENT, "a");
    assertThat(CallOptions.of(named, Map.of()).client()).isEqualTo("a");
    CallFacts.of(named).setToken("shop");
    assertThat(CallOptions.of(named, Map.of()).client()).isEqualTo("shop");
    assertThat(CallOptions.of(context(), Map.of()).client()).isNotEmpty();
  }

  @Test
  void largeAnswersAreWrittenOutsideTheEventLoop() {
    ServiceRequestContext ctx = context();
    Thread here = Thread.currentThread();
    Timing timing = new Timing(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
    for (int size : new int[] {4, 100_000}) {
      Prediction prediction =
          new Prediction(Map.of("y", NdArray.floats(new float[size], size)), timing);
      Thread writer =
          BySize.write(
                  ctx,
                  CompletableFuture.completedFuture(prediction),
                  Runnable::run,
                  written -> Thread.currentThread())
              .join();
      assertThat(writer == here).as(size + " elements").isEqualTo(size == 4);
    }
  }

  @Test
  void callsOfGrpcHaveTheServersLimit() {
    CountDownLatch released = new CountDownLatch(1);
    GrpcService grpc =
        new GrpcService(
            new FakeRepository(List.of(), ProtocolTest::noLease, model -> await(released)),
            () -> true,
            "1",
            true);
    try (Server server =
        Server.builder()
            .http(0)
            .service(
                com.linecorp.armeria.server.grpc.GrpcService.builder().addService(grpc).build(),
                service -> service.decorate(new CallLimit(Duration.ofMillis(200))))
            .build()) {
      server.start().join();
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", server.activeLocalPort())
              .usePlaintext()
              .build();
      try {
        var stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
        RepositoryModelLoadRequest load = RepositoryModelLoadRequest.getDefaultInstance();
        for (var caller : List.of(stub, stub.withDeadlineAfter(1, TimeUnit.HOURS))) {
          assertThatThrownBy(() -> caller.repositoryModelLoad(load))
              .hasMessageMatching("(CANCELLED|DEADLINE_EXCEEDED).*");
        }
      } finally {
        released.countDown();
        channel.shutdownNow();
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void loadsDoNotTakeTheThreadsOfOtherWork() {
    ScheduledExecutorService only = Executors.newSingleThreadScheduledExecutor();
    CountDownLatch released = new CountDownLatch(1);
    ServerBuilder builder = Server.builder().http(0).blockingTaskExecutor(only, true);
    builder.errorHandler(new RestErrors());
    new RestService(
            new FakeRepository(List.of(), ProtocolTest::noLease, model -> {}),
            () -> true,
            "1",
            true)
        .bind(builder);
    try (Server server = builder.build()) {
      server.start().join();
      only.execute(() -> await(released));
      WebClient client = WebClient.of("http://127.0.0.1:" + server.activeLocalPort());
      String load = "/v2/repository/models/m/load";
      assertThat(client.post(load, "{}").aggregate().join().status().code()).isEqualTo(200);
      String padded = "{\"parameters\": {}}" + " ".repeat(100_000);
      for (String path : new String[] {load, "/v2/repository/index"}) {
        assertThat(client.post(path, padded).aggregate().join().status().code()).isEqualTo(413);
      }
      released.countDown();
    }
  }

  /** What is listed was unloaded since. */
  private static ModelRepository.Lease noLease(String model) {
    throw ProtocolException.notFound("no model '" + model + "'");
  }
}
