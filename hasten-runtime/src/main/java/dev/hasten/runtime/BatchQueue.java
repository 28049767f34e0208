package dev.hasten.runtime;

import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The {@link Scheduler} between callers and workers: one lock, the real clock. Futures are
 * completed and the listener is told outside the lock.
 */
final class BatchQueue {
  private final String name;
  private final int maxItems;
  private final int instances;
  private final BatcherListener listener;
  private final Scheduler<Request> scheduler;
  private final long origin = System.nanoTime();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final Condition deadlines = lock.newCondition();
  private final Condition empty = lock.newCondition();

  /** All guarded by the lock. */
  private final Map<Decision.Run<Request>, Cancellation> stops = new IdentityHashMap<>();

  private int preparing;

  private boolean refusing;
  private boolean stopped;
  private long wakesAt = Long.MAX_VALUE;

  BatchQueue(String name, SchedulerSettings settings, BatcherListener listener) {
    this.name = name;
    this.maxItems = settings.maxItems();
    this.instances = settings.instances();
    this.listener = listener;
    this.scheduler = new Scheduler<>(settings);
  }

  private long now() {
    return System.nanoTime() - origin;
  }

  RejectedRequestException closed() {
    return refusal(new Admission.Refused(RejectedRequestException.Reason.CLOSED, 0));
  }

  private RejectedRequestException refusal(Admission.Refused refused) {
    Duration retry = Duration.ofNanos(refused.retryNanos());
    String reason =
        switch (refused.reason()) {
          case TOO_LATE -> "would be answered after its deadline";
          case QUEUE_FULL -> "too many wait already";
          case TOO_LARGE -> "needs more memory than a run may take (raise memoryBytes)";
          case CLOSED -> "the batcher is closed or being drained";
        };
    String remedy = retry.isZero() ? "" : "; try again in " + retry.toMillis() + " ms";
    return new RejectedRequestException(
        refused.reason(), retry, name + ": request refused: " + reason + remedy);
  }

  /**
   * Counts a request in, or refuses it: before its input is prepared, which costs time, it is seen
   * whether even the shortest would be late. Followed by one {@link #leave} if true.
   */
  boolean enter(Request request) {
    Admission answer;
    lock.lock();
    try {
      if (refusing) {
        answer = new Admission.Refused(RejectedRequestException.Reason.CLOSED, 0);
      } else if (preparing + scheduler.waiting() >= maxItems) {
        answer = new Admission.Refused(RejectedRequestException.Reason.QUEUE_FULL, 1_000_000);
      } else {
        answer = scheduler.consider(waiting(request, "", 1, 1, 0), now());
      }
      if (answer instanceof Admission.Accepted) {
        preparing++;
      }
    } finally {
      lock.unlock();
    }
    if (answer instanceof Admission.Refused refused) {
      request.reject(refusal(refused));
      return false;
    }
    request.watchCancellation(this::takeBack);
    return true;
  }

  /** The request has been prepared, or has failed to be. */
  void leave() {
    lock.lock();
    try {
      preparing--;
      signalIfEmpty();
    } finally {
      lock.unlock();
    }
  }

  private Waiting<Request> waiting(
      Request request, String group, int rows, int length, long bytes) {
    RequestOptions asked = request.options;
    long deadline =
        asked
            .deadline()
            .map(limit -> request.given - origin + limit.toNanos())
            .orElse(Waiting.NO_DEADLINE);
    return new Waiting<>(
        request, asked.priority(), asked.client(), group, rows, length, bytes, deadline);
  }

  /**
   * Queues a request whose work is known, or refuses it.
   *
   * @param here whether the caller can run it
   * @return the run of the request, which the caller is to make
   */
  Optional<Taken> admit(Request request, Work its, boolean here) {
    Waiting<Request> waiting = waiting(request, its.group(), its.rows(), its.length(), its.bytes());
    Admission answer;
    int queued;
    Optional<Cancellation> yielding = Optional.empty();
    Optional<Taken> taken = Optional.empty();
    lock.lock();
    try {
      request.admitted = System.nanoTime();
      request.waiting = waiting;
      answer =
          stopped
              ? new Admission.Refused(RejectedRequestException.Reason.CLOSED, 0)
              : scheduler.offer(waiting, now());
      queued = scheduler.waiting();
      if (!(answer instanceof Admission.Accepted)) {
        // Told below.
      } else if (here
          && scheduler.callerMayRun(waiting)
          && scheduler.next(now()) instanceof Decision.Run<Request> run) {
        taken = Optional.of(taken(run));
      } else {
        yielding = scheduler.yielding(now()).map(stops::get);
        if (scheduler.running() < instances) {
          work.signal();
        }
        if (waiting.deadline < wakesAt) {
          deadlines.signal();
        }
      }
    } finally {
      lock.unlock();
    }
    if (answer instanceof Admission.Refused refused) {
      request.reject(refusal(refused));
      return taken;
    }
    yielding.ifPresent(Cancellation::cancel);
    listener.queued(request.options.priority(), request.options.client(), queued);
    if (request.future.isDone()) {
      // Taken back on its way here.
      takeBack(request);
    }
    return taken;
  }

