package dev.hasten.runtime;

import java.util.concurrent.atomic.AtomicInteger;

/** Stops a run once every request in it has been taken back. */
final class StopOnceAll implements Runnable {
  private final AtomicInteger left;
  private final Cancellation run;

  StopOnceAll(int requests, Cancellation run) {
    this.left = new AtomicInteger(requests);
    this.run = run;
  }

  @Override
  public void run() {
    if (left.decrementAndGet() == 0) {
      run.cancel();
    }
  }
}
