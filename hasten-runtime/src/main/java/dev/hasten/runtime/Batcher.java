package dev.hasten.runtime;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Supplier;

/**
 * Answers many callers' requests together: waits for none, forms the batches that get most done
 * within the requests' deadlines, and refuses at once what would be late. Thread-safe.
 *
 * <pre>{@code
 * try (Batcher batcher = Batcher.open(Path.of("bundle"))) {
 *   RequestOptions soon = RequestOptions.defaults().withDeadline(Duration.ofMillis(50));
 *   CompletableFuture<Prediction> answer = batcher.submit(Example.text("a large feline"), soon);
 * }
 * }</pre>
 *
 * <p>A future fails with {@link BadInputException} for a bad input, {@link
 * RejectedRequestException} where the request was refused, {@link DeadlineExceededException} where
 * its time passed while it waited; each leaves the other requests of its batch untouched.
 * Cancelling it takes the request back; a run is stopped once all its requests were taken back.
 * What depends on a future without an executor of its own runs in the instance's thread, which
 * computes nothing meanwhile: it must be quick.
 */
public final class Batcher implements AutoCloseable {
  private final String name;
  private final InputPipeline pipeline;
  private final Instances instances;
  private final Tuning tuning;
  private final BatcherOptions options;
  private final List<String> warnings;
  private final RawTensors raw;
  private final BatchQueue queue;
  private final Optional<ThreadPoolExecutor> preparers;
  private final List<Thread> threads = new ArrayList<>();
  private final BatchWorker callers;

  /** Callers and preparers inside the gate: what depends on a future may close this from there. */
  private final Set<Thread> inside = ConcurrentHashMap.newKeySet();

  private final Gate gate;

  private Batcher(
      String name,
      Instances instances,
      InputPipeline pipeline,
      Tuning tuning,
      BatcherOptions options,
      List<String> warnings,
      Runnable release) {
    this.name = name;
    this.instances = instances;
    this.pipeline = pipeline;
    this.tuning = tuning;
    this.options = options;
    this.warnings = List.copyOf(warnings);
    this.raw = new RawTensors(instances.session(0), pipeline.spec(), pipeline.batches());
    this.queue =
        new BatchQueue(
            name, SchedulerSettings.of(tuning, pipeline.mostAtOnce(), options), options.listener());
    this.preparers = BatchThreads.preparers(options.preprocessingThreads());
    this.gate = new Gate("the batcher of " + name, release);
    this.callers = new BatchWorker(queue, instances.session(0), pipeline, options.listener());
    for (int i = 0; i < instances.count(); i++) {
      gate.enter();
      threads.add(
          BatchThreads.start(
              "hasten-batch-" + i,
              new BatchWorker(queue, instances.session(i), pipeline, options.listener()),
              gate::leave));
    }
    gate.enter();
    threads.add(BatchThreads.start("hasten-batch-deadlines", queue::expireInTime, gate::leave));
  }

  /**
   * @throws BadInputException if the bundle is damaged or its parts do not fit together
   * @throws EnvironmentException if its backend is not available here
   */
  public static Batcher open(Path bundle) {
    return open(bundle, BatcherOptions.defaults());
  }

  /** As {@link #open(Path)}; works for bundles that were not tuned, too, and learns their cost. */
  public static Batcher open(Path path, BatcherOptions options) {
    Bundle bundle = Bundle.open(path);
    try {
      List<String> warnings = new ArrayList<>(bundle.warnings());
      Tuning asked = options.tuning().orElse(bundle.manifest().tuning());
      return open(
          bundle.manifest().name(),
          bundle.model(),
          bundle.pipeline(),
          bundle.folder(),
          asked,
          options,
          warnings,
          bundle::close);
    } catch (RuntimeException e) {
      bundle.close();
      throw e;
    }
  }

  /**
   * A plain ONNX file, for {@link #submitTensors} and examples of tensors.
   *
   * @param spec whether the first axis is the batch
   */
  public static Batcher openModel(
      Path model, PipelineSpec.Tensors spec, Tuning tuning, BatcherOptions options) {
    Path absolute = model.toAbsolutePath();
    return open(
        String.valueOf(absolute.getFileName()),
        absolute,
        spec,
        AtomicFiles.parent(absolute),
        options.tuning().orElse(tuning),
        options,
        new ArrayList<>(),
        () -> {});
  }

  private static Batcher open(
      String name,
      Path model,
      PipelineSpec spec,
      Path folder,
      Tuning asked,
      BatcherOptions options,
      List<String> warnings,
      Runnable release) {
    Tuning tuning = Instances.within(Cores.available(), asked, warnings);
    Instances instances = Instances.open(model, tuning);
    try {
      InputPipeline pipeline =
          InputPipeline.open(spec, folder, instances.session(0).inputs(), tuning.threads());
      return new Batcher(
          name,
          instances,
          pipeline,
          tuning,
          options,
          warnings,
          () -> {
            pipeline.close();
            instances.close();
            release.run();
          });
    } catch (RuntimeException e) {
      instances.close();
      throw e;
    }
  }

  /** As {@link #submit(Example, RequestOptions)} with {@link RequestOptions#defaults}. */
  public CompletableFuture<Prediction> submit(Example example) {
    return submit(example, RequestOptions.defaults());
  }

  /** Answers an example; never throws: what goes wrong is in the future. */
  public CompletableFuture<Prediction> submit(Example example, RequestOptions asked) {
    return submit(() -> new Work.One(pipeline.prepare(example)), asked);
  }

