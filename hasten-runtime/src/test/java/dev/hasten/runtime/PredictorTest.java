package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictorTest {
  @SuppressWarnings("NullAway.Init")
  @TempDir
  private static Path folder;

  @SuppressWarnings("NullAway.Init")
  private static Path bundle;

  @BeforeAll
  static void write() {
    bundle = folder.resolve("bundle");
    Bundle.write(
        bundle,
        BundleManifest.of("minilm", MiniLm.SPEC).withTuning(Tuning.defaults().withMaxBatch(4)),
        Map.of("model.onnx", MiniLm.model(), "tokenizer.json", MiniLm.tokenizer()));
  }

  private static List<Example> texts(int n) {
    List<Example> texts = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      texts.add(Example.text("word ".repeat((i * 7) % 13) + i));
    }
    return texts;
  }

  /** Some seconds of work on any machine. */
  private static List<Example> slow() {
    return texts(64).stream().<Example>map(t -> Example.text("long ".repeat(500) + t)).toList();
  }

  @Test
  void answersInOrderWhateverTheBatches() {
    List<Example> texts = texts(11);
    try (Predictor predictor = Predictor.open(bundle)) {
      List<Prediction> together = predictor.predict(texts);
      assertThat(together).hasSize(11);
      for (int i = 0; i < 11; i++) {
        assertThat(together.get(i).embedding())
            .containsExactly(predictor.predict(texts.get(i)).embedding(), within(2e-6f));
      }
      assertThat(predictor.predict(List.of())).isEmpty();
      assertThat(predictor.warnings()).isEmpty();
    }
  }

  @Test
  void tellsWhereTheTimeWent() {
    try (Predictor predictor = Predictor.open(bundle)) {
      Timing timing = predictor.predict(Example.text("a cat")).timing();
      assertThat(timing.inference()).isPositive();
      assertThat(timing.preprocessing()).isPositive();
      assertThat(timing.preprocessingShare()).isStrictlyBetween(0.0, 1.0);
      assertThat(timing.total()).isGreaterThan(timing.inference());
    }
  }

  @Test
  void answersAsynchronously() {
    try (Predictor predictor = Predictor.open(bundle)) {
      List<CompletableFuture<Prediction>> futures =
          texts(6).stream().map(predictor::predictAsync).toList();
      List<Prediction> together = predictor.predictAsync(texts(6)).join();
      for (int i = 0; i < 6; i++) {
        assertThat(futures.get(i).join().embedding())
            .containsExactly(together.get(i).embedding(), within(2e-6f));
      }
    }
  }

  @Test
  void timesOut() {
    PredictorOptions options = PredictorOptions.defaults().withTimeout(Duration.ofMillis(20));
    try (Predictor predictor = Predictor.open(bundle, options)) {
      assertThatThrownBy(() -> predictor.predict(slow()))
          .isInstanceOf(RunTimeoutException.class)
          .hasMessageContaining("20 ms");
      assertThatThrownBy(() -> predictor.predictAsync(slow()).join())
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(RunTimeoutException.class);
    }
  }

  @Test
  void isCancelledDuringARun() throws Exception {
    try (Predictor predictor = Predictor.open(bundle)) {
      Cancellation cancellation = Cancellation.manual();
      CompletableFuture<Void> canceller =
          CompletableFuture.runAsync(
              cancellation::cancel, CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS));
      long start = System.nanoTime();
      assertThatThrownBy(() -> predictor.predict(slow(), cancellation))
          .isInstanceOf(CancellationException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      canceller.get();
      // The predictor itself is none the worse.
      assertThat(predictor.predict(Example.text("cat")).embedding()).hasSize(384);
    }
  }

  @Test
  void refusesWhatTheQueueCannotHold() {
    PredictorOptions options = PredictorOptions.defaults().withAsyncQueue(1);
    try (Predictor predictor = Predictor.open(bundle, options)) {
      CompletableFuture<List<Prediction>> running = predictor.predictAsync(slow());
      List<CompletableFuture<?>> accepted = new ArrayList<>();
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 3; i++) {
                  accepted.add(predictor.predictAsync(Example.text("x")));
                }
              })
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessageContaining("asyncQueue");
      // A cancelled call leaves its place to the next one.
      accepted.getLast().cancel(true);
      CompletableFuture<Prediction> next = predictor.predictAsync(Example.text("y"));
      running.cancel(true);
      assertThat(next.join().embedding()).hasSize(384);
    }
  }

  @Test
  void closingLetsRunsEndFailsWhatWaitsAndRefusesTheRest() {
    Predictor predictor = Predictor.open(bundle);
    CompletableFuture<Prediction> first = predictor.predictAsync(Example.text("a cat"));
    List<CompletableFuture<Prediction>> more =
        texts(50).stream().map(predictor::predictAsync).toList();
    predictor.close();
    predictor.close();
    List<CompletableFuture<Prediction>> all = new ArrayList<>(more);
    all.add(first);
    for (CompletableFuture<Prediction> future : all) {
      Throwable failure =
          future.handle((answer, error) -> error).orTimeout(5, TimeUnit.SECONDS).join();
      if (failure != null) {
        assertThat(failure)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("closed");
      }
    }
    assertThatThrownBy(() -> predictor.predict(Example.text("late")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the predictor of minilm is closed");
    assertThatThrownBy(() -> predictor.predictAsync(Example.text("late")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void capsThreadsToTheCoresGivenAndSaysSo() {
    PredictorOptions options =
        PredictorOptions.defaults().withTuning(Tuning.defaults().withIntraOpThreads(4096));
    try (Predictor predictor = Predictor.open(bundle, options)) {
      assertThat(predictor.warnings()).singleElement().asString().contains("4096 threads");
    }
  }

  @Test
  void refusesATruncatedTokenizerByName() throws Exception {
    String whole = Files.readString(MiniLm.tokenizer());
    Path cut = folder.resolve("cut.json");
    Files.writeString(cut, whole.substring(0, whole.length() / 2));
    Path damaged = folder.resolve("damaged");
    Bundle.write(
        damaged,
        BundleManifest.of("damaged", MiniLm.SPEC),
        Map.of("model.onnx", MiniLm.model(), "tokenizer.json", cut));
    assertThatThrownBy(() -> Predictor.open(damaged))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("tokenizer.json");
  }

  @Test
  void refusesAModelThatIsNone() throws Exception {
    Path junk = Files.writeString(folder.resolve("junk"), "junk");
    Path damaged = folder.resolve("junk-bundle.zip");
    Bundle.write(
        damaged,
        BundleManifest.of("junk", MiniLm.SPEC),
        Map.of("model.onnx", junk, "tokenizer.json", MiniLm.tokenizer()));
    assertThatThrownBy(() -> Predictor.open(damaged))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("model.onnx: refused by ONNX Runtime 1.29.0");
  }
}
