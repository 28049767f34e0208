package dev.hasten.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/** Runs one instance: takes batches until there are no more. */
final class BatchWorker implements Runnable {
  private final BatchQueue queue;
  private final Session session;
  private final InputPipeline pipeline;
  private final BatcherListener listener;

  BatchWorker(BatchQueue queue, Session session, InputPipeline pipeline, BatcherListener listener) {
    this.queue = queue;
    this.session = session;
    this.pipeline = pipeline;
    this.listener = listener;
  }

  @Override
  public void run() {
    for (var taken = queue.take(); taken != null; taken = queue.take()) {
      answer(taken.run(), taken.stop());
    }
  }

  void answer(Decision.Run<Request> run, Cancellation stop) {
    List<Request> requests = run.requests().stream().map(waiting -> waiting.payload).toList();
    listener.batchFormed(requests.size(), run.rows(), run.length(), queue.waiting());
    long start = System.nanoTime();
    StopOnceAll all = new StopOnceAll(requests.size(), stop);
    requests.forEach(request -> request.onCancel(all));
    long nanos = 0;
    try {
      Work.Done done = compute(requests, stop);
      long end = System.nanoTime();
      nanos = end - start;
      answer(requests, done, start, end);
    } catch (RuntimeException | Error e) {
      if (madeWay(run, stop)) {
        return;
      }
      if (requests.size() == 1 || e instanceof VirtualMachineError) {
        requests.forEach(request -> request.fail(e));
      } else {
        // One bad input must not fail the others.
        for (Request request : requests) {
          alone(request, stop);
          if (madeWay(run, stop)) {
            return;
          }
        }
      }
    }
    // After the answers: until they are given, the instance is not free, nor the queue drained.
    queue.ended(run, nanos);
    listener.batchRan(requests.size(), run.rows(), run.length(), Duration.ofNanos(nanos));
  }

  /** Whether the run was stopped for others: what of it has no answer waits again. */
  private boolean madeWay(Decision.Run<Request> run, Cancellation stop) {
    if (!stop.isCancelled() || !queue.stopped(run)) {
      return false;
    }
    listener.batchStopped(run.requests().size(), run.rows());
    return true;
  }

  private void alone(Request request, Cancellation all) {
    if (request.future.isDone() || request.expireIfLate()) {
      return;
    }
    long start = System.nanoTime();
    Cancellation stop = Cancellation.manual();
    request.onCancel(new StopOnceAll(1, stop));
    try (var registration = all.register(stop::cancel)) {
      Work.Done done = compute(List.of(request), stop);
      answer(List.of(request), done, start, System.nanoTime());
    } catch (RuntimeException | Error e) {
      if (!(e instanceof CancellationException)) {
        request.fail(e);
      }
    }
  }

  private Work.Done compute(List<Request> requests, Cancellation stop) {
    List<Work> works =
        requests.stream().map(request -> Objects.requireNonNull(request.work)).toList();
    return Work.run(works, pipeline, tensors -> session.run(tensors, stop));
  }

  private static void answer(List<Request> requests, Work.Done done, long start, long end) {
    List<Map<String, NdArray>> outputs = done.outputs();
    for (int i = 0; i < requests.size(); i++) {
      Request request = requests.get(i);
      Timing timing =
          new Timing(
              Duration.ofNanos(request.prepared - request.given + done.began() - start),
              Duration.ofNanos(start - request.admitted),
              Duration.ofNanos(done.ran() - done.began()),
              Duration.ofNanos(end - done.ran()));
      request.answer(new Prediction(outputs.get(i), timing), request.rows());
    }
  }
}
