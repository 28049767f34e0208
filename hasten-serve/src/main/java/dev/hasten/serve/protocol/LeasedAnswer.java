package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.serve.repository.ModelRepository;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * An answer by a model on lease: the lease ends with it, and a client that has gone takes its
 * request back.
 */
final class LeasedAnswer {
  private final CompletableFuture<HttpResponse> answer = new CompletableFuture<>();

  private LeasedAnswer() {}

  /**
   * @param work gives the answer; what it starts in the model it should make {@link #cancels
   *     cancellable}
   */
  static HttpResponse of(
      ServiceRequestContext ctx,
      ModelRepository.Lease lease,
      Function<LeasedAnswer, CompletableFuture<HttpResponse>> work) {
    LeasedAnswer leased = new LeasedAnswer();
    ctx.whenRequestCancelling().thenAccept(leased.answer::completeExceptionally);
    work.apply(leased)
        .whenComplete((response, failure) -> {
          lease.close();
          if (failure != null) {
            leased.answer.completeExceptionally(failure);
          } else {
            leased.answer.complete(response);
          }
        });
    return HttpResponse.of(leased.answer);
  }

  /** Cancels the run if the client goes, or time is over; returns it. */
  <T> CompletableFuture<T> cancels(CompletableFuture<T> run) {
    answer.whenComplete((response, failure) -> {
      if (failure != null) {
        run.cancel(true);
      }
    });
    return run;
  }
}
