package dev.hasten.serve.repository;

import dev.hasten.runtime.Batcher;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/** An open model, and how many use it: closed when it is retired and the last use has ended. */
final class Slot {
  private final ServedModel model;
  private final Batcher batcher;

  /** Uses, the repository's own included. Guarded by this. */
  private int uses = 1;

  private boolean retired;

  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  Slot(ServedModel model, Batcher batcher) {
    this.model = model;
    this.batcher = batcher;
  }

  ServedModel model() {
    return model;
  }

  /** Null once it is retired: the caller looks for its successor. */
  synchronized ModelRepository.@org.jspecify.annotations.Nullable Lease lease() {
    if (retired) {
      return null;
    }
    uses++;
    AtomicBoolean open = new AtomicBoolean(true);
    return new ModelRepository.Lease() {
      @Override
      public ServedModel model() {
        return model;
      }

      @Override
      public void close() {
        if (open.compareAndSet(true, false)) {
          leave();
        }
      }
    };
  }

  /** Lets nobody in any more; closes the model when the last one has left. */
  void retire() {
    synchronized (this) {
      if (retired) {
        return;
      }
      retired = true;
    }
    leave();
  }

  /** When it is closed and everything is freed. */
  CompletableFuture<Void> closed() {
    return closed;
  }

  private void leave() {
    boolean last;
    synchronized (this) {
      last = --uses == 0;
    }
    if (last) {
      // Not in the thread of the last answer, which may be one that closing waits for.
      Thread.ofVirtual()
          .name("hasten-close")
          .start(() -> {
            try {
              batcher.close();
            } finally {
              closed.complete(null);
            }
          });
    }
  }
}
