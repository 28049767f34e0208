package dev.hasten.serve.repository;

import dev.hasten.runtime.BatcherListener;
import dev.hasten.runtime.Priority;
import dev.hasten.runtime.RejectedRequestException;
import dev.hasten.runtime.Timing;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What a model has done since it was opened, in the protocol's terms. Thread-safe. */
public final class Statistics implements BatcherListener {
  /** How often something happened and how long it took in all. */
  public static final class Total {
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    void add(Duration took) {
      add(1, took);
    }

    void add(long times, Duration took) {
      count.add(times);
      nanos.add(took.toNanos());
    }

    public long count() {
      return count.sum();
    }

    public long nanos() {
      return nanos.sum();
    }
  }

  /** What happens before counts for nothing: the model is being warmed up. */
  private volatile boolean counting;

  private final AtomicInteger runs = new AtomicInteger();
  private final Total success = new Total();
  private final Total fail = new Total();
  private final Total queue = new Total();
  private final Total input = new Total();
  private final Total infer = new Total();
  private final Total output = new Total();
  private final LongAdder inferences = new LongAdder();
  private final LongAdder executions = new LongAdder();
  private final LongAdder stopped = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder expired = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final AtomicLong last = new AtomicLong();
  private final Map<Integer, Total> batches = new ConcurrentSkipListMap<>();
  private final Latencies latencies = new Latencies();

  /** From now on everything counts. Nothing may be asked of the model meanwhile. */
  void begin() {
    // A run is told of after its answers were given.
    while (runs.get() > 0) {
      Thread.onSpinWait();
    }
    counting = true;
  }

  @Override
  public void batchFormed(int requests, int rows, int length, int waiting) {
    runs.incrementAndGet();
  }

  @Override
  public void batchRan(int requests, int rows, int length, Duration compute) {
    runs.decrementAndGet();
    if (!counting) {
      return;
    }
    executions.increment();
    batches.computeIfAbsent(rows, r -> new Total()).add(compute);
  }

  @Override
  public void batchStopped(int requests, int rows) {
    runs.decrementAndGet();
    if (counting) {
      stopped.increment();
    }
  }

  @Override
  public void completed(Priority priority, String client, int rows, Timing timing) {
    if (!counting) {
      return;
    }
    inferences.add(rows);
    last.set(System.currentTimeMillis());
    success.add(timing.total());
    latencies.add(timing.total());
    queue.add(timing.queue());
    input.add(timing.preprocessing());
    infer.add(timing.inference());
    output.add(timing.postprocessing());
  }

  @Override
  public void failed(Priority priority, String client, Throwable failure) {
    if (!counting) {
      return;
    }
    fail.add(Duration.ZERO);
  }

  @Override
  public void rejected(Priority priority, String client, RejectedRequestException refusal) {
    if (!counting) {
      return;
    }
    fail.add(Duration.ZERO);
    rejected.increment();
  }

  @Override
  public void expired(Priority priority, String client, Duration waited) {
    if (!counting) {
      return;
    }
    fail.add(waited);
    expired.increment();
  }

  @Override
  public void cancelled(Priority priority, String client, Duration waited) {
    if (!counting) {
      return;
    }
    fail.add(waited);
    cancelled.increment();
  }

  /** Requests answered, with their time from arrival to answer. */
  public Total success() {
    return success;
  }

  /** Requests not answered, for whatever reason. */
  public Total fail() {
    return fail;
  }

  /** Time that answered requests waited. */
  public Total queue() {
    return queue;
  }

  /** Time of making tensors of their examples. */
  public Total input() {
    return input;
  }

  /** Time of their runs. */
  public Total infer() {
    return infer;
  }

  /** Time of making answers of the outputs. */
  public Total output() {
    return output;
  }

  /** Examples answered: a request of a batch of 8 counts 8. */
  public long inferences() {
    return inferences.sum();
  }

  /** Runs of the model. */
  public long executions() {
    return executions.sum();
  }

  /** Runs of low requests that were stopped for interactive ones. */
  public long stopped() {
    return stopped.sum();
  }

  public long rejected() {
    return rejected.sum();
  }

  public long expired() {
    return expired.sum();
  }

  public long cancelled() {
    return cancelled.sum();
  }

  /** When the last request was answered, in milliseconds since 1970; 0: never. */
  public long lastMillis() {
    return last.get();
  }

  /** Answered requests by their time from arrival to answer. */
  public Latencies latencies() {
    return latencies;
  }

  /** Runs by their batch size. */
  public Map<Integer, Total> batches() {
    return new TreeMap<>(batches);
  }
}
