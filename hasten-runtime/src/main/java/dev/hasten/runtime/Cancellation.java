package dev.hasten.runtime;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Stops runs: by hand or after a time. One may serve many runs; once cancelled it stays so. */
public final class Cancellation {
  private volatile boolean cancelled;
  private final @Nullable Duration limit;

  private Cancellation(@Nullable Duration limit) {
    this.limit = limit;
  }

  /** Cancelled only by {@link #cancel}. */
  public static Cancellation manual() {
    return new Cancellation(null);
  }

  /** Also cancelled once {@code limit} has passed from now. */
  public static Cancellation after(Duration limit) {
    return new Cancellation(limit);
  }

  /** Stops the runs in flight under this token and refuses later ones. */
  public void cancel() {
    cancelled = true;
  }

  public boolean isCancelled() {
    return cancelled || (limit != null && limit.isZero());
  }
}
