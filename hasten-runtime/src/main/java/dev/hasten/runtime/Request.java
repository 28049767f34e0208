package dev.hasten.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way through a {@link Batcher}. Whoever completes its future first decides how it
 * ended, and only that is told to the listener. Times are {@link System#nanoTime}.
 */
final class Request {
  final CompletableFuture<Prediction> future = new CompletableFuture<>();
  final RequestOptions options;
  final long given = System.nanoTime();
  private final BatcherListener listener;

  volatile @Nullable Waiting<Request> waiting;
  @Nullable Work work;
  long prepared;
  long admitted;

  /** Guarded by this. */
  private @Nullable Runnable stop;

  private boolean cancelled;

  Request(RequestOptions options, BatcherListener listener) {
    this.options = options;
    this.listener = listener;
  }

  int rows() {
    return work == null ? 1 : work.rows();
  }

  /** From now on cancelling the future, or the token, takes the request back. */
  void watchCancellation(Consumer<Request> takeBack) {
    Optional<Cancellation.Registration> token =
        options.cancellation().map(c -> c.register(() -> future.cancel(false)));
    future.whenComplete((answer, failure) -> {
      token.ifPresent(Cancellation.Registration::close);
      if (future.isCancelled()) {
        takeBack.accept(this);
        stopRun();
        listener.cancelled(options.priority(), options.client(), waited());
      }
    });
  }

  /** What to do when the request is taken back from now on; at once if it was already. */
  void onCancel(Runnable what) {
    synchronized (this) {
      stop = what;
      if (!cancelled) {
        return;
      }
    }
    what.run();
  }

  private void stopRun() {
    Runnable what;
    synchronized (this) {
      cancelled = true;
      what = stop;
    }
    if (what != null) {
      what.run();
    }
  }

  void answer(Prediction prediction, int rows) {
    if (future.complete(prediction)) {
      listener.completed(options.priority(), options.client(), rows, prediction.timing());
    }
  }

  void fail(Throwable failure) {
    if (future.completeExceptionally(failure)) {
      listener.failed(options.priority(), options.client(), failure);
    }
  }

  void reject(RejectedRequestException refusal) {
    if (future.completeExceptionally(refusal)) {
      listener.rejected(options.priority(), options.client(), refusal);
    }
  }

  void expire(Duration deadline) {
    if (future.completeExceptionally(new DeadlineExceededException(deadline))) {
      listener.expired(options.priority(), options.client(), waited());
    }
  }

  /** For a request that is to be run again. */
  boolean expireIfLate() {
    if (options.deadline().isEmpty() || waited().compareTo(options.deadline().get()) < 0) {
      return false;
    }
    expire(options.deadline().get());
    return true;
  }

  private Duration waited() {
    return Duration.ofNanos(System.nanoTime() - given);
  }
}
