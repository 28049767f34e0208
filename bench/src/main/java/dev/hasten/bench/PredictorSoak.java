package dev.hasten.bench;

import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Cancellation;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Pooling;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.Predictor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Many calls from eight threads on one predictor that is closed and opened again at random, some
 * cancelled, some asynchronous; every answer is checked. Prints JSON with the process's resident
 * memory over time; exits with 1 if it grew.
 *
 * <pre>
 * mvn -q -pl bench -am package -DskipTests
 * java --enable-native-access=ALL-UNNAMED -Xms256m -Xmx256m -XX:+AlwaysPreTouch \
 *     -cp "bench/target/classes:bench/target/libs/*" dev.hasten.bench.PredictorSoak [calls]
 * </pre>
 */
public final class PredictorSoak {
  private static final int THREADS = 8;
  private static final int SAMPLES = 50;

  /** Noise of the memory allocator; a leak of a byte per thousand calls would show beyond it. */
  private static final long TOLERATED_GROWTH_BYTES = 16L << 20;

  private final Path bundle;
  private final AtomicReference<Predictor> current;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong cancelled = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong reopened = new AtomicLong();

  private PredictorSoak(Path bundle) {
    this.bundle = bundle;
    this.current = new AtomicReference<>(Predictor.open(bundle));
  }

  /**
   * @param args how many calls; 1,000,000 where none is given
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    long calls = args.length > 0 ? Long.parseLong(args[0]) : 1_000_000;
    Path folder = Files.createTempDirectory("hasten-soak");
    Path model = Files.write(folder.resolve("m"), PredictorBenchmark.resource("tokens.onnx"));
    Path tokenizer =
        Files.write(folder.resolve("t"), PredictorBenchmark.resource("tokenizer.json"));
    Path bundle = folder.resolve("bundle.zip");
    PipelineSpec spec =
        PipelineSpec.Text.of("tokenizer.json").withPooling(Pooling.MEAN).withNormalize(false);
    Bundle.write(
        bundle,
        BundleManifest.of("soak", spec),
        Map.of(Bundle.MODEL, model, Bundle.TOKENIZER, tokenizer));
    PredictorSoak soak = new PredictorSoak(bundle);
    List<Long> rss = new ArrayList<>();
    long start = System.nanoTime();
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      for (int sample = 0; sample < SAMPLES; sample++) {
        List<Future<?>> workers = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
          Random random = new Random(31L * sample + t);
          workers.add(executor.submit(() -> soak.work(calls / SAMPLES / THREADS, random)));
        }
        for (Future<?> worker : workers) {
          worker.get();
        }
        rss.add(ProcessFacts.residentBytes(ProcessHandle.current().pid()));
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a call failed", e.getCause());
    }
    soak.current.get().close();
    // The first fifth fills caches and pools; what counts is what comes after.
    long early = median(rss.subList(SAMPLES / 5, 2 * SAMPLES / 5));
    long late = median(rss.subList(4 * SAMPLES / 5, SAMPLES));
    boolean flat = late - early <= TOLERATED_GROWTH_BYTES;
    System.out.printf(
        Locale.ROOT,
        "{\"calls\": %d, \"answered\": %d, \"cancelled\": %d, \"refused\": %d, \"reopened\": %d,"
            + " \"seconds\": %.1f, \"earlyBytes\": %d, \"lateBytes\": %d, \"flat\": %b, \"rss\": %s}%n",
        calls,
        soak.answered.get(),
        soak.cancelled.get(),
        soak.refused.get(),
        soak.reopened.get(),
        (System.nanoTime() - start) / 1e9,
        early,
        late,
        flat,
        rss);
    for (Path file : List.of(bundle, model, tokenizer, folder)) {
      Files.delete(file);
    }
    System.exit(flat ? 0 : 1);
  }

  private void work(long calls, Random random) {
    for (long i = 0; i < calls; i++) {
      Predictor predictor = current.get();
      if (random.nextInt(2000) == 0) {
        Predictor fresh = Predictor.open(bundle);
        current.getAndSet(fresh).close();
        reopened.incrementAndGet();
      }
      call(predictor, random);
    }
  }

  private void call(Predictor predictor, Random random) {
    // "large" is 3 and "cat" is 4 in the tokenizer's vocabulary: the mean tells whose answer it is.
    int larges = 1 + random.nextInt(20);
    Example example = Example.text("large ".repeat(larges) + "cat");
    float expected = (3f * larges + 4) / (larges + 1);
    try {
      float answer = answer(predictor, example, random).embedding()[0];
      if (Math.abs(answer - expected) > 1e-4) {
        throw new IllegalArgumentException("answer " + answer + " (expected: " + expected + ")");
      }
      answered.incrementAndGet();
    } catch (CancellationException e) {
      cancelled.incrementAndGet();
    } catch (IllegalStateException | RejectedExecutionException e) {
      refused.incrementAndGet();
    }
  }

  private static Prediction answer(Predictor predictor, Example example, Random random) {
    return switch (random.nextInt(20)) {
      case 0 -> {
        Cancellation cancellation = Cancellation.manual();
        if (random.nextBoolean()) {
          CompletableFuture.runAsync(cancellation::cancel);
        }
        yield predictor.predict(List.of(example), cancellation).getFirst();
      }
      case 1 -> {
        CompletableFuture<Prediction> future = predictor.predictAsync(example);
        if (random.nextBoolean()) {
          future.cancel(true);
        }
        try {
          yield future.join();
        } catch (CompletionException e) {
          throw e.getCause() instanceof IllegalStateException closed ? closed : e;
        }
      }
      case 2 -> predictor.predict(List.of(example, Example.text("a"), example)).getLast();
      default -> predictor.predict(example);
    };
  }

  private static long median(List<Long> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