  private Taken taken(Decision.Run<Request> run) {
    Taken taken = new Taken(run, Cancellation.manual());
    stops.put(run, taken.stop());
    return taken;
  }

  private void takeBack(Request request) {
    Waiting<Request> waiting = request.waiting;
    lock.lock();
    try {
      if (waiting != null && scheduler.cancel(waiting)) {
        signalIfEmpty();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * A run to be made.
   *
   * @param stop ends it early
   */
  record Taken(Decision.Run<Request> run, Cancellation stop) {}

  /** The next run for a worker that is free; null once there will be no more. */
  @Nullable Taken take() {
    while (true) {
      List<Waiting<Request>> expired;
      Taken taken = null;
      Optional<Cancellation> yielding = Optional.empty();
      lock.lock();
      try {
        expired = scheduler.expire(now());
        Decision<Request> decision = scheduler.next(now());
        if (expired.isEmpty() && !(decision instanceof Decision.Run)) {
          signalIfEmpty();
          if (stopped) {
            return null;
          }
          await(
              work,
              decision instanceof Decision.Hold<Request> hold ? hold.until() : Long.MAX_VALUE);
          continue;
        }
        if (decision instanceof Decision.Run<Request> run) {
          taken = taken(run);
          // Of several interactive requests one is named at a time.
          yielding = scheduler.yielding(now()).map(stops::get);
          if (scheduler.waiting() > 0) {
            // Another worker may be free, too.
            work.signal();
          }
        }
      } finally {
        lock.unlock();
      }
      yielding.ifPresent(Cancellation::cancel);
      expire(expired);
      if (taken != null) {
        return taken;
      }
    }
  }

  private void await(Condition condition, long until) {
    try {
      if (until == Long.MAX_VALUE) {
        condition.await();
      } else {
        long nanos = condition.awaitNanos(until - now());
      }
    } catch (InterruptedException e) {
      // These threads are ours and end when told to by stop().
    }
  }

  private static void expire(List<Waiting<Request>> expired) {
    for (Waiting<Request> waiting : expired) {
      Request request = waiting.payload;
      request.expire(request.options.deadline().orElse(Duration.ZERO));
    }
  }

  /** Fails requests in time whose turn does not come; returns after {@link #stop}. */
  void expireInTime() {
    while (true) {
      List<Waiting<Request>> expired;
      lock.lock();
      try {
        expired = scheduler.expire(now());
        signalIfEmpty();
        if (expired.isEmpty()) {
          if (stopped) {
            return;
          }
          // Woken at the latest by the earliest deadline: later ones need not wake this thread.
          wakesAt = scheduler.nextDeadline();
          await(deadlines, wakesAt);
          continue;
        }
      } finally {
        lock.unlock();
      }
      expire(expired);
    }
  }

  /**
   * A run was stopped before its end.
   *
   * @return whether for others, so that its requests wait again; else it is still to be {@link
   *     #ended}
   */
  boolean stopped(Decision.Run<Request> run) {
    lock.lock();
    try {
      if (!scheduler.stopped(run)) {
        return false;
      }
      stops.remove(run);
      if (scheduler.nextDeadline() < wakesAt) {
        deadlines.signal();
      }
    } finally {
      lock.unlock();
    }
    for (Waiting<Request> waiting : run.requests()) {
      if (waiting.payload.future.isDone()) {
        // Taken back while it ran.
        takeBack(waiting.payload);
      }
    }
    return true;
  }

  /**
   * @param nanos that the model took; 0 if the run failed
   */
  void ended(Decision.Run<Request> run, long nanos) {
    lock.lock();
    try {
      stops.remove(run);
      scheduler.ended(run, nanos);
      if (scheduler.waiting() > 0) {
        // A caller that has run its own request takes no other.
        work.signal();
      }
      signalIfEmpty();
    } finally {
      lock.unlock();
    }
  }

  int waiting() {
    lock.lock();
    try {
      return preparing + scheduler.waiting();
    } finally {
      lock.unlock();
    }
  }

  int running() {
    lock.lock();
    try {
      return scheduler.running();
    } finally {
      lock.unlock();
    }
  }

  void refuseMore() {
    lock.lock();
    try {
      refusing = true;
    } finally {
      lock.unlock();
    }
  }

  private void signalIfEmpty() {
    if (refusing && isEmpty()) {
      empty.signalAll();
    }
  }

  private boolean isEmpty() {
    return preparing == 0 && scheduler.waiting() == 0 && scheduler.running() == 0;
  }

  boolean awaitEmpty(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (!isEmpty()) {
        if (left <= 0) {
          return false;
        }
        left = empty.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Refuses all that waits and all that may come; runs go on to their end. */
  void stop() {
    List<Waiting<Request>> left;
    lock.lock();
    try {
      refusing = true;
      stopped = true;
      left = scheduler.clear();
      work.signalAll();
      deadlines.signalAll();
      signalIfEmpty();
    } finally {
      lock.unlock();
    }
    left.forEach(waiting -> waiting.payload.reject(closed()));
  }
}
