package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatcherTest {
  @SuppressWarnings("NullAway.Init")
  @TempDir
  private static Path folder;

  @SuppressWarnings("NullAway.Init")
  private static Path bundle;

  @SuppressWarnings("NullAway.Init")
  private static Path add;

  @BeforeAll
  static void write() throws IOException {
    bundle = folder.resolve("bundle");
    Bundle.write(
        bundle,
        BundleManifest.of("minilm", MiniLm.SPEC).withTuning(Tuning.defaults().withMaxBatch(8)),
        Map.of("model.onnx", MiniLm.model(), "tokenizer.json", MiniLm.tokenizer()));
    add = Files.write(folder.resolve("add.onnx"), Tiny.add());
  }

  private static Batcher tiny(BatcherOptions options) {
    return Batcher.openModel(
        add, new PipelineSpec.Tensors(true), Tuning.defaults().withIntraOpThreads(1), options);
  }

  /** Counts what it is told, and can hold the instance that is about to run. */
  private static final class Recorder implements BatcherListener {
    final List<Integer> rows = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger completed = new AtomicInteger();
    final AtomicInteger failed = new AtomicInteger();
    final AtomicInteger rejected = new AtomicInteger();
    final AtomicInteger expired = new AtomicInteger();
    final AtomicInteger cancelled = new AtomicInteger();
    private volatile @Nullable CountDownLatch held;
    private final CountDownLatch begun = new CountDownLatch(1);

    int ends() {
      return completed.get() + failed.get() + rejected.get() + expired.get() + cancelled.get();
    }

    /** A run that has begun and ends when the returned is closed: what comes meanwhile waits. */
    Held hold(Batcher batcher) throws InterruptedException {
      CountDownLatch latch = new CountDownLatch(1);
      held = latch;
      var first = batcher.submitTensors(Tiny.inputs(1, 1), RequestOptions.defaults());
      begun.await();
      held = null;
      return () -> {
        latch.countDown();
        first.join();
      };
    }

    /** See {@link #hold}. */
    @FunctionalInterface
    interface Held extends AutoCloseable {
      @Override
      void close();
    }

    @Override
    public void batchFormed(int requests, int its, int length, int waiting) {
      rows.add(its);
      CountDownLatch latch = held;
      if (latch != null) {
        begun.countDown();
        try {
          latch.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }

    @Override
    public void completed(Priority priority, String client, int its, Timing timing) {
      completed.incrementAndGet();
    }

    @Override
    public void failed(Priority priority, String client, Throwable failure) {
      failed.incrementAndGet();
    }

    @Override
    public void rejected(Priority priority, String client, RejectedRequestException refusal) {
      rejected.incrementAndGet();
    }

    @Override
    public void expired(Priority priority, String client, Duration waited) {
      expired.incrementAndGet();
    }

    @Override
    public void cancelled(Priority priority, String client, Duration waited) {
      cancelled.incrementAndGet();
    }
  }

  @Test
  void answersAsThePredictorDoes() {
    List<Example> texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      texts.add(Example.text("word ".repeat((i * 7) % 13) + i));
    }
    Recorder recorder = new Recorder();
    try (Predictor predictor = Predictor.open(bundle);
        Batcher batcher = Batcher.open(bundle, BatcherOptions.defaults().withListener(recorder))) {
      List<CompletableFuture<Prediction>> futures = texts.stream().map(batcher::submit).toList();
      for (int i = 0; i < texts.size(); i++) {
        Prediction prediction = futures.get(i).join();
        assertThat(prediction.embedding())
            .containsExactly(predictor.predict(texts.get(i)).embedding(), within(2e-6f));
        assertThat(prediction.timing().inference()).isPositive();
      }
    }
    assertThat(recorder.rows.stream().mapToInt(n -> n).sum()).isEqualTo(40);
    assertThat(recorder.rows).allMatch(n -> n <= 8).anyMatch(n -> n > 1);
  }

  @Test
  void joinsAndSplitsRawTensors() throws Exception {
    Recorder recorder = new Recorder();
    try (Batcher batcher = tiny(BatcherOptions.defaults().withListener(recorder))) {
      List<Map<String, NdArray>> inputs = new ArrayList<>();
      List<CompletableFuture<Prediction>> futures = new ArrayList<>();
      try (Recorder.Held held = recorder.hold(batcher)) {
        for (int i = 1; i <= 6; i++) {
          inputs.add(Tiny.inputs(i, i));
          futures.add(batcher.submitTensors(inputs.getLast(), RequestOptions.defaults()));
        }
      }
      for (int i = 0; i < futures.size(); i++) {
        Map<String, NdArray> outputs = futures.get(i).get(10, TimeUnit.SECONDS).outputs();
        NdArray y = Tiny.get(outputs, "y");
        assertThat(y.shape()).containsExactly(i + 1, 8);
        assertThat(y.toFloats()).containsExactly(Tiny.expected(inputs.get(i)));
      }
    }
    assertThat(recorder.rows.stream().mapToInt(n -> n).sum()).isEqualTo(1 + 21);
    assertThat(recorder.rows).anyMatch(n -> n > 6);
  }

  @Test
  void aBadInputFailsAlone() throws Exception {
    Recorder recorder = new Recorder();
    try (Batcher batcher = tiny(BatcherOptions.defaults().withListener(recorder))) {
      List<CompletableFuture<Prediction>> futures = new ArrayList<>();
      try (Recorder.Held held = recorder.hold(batcher)) {
        for (int i = 0; i < 5; i++) {
          // Seven columns pass the checks of type and rank: the run itself refuses them.
          Map<String, NdArray> bad =
              Map.of("x", NdArray.floats(new float[7], 1, 7), "k", NdArray.longs(new long[1], 1));
          futures.add(
              batcher.submitTensors(i == 2 ? bad : Tiny.inputs(1, i), RequestOptions.defaults()));
        }
      }
      for (int i = 0; i < 5; i++) {
        CompletableFuture<Prediction> future = futures.get(i);
        if (i == 2) {
          assertThatThrownBy(future::join).hasCauseInstanceOf(BadInputException.class);
        } else {
          assertThat(future.join().outputs()).containsKey("y");
        }
      }
      assertThatThrownBy(() -> batcher.submitTensors(Map.of(), RequestOptions.defaults()).join())
          .hasRootCauseMessage("input x: missing (expected: x float[n,8], k int64[n])");
    }
  }

  @Test
  void whatIsTakenBackOrLateDoesNotRun() throws Exception {
    Recorder recorder = new Recorder();
    try (Batcher batcher = tiny(BatcherOptions.defaults().withListener(recorder))) {
      RequestOptions plain = RequestOptions.defaults();
      Cancellation token = Cancellation.manual();
      try (Recorder.Held held = recorder.hold(batcher)) {
        CompletableFuture<Prediction> late =
            batcher.submitTensors(Tiny.inputs(1, 1), plain.withDeadline(Duration.ofMillis(30)));
        CompletableFuture<Prediction> back = batcher.submitTensors(Tiny.inputs(1, 2), plain);
        CompletableFuture<Prediction> byToken =
            batcher.submitTensors(Tiny.inputs(1, 3), plain.withCancellation(token));
        back.cancel(true);
        token.cancel();
        assertThat(byToken).isCancelled();
        // Told in time, though the instance is still busy.
        assertThatThrownBy(late::join).hasCauseInstanceOf(DeadlineExceededException.class);
        assertThat(batcher.waiting()).isZero();
      }
      batcher.submitTensors(Tiny.inputs(1, 4), plain).join();
    }
    assertThat(recorder.rows).containsExactly(1, 1);
    assertThat(recorder.expired).hasValue(1);
    assertThat(recorder.cancelled).hasValue(2);
  }

  @Test
  void refusesWhatTheQueueCannotHold() throws Exception {
    Recorder recorder = new Recorder();
    try (Batcher batcher =
        tiny(BatcherOptions.defaults().withMaxQueue(3, 1 << 20).withListener(recorder))) {
      List<CompletableFuture<Prediction>> futures = new ArrayList<>();
      try (Recorder.Held held = recorder.hold(batcher)) {
        for (int i = 0; i < 4; i++) {
          futures.add(batcher.submitTensors(Tiny.inputs(1, i), RequestOptions.defaults()));
        }
        assertThatThrownBy(futures.get(3)::join)
            .cause()
            .isInstanceOfSatisfying(
                RejectedRequestException.class,
                e -> {
                  assertThat(e.reason()).isEqualTo(RejectedRequestException.Reason.QUEUE_FULL);
                  assertThat(e.retryAfter()).isPositive();
                });
      }
      futures.subList(0, 3).forEach(CompletableFuture::join);
    }
  }

  @Test
  void drainsThenRefuses() throws Exception {
    Recorder recorder = new Recorder();
    try (Batcher batcher = tiny(BatcherOptions.defaults().withListener(recorder))) {
      CompletableFuture<Prediction> waiting;
      try (Recorder.Held held = recorder.hold(batcher)) {
        waiting = batcher.submitTensors(Tiny.inputs(1, 5), RequestOptions.defaults());
        assertThat(batcher.drain(Duration.ofMillis(1))).isFalse();
      }
      assertThat(batcher.drain(Duration.ofSeconds(20))).isTrue();
      assertThat(waiting.isDone()).isTrue();
      assertThat(waiting).isNotCompletedExceptionally();
      assertThatThrownBy(
              () -> batcher.submitTensors(Tiny.inputs(1, 6), RequestOptions.defaults()).join())
          .hasCauseInstanceOf(RejectedRequestException.class);
    }
  }

  @Test
  void everyRequestEndsOnceWhateverHappens() throws Exception {
    Random seeds = new Random(7);
    for (int round = 0; round < 6; round++) {
      Recorder recorder = new Recorder();
      int preparers = round % 2;
      Batcher batcher =
          tiny(
              BatcherOptions.defaults()
                  .withListener(recorder)
                  .withMaxQueue(64, 1 << 20)
                  .withPreprocessingThreads(preparers));
      List<CompletableFuture<Prediction>> all = Collections.synchronizedList(new ArrayList<>());
      try (ExecutorService callers = Executors.newFixedThreadPool(4)) {
        List<Future<?>> done = new ArrayList<>();
        for (int caller = 0; caller < 4; caller++) {
          Random random = new Random(seeds.nextLong());
          done.add(callers.submit(() -> call(batcher, random, all)));
        }
        Thread.sleep(20);
        batcher.close();
        batcher.close();
        for (Future<?> one : done) {
          one.get(30, TimeUnit.SECONDS);
        }
      }
      for (CompletableFuture<Prediction> future : all) {
        try {
          future.get(10, TimeUnit.SECONDS);
        } catch (CancellationException | ExecutionException e) {
          assertThat(e.getCause() == null ? e : e.getCause())
              .isInstanceOfAny(
                  CancellationException.class,
                  RejectedRequestException.class,
                  DeadlineExceededException.class);
        }
      }
      assertThat(recorder.ends()).isEqualTo(all.size());
    }
  }

  private static void call(
      Batcher batcher, Random random, List<CompletableFuture<Prediction>> all) {
    for (int i = 0; i < 400; i++) {
      RequestOptions options = RequestOptions.defaults().withClient("c" + random.nextInt(3));
      if (random.nextInt(3) == 0) {
        options = options.withDeadline(Duration.ofNanos(random.nextInt(3_000_000)));
      }
      if (random.nextInt(4) == 0) {
        options = options.withPriority(Priority.LOW);
      }
      Map<String, NdArray> inputs = Tiny.inputs(1 + random.nextInt(5), random.nextInt(1000));
      CompletableFuture<Prediction> future = batcher.submitTensors(inputs, options);
      all.add(future);
      if (random.nextInt(5) == 0) {
        future.cancel(true);
      } else {
        future.thenAccept(p ->
            assertThat(Tiny.get(p.outputs(), "y").toFloats())
                .containsExactly(Tiny.expected(inputs)));
      }
    }
  }

  @Test
  void runsNoMoreThreadsThanCores() {
    Tuning wide =
        Tuning.defaults()
            .withIntraOpThreads(1)
            .withBatching(Batching.defaults().withInstances(5000));
    try (Batcher batcher =
        Batcher.openModel(add, new PipelineSpec.Tensors(true), wide, BatcherOptions.defaults())) {
      assertThat(batcher.tuning().batching().orElseThrow().instances())
          .isEqualTo(Cores.available());
      assertThat(batcher.warnings()).singleElement().asString().contains("5000 instances");
    }
  }

  @Test
  void settingsSurviveTheManifest() {
    Batching batching =
        new Batching(
            3,
            new BatchPolicy.Fixed(7, Duration.ofMillis(5)),
            new BatchCost(1e-3, 2e-4, 3e-5, 4e-7, 1000, 20.5),
            2L << 30,
            Optional.of(Duration.ofMillis(50)));
    BundleManifest manifest =
        BundleManifest.of("x", MiniLm.SPEC)
            .withTuning(Tuning.defaults().withBatching(batching))
            .withFiles(Map.of());
    byte[] json = ManifestJson.write(manifest).getBytes(StandardCharsets.UTF_8);
    assertThat(ManifestJson.read("bundle.json", json)).isEqualTo(manifest);
    String wrong = new String(json, StandardCharsets.UTF_8);
    assertThatThrownBy(() ->
            ManifestJson.read(
                "bundle.json",
                wrong
                    .replace("\"fixed\" : 0.001", "\"fixed\" : -1")
                    .getBytes(StandardCharsets.UTF_8)))
        .hasMessageContaining("tuning.batching.cost.fixed");
  }

  /** Has an interactive request come just when the first run of low ones has begun. */
  private static final class Interrupter implements BatcherListener {
    final AtomicInteger stopped = new AtomicInteger();
    final List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<Batcher> batcher = new CompletableFuture<>();
    private final CompletableFuture<Prediction> answer = new CompletableFuture<>();
    private final AtomicInteger begun = new AtomicInteger();

    @Override
    public void batchFormed(int requests, int rows, int length, int waiting) {
      if (begun.getAndIncrement() == 0) {
        batcher
            .join()
            .submit(Example.text("soon"))
            .whenComplete((prediction, failure) -> {
              assertThat(failure).isNull();
              answer.complete(prediction);
            });
      }
    }

    @Override
    public void batchRan(int requests, int rows, int length, Duration compute) {
      ran.add(length);
    }

    @Override
    public void batchStopped(int requests, int rows) {
      stopped.incrementAndGet();
    }
  }

  @Test
  void lowRequestsMakeWayForInteractiveOnes() throws Exception {
    Interrupter interrupter = new Interrupter();
    Example text = Example.text("word ".repeat(60));
    RequestOptions low = RequestOptions.defaults().withPriority(Priority.LOW);
    try (Predictor predictor = Predictor.open(bundle);
        Batcher batcher =
            Batcher.open(
                bundle,
                BatcherOptions.defaults()
                    .withListener(interrupter)
                    .withTuning(Tuning.defaults().withIntraOpThreads(1)))) {
      interrupter.batcher.complete(batcher);
      Prediction late = batcher.submit(text, low).get(30, TimeUnit.SECONDS);
      Prediction soon = interrupter.answer.get(30, TimeUnit.SECONDS);
      assertThat(soon.embedding())
          .containsExactly(predictor.predict(Example.text("soon")).embedding(), within(2e-6f));
      assertThat(late.embedding())
          .containsExactly(predictor.predict(text).embedding(), within(2e-6f));
    }
    assertThat(interrupter.stopped).hasValue(1);
    // The interactive one first, though it came last.
    assertThat(interrupter.ran).hasSize(2).isSorted();
  }

  @Test
  void lowRequestsThatAreTakenBackWhileTheyMakeWayAreNotRunAgain() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    RequestOptions low = RequestOptions.defaults().withPriority(Priority.LOW);
    CompletableFuture<Batcher> opened = new CompletableFuture<>();
    CompletableFuture<CompletableFuture<Prediction>> first = new CompletableFuture<>();
    BatcherListener listener =
        new BatcherListener() {
          @Override
          public void batchFormed(int requests, int rows, int length, int waiting) {
            if (runs.getAndIncrement() == 0) {
              opened.join().submit(Example.text("soon"));
              first.join().cancel(false);
            }
          }
        };
    try (Batcher batcher = Batcher.open(bundle, BatcherOptions.defaults().withListener(listener))) {
      opened.complete(batcher);
      first.complete(batcher.submit(Example.text("word ".repeat(60)), low));
      assertThatThrownBy(() -> first.join().get(30, TimeUnit.SECONDS))
          .isInstanceOf(CancellationException.class);
      assertThat(batcher.drain(Duration.ofSeconds(30))).isTrue();
    }
    assertThat(runs).hasValue(2);
  }

  /** One thread; a run takes so long whatever is in it. */
  private static Tuning costing(double seconds) {
    return Tuning.defaults()
        .withIntraOpThreads(1)
        .withBatching(Batching.defaults().withCost(BatchCost.ofTime(seconds, 0, 0, 0)));
  }

  /** The threads that ran a request, and whether its future was complete when it was returned. */
  private static void assertRunByCaller(double seconds, RequestOptions asked, boolean expected)
      throws Exception {
    List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    BatcherListener listener =
        new BatcherListener() {
          @Override
          public void batchFormed(int requests, int rows, int length, int waiting) {
            threads.add(Thread.currentThread());
          }
        };
    Tuning tuning = costing(seconds);
    Map<String, NdArray> inputs = Tiny.inputs(2, 3);
    try (Batcher batcher =
        tiny(BatcherOptions.defaults().withListener(listener).withTuning(tuning))) {
      for (int i = 0; i < 5; i++) {
        CompletableFuture<Prediction> future = batcher.submitTensors(inputs, asked);
        if (expected) {
          assertThat(future).isDone();
        }
        NdArray y = Tiny.get(future.get(10, TimeUnit.SECONDS).outputs(), "y");
        assertThat(y.toFloats()).containsExactly(Tiny.expected(inputs));
      }
      // A run is told of after its answers were given.
      assertThat(batcher.drain(Duration.ofSeconds(10))).isTrue();
    }
    assertThat(threads)
        .hasSize(5)
        .allMatch(thread -> (thread == Thread.currentThread()) == expected);
  }

  @Test
  void aCallerRunsWhatIsQuickIfItIsAskedTo() throws Exception {
    RequestOptions asked = RequestOptions.defaults();
    assertRunByCaller(1e-6, asked.withCallerRuns(), true);
    assertRunByCaller(1e-6, asked, false);
    assertRunByCaller(1e-2, asked.withCallerRuns(), false);
    assertRunByCaller(1e-6, asked.withCallerRuns().withPriority(Priority.LOW), false);
  }

  @Test
  void aCallerDoesNotRunBesideTheOnlyInstance() throws Exception {
    Recorder recorder = new Recorder();
    Tuning tuning = costing(1e-6);
    RequestOptions asked = RequestOptions.defaults().withCallerRuns();
    List<CompletableFuture<Prediction>> futures = new ArrayList<>();
    try (Batcher batcher =
        tiny(BatcherOptions.defaults().withListener(recorder).withTuning(tuning))) {
      try (Recorder.Held held = recorder.hold(batcher)) {
        for (int i = 0; i < 3; i++) {
          futures.add(batcher.submitTensors(Tiny.inputs(1, i), asked));
          assertThat(batcher.running()).isEqualTo(1);
          assertThat(futures.getLast()).isNotDone();
        }
      }
      for (CompletableFuture<Prediction> future : futures) {
        future.get(10, TimeUnit.SECONDS);
      }
    }
    assertThat(recorder.completed).hasValue(4);
  }

  /** Callers and the instance hand the one place to each other, and nobody is forgotten. */
  @Test
  void callersAndInstancesShareTheirPlaces() throws Exception {
    Recorder recorder = new Recorder();
    AtomicInteger most = new AtomicInteger();
    Tuning tuning = costing(1e-6);
    try (Batcher batcher =
            tiny(BatcherOptions.defaults().withListener(recorder).withTuning(tuning));
        ExecutorService callers = Executors.newFixedThreadPool(6)) {
      List<Future<?>> all = new ArrayList<>();
      for (int caller = 0; caller < 6; caller++) {
        RequestOptions asked =
            caller % 2 == 0
                ? RequestOptions.defaults().withCallerRuns()
                : RequestOptions.defaults();
        all.add(
            callers.submit(() -> {
              for (int i = 0; i < 300; i++) {
                Map<String, NdArray> inputs = Tiny.inputs(1 + i % 3, i);
                CompletableFuture<Prediction> future = batcher.submitTensors(inputs, asked);
                most.accumulateAndGet(batcher.running(), Math::max);
                NdArray y = Tiny.get(future.get(20, TimeUnit.SECONDS).outputs(), "y");
                assertThat(y.toFloats()).containsExactly(Tiny.expected(inputs));
              }
              return null;
            }));
      }
      for (Future<?> one : all) {
        one.get(60, TimeUnit.SECONDS);
      }
    }
    assertThat(recorder.completed).hasValue(1_800);
    assertThat(most.get()).isLessThanOrEqualTo(1);
  }

  @Test
  void oneTokenTakesManyRequestsBack() throws Exception {
    Recorder recorder = new Recorder();
    Cancellation token = Cancellation.manual();
    RequestOptions asked = RequestOptions.defaults().withCancellation(token);
    try (Batcher batcher = tiny(BatcherOptions.defaults().withListener(recorder))) {
      List<CompletableFuture<Prediction>> futures = new ArrayList<>();
      try (Recorder.Held held = recorder.hold(batcher)) {
        for (int i = 0; i < 5; i++) {
          futures.add(batcher.submitTensors(Tiny.inputs(1, i), asked));
        }
        token.cancel();
        assertThat(batcher.waiting()).isZero();
      }
      assertThat(futures).allMatch(CompletableFuture::isCancelled);
    }
    assertThat(recorder.cancelled).hasValue(5);
  }

  @Test
  void aStreamWhoseTokenIsCancelledFails() throws Exception {
    Recorder recorder = new Recorder();
    Cancellation token = Cancellation.manual();
    RequestOptions asked = RequestOptions.defaults().withCancellation(token);
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    try (Batcher batcher = tiny(BatcherOptions.defaults().withListener(recorder));
        Recorder.Held held = recorder.hold(batcher)) {
      Map<String, NdArray> one =
          Map.of("x", NdArray.floats(new float[8], 8), "k", NdArray.longs(new long[] {1}));
      batcher
          .predictAll(List.of(Example.tensors(one), Example.tensors(one)), 4, asked)
          .subscribe(
              new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                  subscription.request(10);
                }

                @Override
                public void onNext(Prediction item) {
                  failure.completeExceptionally(new AssertionError("an answer"));
                }

                @Override
                public void onError(Throwable error) {
                  failure.complete(error);
                }

                @Override
                public void onComplete() {
                  failure.completeExceptionally(new AssertionError("the end"));
                }
              });
      while (batcher.waiting() < 2 && !failure.isDone()) {
        Thread.onSpinWait();
      }
      token.cancel();
      assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void aCallerMayCloseFromWhatItsOwnRunCompletes() throws Exception {
    Tuning tuning = costing(1e-6);
    CompletableFuture<Batcher> opened = new CompletableFuture<>();
    BatcherListener closer =
        new BatcherListener() {
          @Override
          public void completed(Priority priority, String client, int rows, Timing timing) {
            opened.join().close();
          }
        };
    try (Batcher batcher =
        tiny(BatcherOptions.defaults().withTuning(tuning).withListener(closer))) {
      opened.complete(batcher);
      assertThat(
              batcher.submitTensors(Tiny.inputs(1, 1), RequestOptions.defaults().withCallerRuns()))
          .isDone();
    }
  }
}
