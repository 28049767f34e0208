package dev.hasten.runtime;

import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What an iterable has, one by one as it is asked for. Each subscriber has an iterator and a
 * virtual thread of its own: reading may block, and must not hold up whoever asks, which may be the
 * batcher.
 */
final class IterablePublisher<T> implements Flow.Publisher<T> {
  private final Iterable<? extends T> items;

  IterablePublisher(Iterable<? extends T> items) {
    this.items = items;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super T> to) {
    Objects.requireNonNull(to);
    Thread.ofVirtual().name("hasten-examples").start(new Reading<>(items, to)::run);
  }

  /** What a subscriber is told that asks for nothing, or less. */
  static IllegalArgumentException notPositive(long n) {
    return new IllegalArgumentException(
        "request(%d) (expected: above 0, by rule 3.9 of Reactive Streams)".formatted(n));
  }

  /** One subscriber's. All its signals come from the one thread. */
  private static final class Reading<T> implements Flow.Subscription {
    private final Iterable<? extends T> items;
    private final Flow.Subscriber<? super T> to;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** All below guarded by the lock. */
    private long demand;

    private boolean cancelled;
    private @Nullable IllegalArgumentException broken;

    Reading(Iterable<? extends T> items, Flow.Subscriber<? super T> to) {
      this.items = items;
      this.to = to;
    }

    void run() {
      to.onSubscribe(this);
      try {
        Iterator<? extends T> iterator = items.iterator();
        while (iterator.hasNext()) {
          if (!awaitDemand()) {
            return;
          }
          to.onNext(Objects.requireNonNull(iterator.next(), "an item is null"));
        }
        if (!over()) {
          to.onComplete();
        }
      } catch (Exception | Error e) {
        if (!over()) {
          to.onError(e);
        }
      }
    }

    private boolean over() {
      lock.lock();
      try {
        return cancelled;
      } finally {
        lock.unlock();
      }
    }

    /** Takes one of what was asked for; false once nothing more is to be told. */
    private boolean awaitDemand() throws InterruptedException {
      lock.lock();
      try {
        while (demand == 0 && !cancelled && broken == null) {
          changed.await();
        }
        if (broken != null && !cancelled) {
          throw broken;
        }
        demand = demand == Long.MAX_VALUE ? demand : demand - 1;
        return !cancelled;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void request(long n) {
      lock.lock();
      try {
        if (n > 0) {
          demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
        } else if (broken == null) {
          broken = notPositive(n);
        }
        changed.signal();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void cancel() {
      lock.lock();
      try {
        cancelled = true;
        changed.signal();
      } finally {
        lock.unlock();
      }
    }
  }
}
