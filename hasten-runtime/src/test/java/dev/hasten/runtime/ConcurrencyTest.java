package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Without the gate, the first of these brings the whole process down within seconds. */
class ConcurrencyTest {
  private static final int THREADS = 8;
  private static final int CALLS = 20_000;

  @Test
  void manyThreadsRandomCloseAndCancel() throws Exception {
    AtomicReference<Session> current = new AtomicReference<>(open());
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    AtomicInteger cancelled = new AtomicInteger();
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> workers = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        Random random = new Random(t);
        workers.add(
            executor.submit(() -> {
              for (int i = 0; i < CALLS / THREADS; i++) {
                Session session = current.get();
                if (random.nextInt(100) == 0) {
                  current.set(open());
                  session.close();
                }
                call(session, random, answered, refused, cancelled);
              }
            }));
      }
      for (Future<?> worker : workers) {
        worker.get(60, TimeUnit.SECONDS);
      }
    }
    current.get().close();
    assertThat(answered.get() + refused.get() + cancelled.get()).isEqualTo(CALLS);
    assertThat(answered.get()).isGreaterThan(CALLS / 2);
    assertThat(cancelled.get()).isPositive();
  }

  private static Session open() {
    return Tiny.open(Tiny.add(), SessionOptions.defaults());
  }

  private static void call(
      Session session,
      Random random,
      AtomicInteger answered,
      AtomicInteger refused,
      AtomicInteger cancelled) {
    Map<String, NdArray> inputs = Tiny.inputs(1 + random.nextInt(40), random.nextInt(1 << 20));
    try {
      Map<String, NdArray> outputs;
      if (random.nextInt(10) == 0) {
        Cancellation cancellation = Cancellation.manual();
        if (random.nextBoolean()) {
          cancellation.cancel();
        }
        outputs = session.run(inputs, cancellation);
      } else {
        outputs = session.run(inputs);
      }
      assertThat(Tiny.get(outputs, "y").toFloats()).containsExactly(Tiny.expected(inputs));
      answered.incrementAndGet();
    } catch (CancellationException e) {
      cancelled.incrementAndGet();
    } catch (IllegalStateException e) {
      assertThat(e).hasMessage("the session of tiny is closed");
      refused.incrementAndGet();
    }
  }

  @Test
  void releasesOnceWhenTheLastHasLeft() throws Exception {
    for (int round = 0; round < 300; round++) {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger released = new AtomicInteger();
      Gate gate =
          new Gate(
              "it",
              () -> {
                assertThat(inside.get()).isZero();
                released.incrementAndGet();
              });
      CountDownLatch start = new CountDownLatch(1);
      try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
        for (int t = 0; t < 3; t++) {
          executor.submit(() -> {
            start.await();
            for (int i = 0; i < 100; i++) {
              gate.enter();
              inside.incrementAndGet();
              inside.decrementAndGet();
              gate.leave();
            }
            return null;
          });
        }
        executor.submit(() -> {
          start.await();
          gate.close();
          gate.awaitReleased();
          return null;
        });
        start.countDown();
      }
      assertThat(released).hasValue(1);
    }
  }
}
