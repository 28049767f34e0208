package dev.hasten.serve.protocol;

import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Prediction;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * Where messages are read and written: small ones at once, large ones outside the event loop, which
 * other connections wait for, and outside the thread that ran the model, which other requests wait
 * for.
 */
final class BySize {
  /** Larger ones are dealt with outside. */
  static final int INLINE_BYTES = 64 << 10;

  private BySize() {}

  /**
   * @param small for up to {@link #INLINE_BYTES}
   */
  static Executor executor(ServiceRequestContext ctx, long bytes, Executor small) {
    return bytes <= INLINE_BYTES ? small : ctx.blockingTaskExecutor();
  }

  /** What is made of a run's outcome. Cancelling it does not cancel the run. */
  static <T> CompletableFuture<T> write(
      ServiceRequestContext ctx,
      CompletableFuture<Prediction> run,
      Executor small,
      Function<Prediction, T> write) {
    return run.thenCompose(prediction ->
        CompletableFuture.supplyAsync(
            () -> write.apply(prediction), executor(ctx, bytes(prediction.outputs()), small)));
  }

  private static long bytes(Map<String, NdArray> tensors) {
    return tensors.values().stream().mapToLong(BySize::bytes).sum();
  }

  private static long bytes(NdArray tensor) {
    return tensor.type() == ElementType.STRING
        ? tensor.strings().stream().mapToLong(String::length).sum()
        : (long) tensor.size() * tensor.type().bytes();
  }
}
