package dev.hasten.runtime;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts who is inside native code, so that what they use is freed only when the last has left. One
 * atomic increment on the way in, one decrement on the way out, no lock, no garbage.
 */
final class Gate {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final String what;
  private final Runnable release;

  /** How many are inside; the sign bit says closed. */
  private final AtomicInteger state = new AtomicInteger();

  private final AtomicBoolean releasing = new AtomicBoolean();
  private final CountDownLatch released = new CountDownLatch(1);

  /**
   * @param what for the message to late callers
   * @param release frees what is guarded; runs exactly once, in the closing thread or in that of
   *     the last one to leave
   */
  Gate(String what, Runnable release) {
    this.what = what;
    this.release = release;
  }

  /** Each must be followed by one {@link #leave}. */
  void enter() {
    if (state.getAndIncrement() < 0) {
      leave();
      throw new IllegalStateException(what + " is closed");
    }
  }

  void leave() {
    if (state.decrementAndGet() == CLOSED) {
      releaseOnce();
    }
  }

  boolean isClosed() {
    return state.get() < 0;
  }

  /** Lets nobody in any more. Returns at once; what is guarded goes when the last one leaves. */
  void close() {
    int before = state.getAndUpdate(s -> s | CLOSED);
    if (before == 0) {
      releaseOnce();
    }
  }

  /** Waits until what is guarded has been freed. Not for those inside. */
  void awaitReleased() {
    boolean interrupted = false;
    while (true) {
      try {
        released.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void releaseOnce() {
    // A late caller's enter and leave pass through CLOSED again: only the first passage counts.
    if (releasing.compareAndSet(false, true)) {
      try {
        release.run();
      } finally {
        released.countDown();
      }
    }
  }
}
