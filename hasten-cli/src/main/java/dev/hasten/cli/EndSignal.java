package dev.hasten.cli;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import sun.misc.Signal;

/**
 * SIGTERM and SIGINT as something to wait for. A shutdown hook would not do: ONNX Runtime frees
 * itself in one, hooks run side by side, and a request that is still being answered would crash the
 * process.
 */
final class EndSignal {
  /** What a shell makes of a process that a signal ended. */
  private static final int BASE = 128;

  private final CompletableFuture<Integer> code = new CompletableFuture<>();

  /** From now on the signals end the wait; a second one ends the process at once. */
  static EndSignal install() {
    EndSignal end = new EndSignal();
    for (String name : List.of("TERM", "INT")) {
      try {
        Signal.handle(
            new Signal(name),
            signal -> {
              if (!end.code.complete(BASE + signal.getNumber())) {
                Runtime.getRuntime().halt(BASE + signal.getNumber());
              }
            });
      } catch (IllegalArgumentException e) {
        // The JVM was told to leave signals alone (-Xrs): they end it without anybody's doing.
      }
    }
    return end;
  }

  boolean isGiven() {
    return code.isDone();
  }

  /** Ends the wait with a failure. */
  void fail(RuntimeException failure) {
    code.completeExceptionally(failure);
  }

  /** The exit code that a signal asks for. */
  int await() {
    try {
      return code.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
  }
}
