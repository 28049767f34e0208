package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.RequestContext;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.Timing;
import dev.hasten.serve.repository.Cancelling;
import dev.hasten.serve.repository.ServedModel;
import io.netty.util.AttributeKey;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** What becomes known of a call while it is answered, for those who report on it. Thread-safe. */
public final class CallFacts {
  private static final AttributeKey<CallFacts> KEY =
      AttributeKey.valueOf(CallFacts.class, "CALL_FACTS");

  /** Of a stream, the first runs are enough. */
  private static final int MOST_RUNS = 100;

  /**
   * A model has run for the call.
   *
   * @param examples of the request, which may have shared the run with others
   * @param begun when the request was given to the model ({@link System#nanoTime})
   */
  public record Run(String model, String version, int examples, long begun, Timing timing) {}

  private final List<Run> runs = new CopyOnWriteArrayList<>();
  private volatile String id = "";
  private volatile String token = "";
  private volatile String trace = "";

  private CallFacts() {}

  /** Those of a call; it has them from its first question on. */
  public static CallFacts of(RequestContext ctx) {
    CallFacts known = ctx.attr(KEY);
    if (known != null) {
      return known;
    }
    CallFacts fresh = new CallFacts();
    ctx.setAttr(KEY, fresh);
    return fresh;
  }

  /** In the order in which they ended. */
  public List<Run> runs() {
    return List.copyOf(runs);
  }

  /** The request's own id; empty: none. */
  public String id() {
    return id;
  }

  /** The name of the token that it came with; empty: none. */
  public String token() {
    return token;
  }

  /** The trace that it belongs to, 32 hexadecimal digits; empty: none. */
  public String trace() {
    return trace;
  }

  public void setToken(String name) {
    token = name;
  }

  public void setTrace(String traceId) {
    trace = traceId;
  }

  void setId(String requestId) {
    id = requestId;
  }

  /** Remembers a run when it has ended. Cancelling what is returned cancels the run. */
  CompletableFuture<Prediction> follow(
      ServedModel model, int examples, Supplier<CompletableFuture<Prediction>> start) {
    long begun = System.nanoTime();
    CompletableFuture<Prediction> run = start.get();
    return Cancelling.both(
        run.thenApply(prediction -> {
          ran(model, examples, begun, prediction.timing());
          return prediction;
        }),
        run);
  }

  void ran(ServedModel model, int examples, long begun, Timing timing) {
    if (runs.size() < MOST_RUNS) {
      runs.add(new Run(model.name(), model.version(), examples, begun, timing));
    }
  }

  /** Examples in a request's tensors: the length of their first axis. */
  static int examples(Map<String, NdArray> inputs) {
    return inputs.values().stream()
        .mapToInt(tensor -> tensor.rank() == 0 ? 1 : Math.toIntExact(tensor.shape()[0]))
        .max()
        .orElse(0);
  }
}