  /**
   * Runs the model on raw tensors, the batch on their first axis; the pipeline is not involved.
   * Requests of equal shapes behind that axis share a run where the model's first axes may vary and
   * its pipeline says that they are the batch; else each runs alone.
   *
   * @param tensors by the model's input names; others are left out
   * @return all outputs, with the batch axis
   */
  public CompletableFuture<Prediction> submitTensors(
      Map<String, NdArray> tensors, RequestOptions asked) {
    Map<String, NdArray> copy = Map.copyOf(tensors);
    return submit(() -> raw.of(copy), asked);
  }

  private CompletableFuture<Prediction> submit(Supplier<Work> work, RequestOptions asked) {
    Optional<Duration> fallback = tuning.batching().flatMap(Batching::deadline);
    RequestOptions own =
        asked.deadline().isEmpty() && fallback.isPresent() && asked.priority() != Priority.LOW
            ? asked.withDeadline(fallback.get())
            : asked;
    Request request = new Request(own, options.listener());
    if (!queue.enter(request)) {
      return request.future;
    }
    try {
      if (preparers.isPresent()) {
        preparers.get().execute(() -> prepare(request, work));
      } else {
        prepare(request, work);
      }
    } catch (RejectedExecutionException e) {
      queue.leave();
      request.reject(queue.closed());
    }
    return request.future;
  }

  private void prepare(Request request, Supplier<Work> work) {
    boolean entered = false;
    boolean outermost = inside.add(Thread.currentThread());
    try {
      gate.enter();
      entered = true;
      if (!request.future.isDone()) {
        Work its = work.get();
        request.work = its;
        request.prepared = System.nanoTime();
        queue
            .admit(request, its, request.options.callerRuns() && instances.alike())
            .ifPresent(taken -> callers.answer(taken.run(), taken.stop()));
      }
    } catch (IllegalStateException e) {
      if (entered) {
        request.fail(e);
      } else {
        request.reject(queue.closed());
      }
    } catch (RuntimeException | Error e) {
      request.fail(e);
    } finally {
      queue.leave();
      if (entered) {
        gate.leave();
      }
      if (outermost) {
        inside.remove(Thread.currentThread());
      }
    }
  }

  /**
   * Answers a stream: at most {@code inFlight} examples are in the batcher at once, so that a slow
   * subscriber slows the publisher down. Answers come in the order of the examples. The first
   * failure ends the stream with its error; put {@code asked} without a deadline and at {@link
   * Priority#LOW} for bulk work. For one publisher and one subscriber.
   */
  public Flow.Processor<Example, Prediction> processor(int inFlight, RequestOptions asked) {
    return new AnswerProcessor<>(example -> submit(example, asked), inFlight);
  }

  /**
   * The answers to a stream, as a publisher: each subscriber subscribes to {@code examples} anew,
   * through a {@link #processor} of its own.
   */
  public Flow.Publisher<Prediction> predictAll(
      Flow.Publisher<Example> examples, int inFlight, RequestOptions asked) {
    return subscriber -> {
      Flow.Processor<Example, Prediction> processor = processor(inFlight, asked);
      processor.subscribe(subscriber);
      examples.subscribe(processor);
    };
  }

  /**
   * The answers to examples that are read as they are needed, at most {@code inFlight} ahead: files
   * larger than memory may stand behind the iterable. Each subscriber iterates anew, in a thread of
   * its own, which may block.
   *
   * <pre>{@code
   * Flow.Publisher<Prediction> answers =
   *     batcher.predictAll(() -> lines.map(Example::text).iterator(), 64, RequestOptions.defaults());
   * }</pre>
   */
  public Flow.Publisher<Prediction> predictAll(
      Iterable<Example> examples, int inFlight, RequestOptions asked) {
    return predictAll(new IterablePublisher<>(examples), inFlight, asked);
  }

  /** The input pipeline that examples go through. */
  public PipelineSpec pipeline() {
    return pipeline.spec();
  }

  /** Its length before padding; see {@link InputPipeline#length}. */
  public int length(Example example) {
    return pipeline.length(example);
  }

  /** What {@link #submitTensors} takes. */
  public List<TensorInfo> inputs() {
    return instances.session(0).inputs();
  }

  /** What {@link #submitTensors} gives. */
  public List<TensorInfo> outputs() {
    return instances.session(0).outputs();
  }

  /** The settings it runs with: the bundle's, cut to the cores given. */
  public Tuning tuning() {
    return tuning;
  }

  /** What may make it slower here than its bundle promises. */
  public List<String> warnings() {
    return warnings;
  }

  /** Requests that wait now, those being prepared included. */
  public int waiting() {
    return queue.waiting();
  }

  /** Runs that go on now. */
  public int running() {
    return queue.running();
  }

  /**
   * Takes no more requests and waits until those taken are answered.
   *
   * @return whether they were within {@code limit}
   */
  public boolean drain(Duration limit) throws InterruptedException {
    queue.refuseMore();
    return queue.awaitEmpty(limit.toNanos());
  }

  /**
   * Refuses what waits, lets the runs in flight end, frees everything. A second call does nothing.
   */
  @Override
  public void close() {
    queue.stop();
    preparers.ifPresent(ThreadPoolExecutor::shutdown);
    gate.close();
    if (!threads.contains(Thread.currentThread()) && !inside.contains(Thread.currentThread())) {
      gate.awaitReleased();
    }
  }

  @Override
  public String toString() {
    return "batcher of " + name;
  }
}
