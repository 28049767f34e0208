package dev.hasten.runtime;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A loaded bundle, ready to answer. Thread-safe; {@link #close} may come at any moment: calls in
 * flight end normally, later ones get an {@link IllegalStateException}.
 *
 * <pre>{@code
 * try (Predictor predictor = Predictor.open(Path.of("bundle"))) {
 *   float[] vector = predictor.predict(Example.text("a large feline")).embedding();
 * }
 * }</pre>
 */
public final class Predictor implements AutoCloseable {
  private final Bundle bundle;
  private final Session session;
  private final InputPipeline pipeline;
  private final Tuning tuning;
  private final @Nullable Duration timeout;
  private final AsyncCalls async;
  private final List<String> warnings;
  private final Gate gate;

  private Predictor(
      Bundle bundle,
      Session session,
      InputPipeline pipeline,
      Tuning tuning,
      PredictorOptions options,
      List<String> warnings) {
    this.bundle = bundle;
    this.session = session;
    this.pipeline = pipeline;
    this.tuning = tuning;
    this.timeout = options.timeout().orElse(null);
    this.async = new AsyncCalls(options.asyncThreads(), options.asyncQueue());
    this.warnings = List.copyOf(warnings);
    this.gate = new Gate("the predictor of " + bundle.manifest().name(), this::release);
  }

  public static Predictor open(Path bundle) {
    return open(bundle, PredictorOptions.defaults());
  }

  /**
   * @throws BadInputException if the bundle is damaged or its parts do not fit together
   * @throws EnvironmentException if its backend is not available here
   */
  public static Predictor open(Path path, PredictorOptions options) {
    Bundle bundle = Bundle.open(path);
    Session session = null;
    try {
      List<String> warnings = new ArrayList<>(bundle.warnings());
      Tuning asked = options.tuning().orElse(bundle.manifest().tuning());
      Tuning tuning = asked.within(Cores.available(), warnings);
      session = KnownBackends.named(tuning.backend()).open(bundle.model(), tuning.sessionOptions());
      InputPipeline pipeline =
          InputPipeline.open(
              bundle.pipeline(), bundle.folder(), session.inputs(), tuning.threads());
      return new Predictor(bundle, session, pipeline, tuning, options, warnings);
    } catch (RuntimeException e) {
      if (session != null) {
        session.close();
      }
      bundle.close();
      throw e;
    }
  }

  /** Answers in the caller's thread. */
  public Prediction predict(Example example) {
    return predict(List.of(example)).getFirst();
  }

  /** Answers in the order of the examples; lengths may differ. */
  public List<Prediction> predict(List<? extends Example> examples) {
    return timeout == null ? answer(examples, null) : answer(examples, Cancellation.after(timeout));
  }

  /**
   * The same, stoppable; this predictor's own time limit does not count.
   *
   * @throws java.util.concurrent.CancellationException if cancelled before the end
   * @throws RunTimeoutException if the limit passed before the end
   */
  public List<Prediction> predict(List<? extends Example> examples, Cancellation cancellation) {
    return answer(examples, cancellation);
  }

  /**
   * Answers in a thread of this predictor, which also runs what depends on the future without an
   * executor of its own. Cancelling the future takes the call out of the queue or stops its run. A
   * call whose time is up fails with {@link RunTimeoutException} when its turn comes, and is not
   * run.
   *
   * @throws java.util.concurrent.RejectedExecutionException if too many calls wait already
   */
  public CompletableFuture<Prediction> predictAsync(Example example) {
    return submit(cancellation -> answer(List.of(example), cancellation).getFirst());
  }

  /** All in one future; see {@link #predictAsync(Example)}. */
  public CompletableFuture<List<Prediction>> predictAsync(List<? extends Example> examples) {
    List<Example> copy = List.copyOf(examples);
    return submit(cancellation -> answer(copy, cancellation));
  }

  private <T> CompletableFuture<T> submit(AsyncCalls.Call<T> call) {
    if (gate.isClosed()) {
      throw new IllegalStateException(
          "the predictor of " + bundle.manifest().name() + " is closed");
    }
    Cancellation cancellation =
        timeout == null ? Cancellation.manual() : Cancellation.after(timeout);
    return async.submit(call, cancellation);
  }

  private List<Prediction> answer(
      List<? extends Example> examples, @Nullable Cancellation cancellation) {
    gate.enter();
    try {
      Prediction[] answers = new Prediction[examples.size()];
      for (List<Integer> batch : BatchPlan.of(examples, pipeline, tuning.maxBatch())) {
        if (cancellation != null) {
          cancellation.check();
        }
        List<Prediction> some =
            run(batch.stream().<Example>map(examples::get).toList(), cancellation);
        for (int i = 0; i < batch.size(); i++) {
          answers[batch.get(i)] = some.get(i);
        }
      }
      return List.copyOf(Arrays.asList(answers));
    } finally {
      gate.leave();
    }
  }

  private List<Prediction> run(List<Example> batch, @Nullable Cancellation cancellation) {
    long start = System.nanoTime();
    Map<String, NdArray> encoded = pipeline.encode(batch);
    long encodedAt = System.nanoTime();
    Map<String, NdArray> outputs =
        cancellation == null ? session.run(encoded) : session.run(encoded, cancellation);
    long ranAt = System.nanoTime();
    Map<String, NdArray> decoded = pipeline.decode(encoded, outputs);
    Timing timing =
        new Timing(
            Duration.ofNanos(encodedAt - start),
            Duration.ZERO,
            Duration.ofNanos(ranAt - encodedAt),
            Duration.ofNanos(System.nanoTime() - ranAt));
    return Rows.split(pipeline, decoded, batch.size()).stream()
        .map(row -> new Prediction(row, timing))
        .toList();
  }

  /** The session below, for raw tensors: {@link Session#run} and {@link Session#bind}. */
  public Session session() {
    return session;
  }

  public Bundle bundle() {
    return bundle;
  }

  /** What may make this predictor slower here than its bundle promises. */
  public List<String> warnings() {
    return warnings;
  }

  /** Refuses new calls, fails those that wait, lets those in flight end, then frees everything. */
  @Override
  public void close() {
    gate.close();
    async.close();
    gate.awaitReleased();
  }

  private void release() {
    try (bundle;
        session;
        pipeline) {
      // Closed in the order pipeline, session, bundle; one that fails does not keep the others
      // open.
    }
  }
}
