package dev.hasten.serve.repository;

import java.util.concurrent.CompletableFuture;

/** What {@link CompletableFuture} lacks: cancelling what came of a run cancels the run. */
public final class Cancelling {
  private Cancelling() {}

  /**
   * From now on, cancelling {@code answer} cancels {@code run}.
   *
   * @return the answer
   */
  public static <T> CompletableFuture<T> both(
      CompletableFuture<T> answer, CompletableFuture<?> run) {
    answer.whenComplete((result, failure) -> {
      if (answer.isCancelled()) {
        run.cancel(true);
      }
    });
    return answer;
  }
}
