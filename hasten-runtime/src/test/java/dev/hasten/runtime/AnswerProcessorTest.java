package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerProcessorTest {
  @TempDir private Path folder;

  private final List<CompletableFuture<Prediction>> inBatcher = new ArrayList<>();
  private final AnswerProcessor<Example, Prediction> processor =
      new AnswerProcessor<>(
          example -> {
            CompletableFuture<Prediction> future = new CompletableFuture<>();
            inBatcher.add(future);
            return future;
          },
          3);
  private final Upstream upstream = new Upstream();
  private final Downstream downstream = new Downstream();

  private static final class Upstream implements Flow.Subscription {
    long requested;
    boolean cancelled;

    @Override
    public void request(long n) {
      requested += n;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  private static final class Downstream implements Flow.Subscriber<Prediction> {
    Flow.@Nullable Subscription subscription;
    final List<Prediction> got = new ArrayList<>();
    @Nullable Throwable error;
    boolean complete;

    @Override
    public void onSubscribe(Flow.Subscription its) {
      subscription = its;
    }

    @Override
    public void onNext(Prediction prediction) {
      got.add(prediction);
    }

    @Override
    public void onError(Throwable its) {
      error = its;
    }

    @Override
    public void onComplete() {
      complete = true;
    }

    Flow.Subscription subscription() {
      Flow.Subscription its = subscription;
      if (its == null) {
        throw new IllegalStateException("not subscribed");
      }
      return its;
    }
  }

  private void connect() {
    processor.onSubscribe(upstream);
    processor.subscribe(downstream);
  }

  private static Prediction prediction(int n) {
    Timing none = new Timing(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
    return new Prediction(Map.of("n", NdArray.ints(new int[] {n})), none);
  }

  @Test
  void keepsOrderAndAsksForNoMoreThanItMay() {
    connect();
    assertThat(upstream.requested).isZero();
    downstream.subscription().request(100);
    assertThat(upstream.requested).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      processor.onNext(Example.text("x" + i));
    }
    Prediction second = prediction(2);
    inBatcher.get(1).complete(second);
    assertThat(downstream.got).isEmpty();
    assertThat(upstream.requested).isEqualTo(3);
    Prediction first = prediction(1);
    inBatcher.get(0).complete(first);
    assertThat(downstream.got).containsExactly(first, second);
    assertThat(upstream.requested).isEqualTo(5);
    processor.onComplete();
    assertThat(downstream.complete).isFalse();
    inBatcher.get(2).complete(prediction(3));
    assertThat(downstream.got).hasSize(3);
    assertThat(downstream.complete).isTrue();
  }

  @Test
  void givesNoMoreThanWasAskedFor() {
    connect();
    downstream.subscription().request(1);
    assertThat(upstream.requested).isEqualTo(1);
    processor.onNext(Example.text("x"));
    inBatcher.getFirst().complete(prediction(1));
    assertThat(downstream.got).hasSize(1);
    assertThat(upstream.requested).isEqualTo(1);
    downstream.subscription().request(1);
    assertThat(upstream.requested).isEqualTo(2);
  }

  @Test
  void aFailureEndsTheStreamAndTakesTheRestBack() {
    connect();
    downstream.subscription().request(5);
    processor.onNext(Example.text("x"));
    processor.onNext(Example.text("y"));
    inBatcher.get(0).completeExceptionally(new BadInputException("bad"));
    assertThat(downstream.error).isInstanceOf(BadInputException.class).hasMessage("bad");
    assertThat(upstream.cancelled).isTrue();
    assertThat(inBatcher.get(1)).isCancelled();
    processor.onComplete();
    assertThat(downstream.complete).isFalse();
  }

  @Test
  void cancellingAndAskingForNothingEndIt() {
    connect();
    downstream.subscription().request(0);
    assertThat(downstream.error).isInstanceOf(IllegalArgumentException.class);
    assertThat(upstream.cancelled).isTrue();

    Downstream another = new Downstream();
    processor.subscribe(another);
    assertThat(another.error).isInstanceOf(IllegalStateException.class);

    Upstream later = new Upstream();
    AnswerProcessor<Example, Prediction> fresh =
        new AnswerProcessor<>(e -> new CompletableFuture<>(), 2);
    Downstream to = new Downstream();
    fresh.onSubscribe(later);
    fresh.subscribe(to);
    to.subscription().request(1);
    to.subscription().cancel();
    assertThat(later.cancelled).isTrue();
    fresh.onNext(Example.text("late"));
    assertThat(to.got).isEmpty();
  }

  @Test
  void worksWithThreads() {
    CompletableFuture<Integer> done = new CompletableFuture<>();
    AnswerProcessor<Example, Prediction> threaded =
        new AnswerProcessor<>(
            example ->
                CompletableFuture.supplyAsync(
                    () -> prediction(Integer.parseInt(((Example.Text) example).text()))),
            7);
    List<Integer> got = new ArrayList<>();
    threaded.subscribe(
        new Flow.Subscriber<>() {
          private Flow.@Nullable Subscription own;

          @Override
          public void onSubscribe(Flow.Subscription its) {
            own = its;
            its.request(2);
          }

          @Override
          public void onNext(Prediction prediction) {
            got.add((int) Tiny.get(prediction.outputs(), "n").toLongs()[0]);
            if (own != null) {
              own.request(1);
            }
          }

          @Override
          public void onError(Throwable error) {
            done.completeExceptionally(error);
          }

          @Override
          public void onComplete() {
            done.complete(got.size());
          }
        });
    try (SubmissionPublisher<Example> publisher = new SubmissionPublisher<>()) {
      publisher.subscribe(threaded);
      for (int i = 0; i < 2000; i++) {
        int unused = publisher.submit(Example.text(Integer.toString(i)));
      }
    }
    assertThat(done.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(2000);
    assertThat(got).isSorted();
  }

  @Test
  void answersAllOfAnIterableForEachSubscriber() throws Exception {
    Path add = Files.write(folder.resolve("add.onnx"), Tiny.add());
    List<Map<String, NdArray>> rows =
        IntStream.range(0, 300).mapToObj(i -> row(Tiny.inputs(1, i))).toList();
    try (Batcher batcher =
        Batcher.openModel(
            add,
            new PipelineSpec.Tensors(true),
            Tuning.defaults().withIntraOpThreads(1),
            BatcherOptions.defaults())) {
      Flow.Publisher<Prediction> answers =
          batcher.predictAll(
              () -> rows.stream().map(Example::tensors).iterator(), 9, RequestOptions.defaults());
      for (int subscriber = 0; subscriber < 2; subscriber++) {
        Collector collector = new Collector();
        answers.subscribe(collector);
        List<Prediction> got = collector.done.get(30, TimeUnit.SECONDS);
        assertThat(got).hasSize(rows.size());
        for (int i = 0; i < rows.size(); i++) {
          assertThat(Tiny.get(got.get(i).outputs(), "y").toFloats())
              .containsExactly(Tiny.expected(Tiny.inputs(1, i)));
        }
      }
      Collector failing = new Collector();
      batcher
          .predictAll(List.of(Example.text("not a tensor")), 9, RequestOptions.defaults())
          .subscribe(failing);
      assertThat(failing.done)
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableThat()
          .withCauseInstanceOf(BadInputException.class);
    }
  }

  /** Without the batch axis. */
  private static Map<String, NdArray> row(Map<String, NdArray> batch) {
    return Map.of(
        "x", NdArray.floats(Tiny.get(batch, "x").toFloats(), 8),
        "k", NdArray.longs(Tiny.get(batch, "k").toLongs()));
  }

  /** Asks for one at a time. */
  private static final class Collector implements Flow.Subscriber<Prediction> {
    final CompletableFuture<List<Prediction>> done = new CompletableFuture<>();
    private final List<Prediction> got = new ArrayList<>();
    private Flow.@Nullable Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription its) {
      subscription = its;
      its.request(1);
    }

    @Override
    public void onNext(Prediction prediction) {
      got.add(prediction);
      if (subscription != null) {
        subscription.request(1);
      }
    }

    @Override
    public void onError(Throwable error) {
      done.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
      done.complete(got);
    }
  }
}
