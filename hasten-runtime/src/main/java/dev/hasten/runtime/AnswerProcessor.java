package dev.hasten.runtime;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Questions in, answers out, in order, with back-pressure on both sides: upstream is asked for no
 * more than {@code inFlight} of them that are not yet answered downstream. For one publisher and
 * one subscriber; held to the rules of Reactive Streams by its technology compatibility kit.
 *
 * <p>All signals to the subscriber come one after the other, from whichever thread finds something
 * to tell (the serial drain loop that reactive libraries use).
 */
final class AnswerProcessor<Q, A> implements Flow.Processor<Q, A> {
  private final Function<Q, CompletableFuture<A>> ask;
  private final int inFlight;

  /** All below guarded by this. */
  private Flow.@Nullable Subscription upstream;

  private Flow.@Nullable Subscriber<? super A> subscriber;
  private final Deque<CompletableFuture<A>> order = new ArrayDeque<>();
  private long demand;
  private int asked;
  private boolean upstreamDone;
  private @Nullable Throwable failure;
  private @Nullable Throwable broken;
  private boolean over;
  private boolean started;
  private boolean draining;
  private boolean again;

  AnswerProcessor(Function<Q, CompletableFuture<A>> ask, int inFlight) {
    if (inFlight < 1) {
      throw new BadInputException("inFlight: " + inFlight + " (expected: >= 1)");
    }
    this.ask = ask;
    this.inFlight = inFlight;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super A> to) {
    Objects.requireNonNull(to);
    boolean taken;
    synchronized (this) {
      taken = subscriber != null || over;
      if (!taken) {
        subscriber = to;
      }
    }
    if (taken) {
      to.onSubscribe(new Ignored());
      to.onError(new IllegalStateException("this processor has its one subscriber already"));
      return;
    }
    to.onSubscribe(new Demand());
    synchronized (this) {
      started = true;
    }
    drain();
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    Objects.requireNonNull(subscription);
    synchronized (this) {
      if (upstream == null && !over) {
        upstream = subscription;
        subscription = null;
      }
    }
    if (subscription != null) {
      subscription.cancel();
    } else {
      drain();
    }
  }

  @Override
  public void onNext(Q question) {
    Objects.requireNonNull(question);
    synchronized (this) {
      if (over || upstreamDone) {
        return;
      }
    }
    // Outside the lock, as this may take time; the publisher's signals come one after the other.
    CompletableFuture<A> answer = ask.apply(question);
    boolean tooLate;
    synchronized (this) {
      tooLate = over;
      if (!tooLate) {
        order.add(answer);
      }
    }
    if (tooLate) {
      answer.cancel(true);
    }
    answer.whenComplete((done, error) -> drain());
  }

  @Override
  public void onError(Throwable error) {
    Objects.requireNonNull(error);
    synchronized (this) {
      upstreamDone = true;
      failure = failure == null ? error : failure;
    }
    drain();
  }

  @Override
  public void onComplete() {
    synchronized (this) {
      upstreamDone = true;
    }
    drain();
  }

  /** Tells the subscriber what there is to tell; one thread at a time. */
  private void drain() {
    synchronized (this) {
      again = true;
      if (draining || !started) {
        return;
      }
      draining = true;
    }
    while (true) {
      Runnable step;
      synchronized (this) {
        step = step();
        if (step == null) {
          if (!again) {
            draining = false;
            return;
          }
          again = false;
          continue;
        }
      }
      step.run();
    }
  }

  /** The next thing to do outside the lock; null if there is none. */
  private @Nullable Runnable step() {
    Flow.Subscriber<? super A> to = subscriber;
    if (over || to == null) {
      return null;
    }
    Throwable fault = broken;
    if (fault != null) {
      return () -> fail(to, fault);
    }
    CompletableFuture<A> first = order.peek();
    if (first != null && first.isDone()) {
      if (first.isCompletedExceptionally()) {
        return () -> fail(to, failure(first));
      }
      if (demand > 0) {
        demand = demand == Long.MAX_VALUE ? demand : demand - 1;
        asked--;
        order.remove();
        return () -> to.onNext(first.resultNow());
      }
      return null;
    }
    if (upstreamDone && order.isEmpty()) {
      over = true;
      Throwable error = failure;
      return error == null ? to::onComplete : () -> to.onError(error);
    }
    int more = (int) Math.min(inFlight, demand) - asked;
    Flow.Subscription from = upstream;
    if (!upstreamDone && from != null && more > 0) {
      asked += more;
      return () -> from.request(more);
    }
    return null;
  }

  private static Throwable failure(CompletableFuture<?> failed) {
    return failed.isCancelled()
        ? new CancellationException("a request of the stream was cancelled")
        : failed.exceptionNow();
  }

  private void fail(Flow.Subscriber<? super A> to, Throwable error) {
    if (end()) {
      to.onError(error);
    }
  }

  /** Stops everything; false if it was over already. */
  private boolean end() {
    Flow.Subscription from;
    Deque<CompletableFuture<A>> rest;
    synchronized (this) {
      if (over) {
        return false;
      }
      over = true;
      from = upstreamDone ? null : upstream;
      rest = new ArrayDeque<>(order);
      order.clear();
    }
    if (from != null) {
      from.cancel();
    }
    rest.forEach(answer -> answer.cancel(true));
    return true;
  }

  /** The subscriber's side. */
  private final class Demand implements Flow.Subscription {
    @Override
    public void request(long n) {
      synchronized (AnswerProcessor.this) {
        if (n > 0) {
          demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
        } else {
          broken = IterablePublisher.notPositive(n);
        }
      }
      drain();
    }

    @Override
    public void cancel() {
      if (end()) {
        synchronized (AnswerProcessor.this) {
          // Whoever gave the subscription must not be kept alive.
          subscriber = null;
        }
      }
    }
  }

  private static final class Ignored implements Flow.Subscription {
    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }
}
