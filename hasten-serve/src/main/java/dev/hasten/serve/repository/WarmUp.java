package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.Batching;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.runtime.TensorInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs a model that was just opened before clients may: memory is taken, code is compiled, the
 * batcher has learnt what a run costs, and what cannot run is found out.
 */
final class WarmUp {
  /** Past this no further round begins. */
  private static final Duration ENOUGH = Duration.ofSeconds(10);

  /** One run that takes longer has hung. */
  private static final Duration LIMIT = Duration.ofMinutes(10);

  private static final RequestOptions PATIENT = RequestOptions.defaults().withDeadline(LIMIT);
  private static final int SINGLE_RUNS = 3;
  private static final long MOST_BYTES = 64L << 20;

  private final Batcher batcher;
  private final Reshaping reshaping;
  private final long began = System.nanoTime();

  private WarmUp(Batcher batcher, Reshaping reshaping) {
    this.batcher = batcher;
    this.reshaping = reshaping;
  }

  static WarmUp of(Batcher batcher, Reshaping reshaping) {
    return new WarmUp(batcher, reshaping);
  }

  /**
   * Runs what a configuration gives, where it does, else what can be made up.
   *
   * @return what went wrong where the inputs may be to blame, which were guessed
   * @throws BadInputException if the model cannot be run
   */
  Optional<String> run(List<WarmUpSample> samples) {
    if (samples.isEmpty()) {
      return run();
    }
    for (WarmUpSample sample : samples) {
      Map<String, NdArray> tensors = reshaping.in(sample.tensors());
      for (int i = 0; i < sample.count(); i++) {
        timed(instances(), () -> batcher.submitTensors(tensors, PATIENT));
      }
    }
    return Optional.empty();
  }

  /**
   * First single runs, then as many at once as the settings allow, as far as time goes.
   *
   * @return what went wrong where the inputs may be to blame, which were guessed
   * @throws BadInputException if the model cannot be run
   */
  private Optional<String> run() {
    boolean batches = batches();
    boolean certain =
        switch (batcher.pipeline()) {
          case PipelineSpec.Text text -> true;
          case PipelineSpec.Table table -> true;
          case PipelineSpec.Image image -> MadeUpInputs.certain(batcher.inputs(), true);
          case PipelineSpec.Audio audio -> MadeUpInputs.certain(batcher.inputs(), true);
          case PipelineSpec.Tensors tensors -> MadeUpInputs.certain(batcher.inputs(), batches);
        };
    try {
      if (batcher.pipeline() instanceof PipelineSpec.Tensors) {
        tensors(batches);
      } else {
        examples();
      }
      return Optional.empty();
    } catch (BadInputException e) {
      if (certain) {
        throw e;
      }
      return Optional.of(
          e.getMessage()
              + " (the inputs were guessed from the declared shapes; it is served all"
              + " the same)");
    }
  }

  private boolean batches() {
    return batcher.pipeline() instanceof PipelineSpec.Tensors(boolean first)
        && first
        && free(batcher.inputs())
        && free(batcher.outputs());
  }

  private static boolean free(List<TensorInfo> tensors) {
    return tensors.stream().allMatch(tensor -> tensor.rank() > 0 && tensor.shape().getFirst() < 0);
  }

  private int atOnce() {
    return batcher.tuning().maxBatch();
  }

  private int instances() {
    return batcher.tuning().batching().map(Batching::instances).orElse(1);
  }

  private void examples() {
    Example usual = MadeUpInputs.example(batcher.pipeline(), false);
    long nanos = 0;
    for (int i = 0; i < SINGLE_RUNS && inTime(nanos); i++) {
      nanos = timed(1, () -> batcher.submit(usual, PATIENT));
    }
    Example longest = MadeUpInputs.example(batcher.pipeline(), true);
    if (batcher.pipeline() instanceof PipelineSpec.Text) {
      timed(1, () -> batcher.submit(longest, PATIENT));
    }
    int all = atOnce() * instances();
    if (all > 1 && inTime(nanos * all)) {
      timed(all, () -> batcher.submit(usual, PATIENT));
    }
  }

  private void tensors(boolean batches) {
    var single = MadeUpInputs.tensors(batcher.inputs(), batches, 1);
    long nanos = 0;
    for (int i = 0; i < SINGLE_RUNS && inTime(nanos); i++) {
      nanos = timed(1, () -> batcher.submitTensors(single, PATIENT));
    }
    long bytes = MadeUpInputs.bytes(batcher.inputs(), batches);
    int rows = (int) Math.min(atOnce(), Math.max(1, MOST_BYTES / Math.max(1, bytes)));
    if (batches && rows > 1 && inTime(nanos * rows * instances())) {
      var many = MadeUpInputs.tensors(batcher.inputs(), true, rows);
      timed(instances(), () -> batcher.submitTensors(many, PATIENT));
    }
  }

  private boolean inTime(long nextNanos) {
    return System.nanoTime() - began + nextNanos < ENOUGH.toNanos();
  }

  private interface Submission {
    CompletableFuture<Prediction> submit();
  }

  /** Nanoseconds until all of so many are answered. */
  private static long timed(int count, Submission submission) {
    long start = System.nanoTime();
    List<CompletableFuture<Prediction>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      answers.add(submission.submit());
    }
    for (CompletableFuture<Prediction> answer : answers) {
      await(answer);
    }
    return System.nanoTime() - start;
  }

  private static void await(CompletableFuture<Prediction> answer) {
    try {
      answer.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new BadInputException("its warm-up failed: " + cause.getMessage(), e);
    } catch (TimeoutException e) {
      throw new BadInputException(
          "its warm-up did not end within " + LIMIT.toMinutes() + " min", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BadInputException("its warm-up was interrupted", e);
    }
  }
}
