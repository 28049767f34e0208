package dev.hasten.serve.jobs;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.hasten.serve.jobs.JobParts.Part;
import dev.hasten.serve.protocol.Failures;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.protocol.StoredCall;
import dev.hasten.serve.repository.Cancelling;
import dev.hasten.serve.repository.ModelRepository;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Answers the lines of a bulk job that have no answer yet. Two pages of lines are in the batcher at
 * once, so that it does not run dry between them.
 */
final class BulkRun {
  private static final int PAGES = 2;

  private final Job job;
  private final JobParts parts;
  private final ModelRepository repository;
  private final JobsOptions options;
  private final BooleanSupplier stopping;
  private final Consumer<String> changed;
  private volatile boolean cancelled;

  BulkRun(
      Job job,
      JobParts parts,
      ModelRepository repository,
      JobsOptions options,
      BooleanSupplier stopping,
      Consumer<String> changed) {
    this.job = job;
    this.parts = parts;
    this.repository = repository;
    this.options = options;
    this.stopping = stopping;
    this.changed = changed;
  }

  private record Line(Part part, CompletableFuture<byte[]> answer) {}

  void cancel() {
    cancelled = true;
  }

  private boolean over() {
    return cancelled || stopping.getAsBoolean();
  }

  /** Whether all lines have answers now; false: it was stopped, or the job is another's. */
  boolean call() {
    int pageLines = Math.max(1, options.inFlight() / PAGES);
    Deque<List<Line>> pages = new ArrayDeque<>();
    try {
      long after = 0;
      boolean more = true;
      while (!over()) {
        while (more && pages.size() < PAGES) {
          List<Part> open = parts.open(job.id(), after, pageLines);
          more = !open.isEmpty();
          if (more) {
            after = open.getLast().number();
            pages.add(open.stream().map(part -> new Line(part, begin(part))).toList());
          }
        }
        if (pages.isEmpty()) {
          return true;
        }
        List<Part> answered = collect(pages.getFirst());
        if (over() || !parts.write(job, answered)) {
          return false;
        }
        pages.removeFirst();
        changed.accept(job.id());
      }
      return false;
    } finally {
      pages.forEach(page -> page.forEach(line -> line.answer().cancel(true)));
    }
  }

  private CompletableFuture<byte[]> begin(Part part) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    try {
      ModelRepository.Lease lease = repository.lease(job.model(), job.version());
      CompletableFuture<StoredCall.Answer> run;
      try {
        run =
            new StoredCall(
                    job.call() == Job.Call.PREDICT,
                    "application/json",
                    OptionalInt.empty(),
                    part.request())
                .run(lease.model(), JobWorker.BEHIND, Runnable::run);
      } catch (RuntimeException | Error e) {
        lease.close();
        throw e;
      }
      run.whenComplete((result, failure) -> {
        lease.close();
        if (failure != null) {
          answer.completeExceptionally(failure);
        } else if (result.jsonLength().isPresent()) {
          answer.completeExceptionally(
              ProtocolException.invalid("binary outputs are asked for (a line can only be JSON)"));
        } else {
          answer.complete(result.body());
        }
      });
      Cancelling.both(answer, run);
    } catch (RuntimeException | Error e) {
      answer.completeExceptionally(e);
    }
    return answer;
  }

  private List<Part> collect(List<Line> page) {
    List<Part> answered = new ArrayList<>();
    for (Line line : page) {
      if (over()) {
        break;
      }
      answered.add(collect(line));
    }
    return answered;
  }

  private Part collect(Line line) {
    Part part = line.part();
    CompletableFuture<byte[]> answer = line.answer();
    int attempt = 1;
    while (true) {
      try {
        return new Part(part.number(), part.request(), answer.join(), false);
      } catch (CompletionException | CancellationException e) {
        ProtocolException refusal = Failures.refusal(e);
        Remedy remedy = Remedy.of(refusal);
        if (over() || remedy == Remedy.NONE || attempt >= options.attempts()) {
          return error(part.number(), part.request(), String.valueOf(refusal.getMessage()));
        }
        attempt += remedy == Remedy.RETRY ? 1 : 0;
        pause(attempt);
        answer = begin(part);
      }
    }
  }

  private void pause(int attempt) {
    long end = System.nanoTime() + Remedy.pause(attempt - 1).toNanos();
    try {
      while (!over() && System.nanoTime() < end) {
        Thread.sleep(20);
      }
    } catch (InterruptedException e) {
      cancelled = true;
      Thread.currentThread().interrupt();
    }
  }

  /** The result of a line that has none. */
  static Part error(long number, byte[] request, String reason) {
    String json =
        "{\"error\":\"%s\",\"line\":%d}"
            .formatted(new String(JsonStringEncoder.getInstance().quoteAsString(reason)), number);
    return new Part(number, request, json.getBytes(StandardCharsets.UTF_8), true);
  }
}
