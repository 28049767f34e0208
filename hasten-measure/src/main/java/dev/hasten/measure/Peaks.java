package dev.hasten.measure;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BoundRun;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;

/**
 * What this machine can do at best, measured through the runtime itself: the best of many runs, for
 * what disturbs only slows.
 *
 * @param threads with this many threads
 * @param fp32FlopsPerSecond in a large fp32 matrix product (a multiply-add counts two)
 * @param int8OpsPerSecond in a large integer matrix product, unsigned by signed (likewise)
 * @param bytesPerSecond moved to and from main memory, by copying more than the caches hold
 */
public record Peaks(
    int threads, double fp32FlopsPerSecond, double int8OpsPerSecond, double bytesPerSecond) {
  /** Rows, depth and columns of the product: the factors fit a second-level cache in blocks. */
  private static final long SIZE = 768;

  private static final Shape SQUARE = Shape.of(new long[] {SIZE, SIZE});

  /** Copied per thread and round: beyond any cache of one core. */
  private static final long COPY_BYTES = 64L << 20;

  /** Measures; takes about {@code budget}. */
  public static Peaks measure(int threads, Duration budget) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: " + threads + " (expected: >= 1)");
    }
    long third = budget.toNanos() / 3;
    double operations = 2.0 * SIZE * SIZE * SIZE;
    return new Peaks(
        threads,
        operations / best(floatProduct(), threads, third),
        operations / best(byteProduct(), threads, third),
        copyRate(threads, third));
  }

  private static Model floatProduct() {
    SplittableRandom random = new SplittableRandom(1);
    float[] weights = new float[(int) (SIZE * SIZE)];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextDouble(-1, 1);
    }
    Model model = Model.create(13);
    Graph graph = model.graph();
    Value a = graph.addInput("a", DataType.FLOAT, SQUARE);
    Value b = graph.addInitializer("b", Tensor.floats(weights, SIZE, SIZE));
    return withOutput(model, graph.op("y", "MatMul", List.of(a, b), Map.of()), DataType.FLOAT);
  }

  private static Model byteProduct() {
    byte[] weights = new byte[(int) (SIZE * SIZE)];
    new SplittableRandom(1).nextBytes(weights);
    Model model = Model.create(13);
    Graph graph = model.graph();
    Value a = graph.addInput("a", DataType.UINT8, SQUARE);
    Value b = graph.addInitializer("b", Tensor.bytes(DataType.INT8, weights, SIZE, SIZE));
    return withOutput(
        model, graph.op("y", "MatMulInteger", List.of(a, b), Map.of()), DataType.INT32);
  }

  private static Model withOutput(Model model, Value output, DataType type) {
    model.graph().setType(output, type, SQUARE);
    model.graph().addOutput(output);
    return model;
  }

  /** Seconds of the fastest run. */
  private static double best(Model model, int threads, long budgetNanos) {
    SessionOptions options = SessionOptions.defaults().withIntraOpThreads(threads);
    List<Long> shape = List.of(SIZE, SIZE);
    long fastest = Long.MAX_VALUE;
    try (Session session = Backend.cpu().open(model.toBytes(), "peak", options);
        BoundRun run = session.bind(Map.of("a", shape), Map.of("y", shape))) {
      long end = System.nanoTime() + budgetNanos;
      int runs = 0;
      do {
        long before = System.nanoTime();
        run.run();
        fastest = Math.min(fastest, System.nanoTime() - before);
      } while (++runs < 3 || System.nanoTime() < end);
    }
    return fastest * 1e-9;
  }

  /** Bytes read and written per second by {@code threads} that copy at once. */
  private static double copyRate(int threads, long budgetNanos) {
    long fastest = Long.MAX_VALUE;
    try (Arena arena = Arena.ofShared()) {
      List<MemorySegment> from = new ArrayList<>();
      List<MemorySegment> to = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        from.add(arena.allocate(COPY_BYTES, 64).fill((byte) 1));
        to.add(arena.allocate(COPY_BYTES, 64).fill((byte) 2));
      }
      long end = System.nanoTime() + budgetNanos;
      int rounds = 0;
      do {
        fastest = Math.min(fastest, copy(from, to));
      } while (++rounds < 3 || System.nanoTime() < end);
    }
    return 2.0 * COPY_BYTES * threads / (fastest * 1e-9);
  }

  /** Nanoseconds until all have copied. */
  private static long copy(List<MemorySegment> from, List<MemorySegment> to) {
    long[] started = new long[1];
    CyclicBarrier start = new CyclicBarrier(from.size(), () -> started[0] = System.nanoTime());
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < from.size(); t++) {
      MemorySegment source = from.get(t);
      MemorySegment target = to.get(t);
      threads.add(
          Thread.ofPlatform()
              .name("bandwidth-" + t)
              .start(() -> {
                try {
                  start.await();
                } catch (Exception e) {
                  throw new IllegalStateException("interrupted while measuring bandwidth", e);
                }
                target.copyFrom(source);
              }));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring bandwidth", e);
    }
    return System.nanoTime() - started[0];
  }
}
