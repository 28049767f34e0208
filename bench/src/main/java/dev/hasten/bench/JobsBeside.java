package dev.hasten.bench;

import dev.hasten.measure.Bootstrap;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Load;
import dev.hasten.measure.LoadResult;
import dev.hasten.measure.LoadTest;
import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.BatcherListener;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.Priority;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.runtime.Timing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How much interactive requests notice of jobs: a batcher under open-loop load without and with low
 * requests that always wait, in turns. One instance of one thread. Prints Markdown.
 *
 * <pre>
 * bench/run.sh JobsBeside BUNDLE TEXTS.jsonl [ROUNDS] [SECONDS]
 * </pre>
 */
public final class JobsBeside {
  private static final double[] LOADS = {0.1, 0.3, 0.5};

  /** Low requests in the batcher at once. */
  private static final int IN_FLIGHT = 64;

  private final Batcher batcher;
  private final List<Example> texts;
  private final AtomicInteger answered;
  private final AtomicInteger stopped;

  private JobsBeside(
      Batcher batcher, List<Example> texts, AtomicInteger answered, AtomicInteger stopped) {
    this.batcher = batcher;
    this.texts = texts;
    this.answered = answered;
    this.stopped = stopped;
  }

  public static void main(String[] args) throws IOException {
    if (args.length < 2) {
      System.err.println("usage: JobsBeside BUNDLE TEXTS.jsonl [ROUNDS] [SECONDS]");
      System.exit(2);
    }
    Path bundle = Path.of(args[0]);
    List<Example> texts = BatcherLoad.texts(Path.of(args[1]));
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
    double seconds = args.length > 3 ? Double.parseDouble(args[3]) : 4;
    System.out.printf("# %s on %s%n%n", bundle.getFileName(), Hardware.detect().processor());
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger stopped = new AtomicInteger();
    BatcherListener counter =
        new BatcherListener() {
          @Override
          public void completed(Priority priority, String client, int rows, Timing timing) {
            if (priority == Priority.LOW) {
              answered.incrementAndGet();
            }
          }

          @Override
          public void batchStopped(int requests, int rows) {
            stopped.incrementAndGet();
          }
        };
    BatcherOptions options =
        BatcherOptions.defaults()
            .withTuning(BatcherLoad.tuning(BatcherLoad.cost(bundle, texts)))
            .withListener(counter);
    try (Batcher batcher = Batcher.open(bundle, options)) {
      new JobsBeside(batcher, texts, answered, stopped)
          .run(rounds, Duration.ofMillis(Math.round(1_000 * seconds)));
    }
  }

  private void run(int rounds, Duration time) {
    List<Example> all = texts.subList(0, 1_000);
    LoadTest.offlinePeak(batcher::submit, all);
    double peak = LoadTest.offlinePeak(batcher::submit, all);
    System.out.printf(Locale.ROOT, "Offline peak %.0f/s.%n%n", peak);
    System.out.println(
        "| interactive load | p50 alone | beside | ratio | p99 alone | beside | ratio | low"
            + " requests answered | runs stopped |\n|---|---|---|---|---|---|---|---|---|");
    for (double share : LOADS) {
      turns(share, peak, rounds, time);
    }
  }

  private void turns(double share, double peak, int rounds, Duration time) {
    List<LoadResult> alone = new ArrayList<>();
    List<LoadResult> beside = new ArrayList<>();
    int low = 0;
    int stops = 0;
    for (int round = 0; round < rounds; round++) {
      Load load = new Load(share * peak, time, Optional.empty(), 100 + round);
      for (boolean jobs : new boolean[] {round % 2 == 0, round % 2 != 0}) {
        if (!jobs) {
          alone.add(LoadTest.run(batcher::submit, texts, load));
          continue;
        }
        int answeredBefore = answered.get();
        int stoppedBefore = stopped.get();
        AtomicBoolean more = new AtomicBoolean(true);
        List<CompletableFuture<Void>> flood = flood(more);
        beside.add(LoadTest.run(batcher::submit, texts, load));
        low += answered.get() - answeredBefore;
        stops += stopped.get() - stoppedBefore;
        more.set(false);
        flood.forEach(CompletableFuture::join);
      }
    }
    double seconds = rounds * time.toMillis() / 1e3;
    System.out.printf(
        Locale.ROOT,
        "| %.0f %% |%s%s %.0f/s, %.2f of the peak | %.0f/s |%n",
        100 * share,
        ratio(alone, beside, 0.5),
        ratio(alone, beside, 0.99),
        low / seconds,
        low / seconds / peak,
        stops / seconds);
  }

  /** Low requests, each followed by another until there are to be no more. */
  private List<CompletableFuture<Void>> flood(AtomicBoolean more) {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < IN_FLIGHT; i++) {
      CompletableFuture<Void> end = new CompletableFuture<>();
      next(i, more, end);
      all.add(end);
    }
    return all;
  }

  private void next(int which, AtomicBoolean more, CompletableFuture<Void> end) {
    batcher
        .submit(
            texts.get(which % texts.size()), RequestOptions.defaults().withPriority(Priority.LOW))
        .whenComplete((answer, failure) -> {
          if (failure != null) {
            end.completeExceptionally(failure);
          } else if (more.get()) {
            next(which + IN_FLIGHT, more, end);
          } else {
            end.complete(null);
          }
        });
  }

  private static String ratio(List<LoadResult> alone, List<LoadResult> beside, double quantile) {
    double[] ratios = new double[alone.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] =
          (double) beside.get(i).latency(quantile).toNanos()
              / alone.get(i).latency(quantile).toNanos();
    }
    return String.format(
        Locale.ROOT,
        " %.2f ms | %.2f ms | %s |",
        LoadResult.joined(alone).latency(quantile).toNanos() / 1e6,
        LoadResult.joined(beside).latency(quantile).toNanos() / 1e6,
        Bootstrap.median(ratios, 0.95, 1));
  }
}
