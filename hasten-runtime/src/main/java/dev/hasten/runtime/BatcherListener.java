package dev.hasten.runtime;

import java.time.Duration;

/**
 * Told what a {@link Batcher} does: for metrics. Called in the batcher's and its callers' threads,
 * several at once, never under its lock; must be quick and not throw.
 *
 * <p>Every request is told of once at its end: {@link #completed}, {@link #failed}, {@link
 * #rejected}, {@link #expired} or {@link #cancelled}. Those that were admitted are told of by
 * {@link #queued} first.
 */
public interface BatcherListener {
  /** Does nothing. */
  BatcherListener NONE = new BatcherListener() {};

  /**
   * A request waits now.
   *
   * @param waiting requests in the queue, this one included
   */
  default void queued(Priority priority, String client, int waiting) {}

  /**
   * A run begins.
   *
   * @param requests how many share it
   * @param rows examples in it: requests of raw tensors may have several
   * @param length to which they are padded, as {@link InputPipeline#length}
   * @param waiting requests left in the queue
   */
  default void batchFormed(int requests, int rows, int length, int waiting) {}

  /**
   * A run has ended, well or not; not told of one that was {@link #batchStopped stopped}.
   *
   * @param compute time of the instance: putting the batch together, the run, taking it apart; 0 if
   *     the run failed
   */
  default void batchRan(int requests, int rows, int length, Duration compute) {}

  /**
   * A run of low requests was stopped for the sake of an interactive one; its requests wait again.
   */
  default void batchStopped(int requests, int rows) {}

  /** A request has its answer. */
  default void completed(Priority priority, String client, int rows, Timing timing) {}

  /** A request has failed: its input was bad, or the run broke. */
  default void failed(Priority priority, String client, Throwable failure) {}

  /** A request was refused at once. */
  default void rejected(Priority priority, String client, RejectedRequestException refusal) {}

  /**
   * A request's deadline passed while it waited; it was not run, or its run was stopped for others.
   *
   * @param waited since it was given
   */
  default void expired(Priority priority, String client, Duration waited) {}

  /** A request was taken back. */
  default void cancelled(Priority priority, String client, Duration waited) {}
}
