package dev.hasten.study.layers;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Step;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Value;
import dev.hasten.measure.Row;
import dev.hasten.measure.RowSpeed;
import dev.hasten.measure.SpeedOptions;
import dev.hasten.measure.SpeedTest;
import dev.hasten.measure.Subject;
import dev.hasten.measure.SubjectSpeed;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes the layers of a model one at a time and measures what each costs and gains.
 *
 * <p>The model is gone through once, from front to back: before a layer stands what all layers
 * before it have computed, once and for all examples, and only what follows it is run again, with
 * what the layer gives when quantized. The layer itself is a small model of its own, which is
 * quantized and calibrated on what flows into it, and timed.
 *
 * <p>Not thread-safe.
 */
public final class LayerLab {
  /** Intermediate values kept at a time; examples are left out where they take more. */
  private static final long KEPT_BYTES = 1L << 29;

  private static final Duration TIMING = Duration.ofMillis(250);
  private static final long SEED = 42;

  private final Model base;
  private final List<Step> formats;
  private final Context context;
  private final Judge judge;
  private final Row row;
  private final Shapes shapes;
  private final Flow flow;
  private final Map<String, Node> nodes;

  /** The values live at {@link #position}, per batch: calibration, timed, judged. */
  private final List<Map<String, NdArray>> values = new ArrayList<>();

  private final int calibrating;
  private int position;
  private List<float[]> reference = List.of();

  /** Says how far what a model gives is from what it should. */
  public interface Judge {
    /** The numbers that are compared, of a batch of examples. */
    float[] numbers(int batch, Map<String, NdArray> outputs);

    /** How much worse the metric is, over the first batches; NaN if it cannot be told. */
    double drop(List<Map<String, NdArray>> outputs);
  }

  /**
   * What to run, encoded.
   *
   * @param calibrate batches that techniques may look at
   * @param judged batches on which quality is looked at
   * @param timed the call to be timed
   * @param row that it belongs to: its threads are used
   */
  public record Inputs(
      List<Map<String, NdArray>> calibrate,
      List<Map<String, NdArray>> judged,
      Map<String, NdArray> timed,
      Row row) {
    public Inputs {
      calibrate = List.copyOf(calibrate);
      judged = List.copyOf(judged);
    }
  }

  /**
   * @param base the model as it is before numbers get fewer bits
   * @param formats the quantizing techniques to choose from
   */
  public LayerLab(Model base, List<Step> formats, Context context, Inputs inputs, Judge judge) {
    this.base = base;
    this.formats = List.copyOf(formats);
    this.context = context;
    this.judge = judge;
    this.row = inputs.row();
    this.shapes = ShapeInference.infer(base);
    this.flow = new Flow(base.graph());
    this.nodes = byName(base);
    this.calibrating = inputs.calibrate().size();
    values.addAll(inputs.calibrate());
    values.add(inputs.timed());
    values.addAll(inputs.judged());
  }

  /** The nodes with a name of their own. */
  private static Map<String, Node> byName(Model model) {
    Map<String, Node> byName = new LinkedHashMap<>();
    Set<String> twice = new LinkedHashSet<>();
    for (Node node : model.graph().nodes()) {
      if (byName.put(node.name(), node) != null) {
        twice.add(node.name());
      }
    }
    byName.keySet().removeAll(twice);
    byName.remove("");
    return byName;
  }

  /** The layers that at least one of the formats takes, in the graph's order. */
  public List<Layer> layers() {
    Context one = context.withCalibration(values.subList(0, Math.min(1, calibrating)));
    Set<String> taken = new LinkedHashSet<>();
    for (Step format : formats) {
      format.create().apply(base, one).changes().forEach(change -> taken.add(change.node()));
    }
    return Layers.of(
        base, flow, nodes.values().stream().filter(n -> taken.contains(n.name())).toList());
  }

  /** Measures a layer with each format. Quickest in the graph's order. */
  public Probe probe(Layer layer) {
    List<Node> own = layer.nodes().stream().map(this::node).toList();
    advance(flow.position(layer.nodes().getFirst()));
    Set<String> read = new LinkedHashSet<>();
    own.forEach(n -> read.addAll(flow.inputs(n)));
    List<String> given = flow.outputs(own);
    Part part = Part.of(base, shapes, only(example(), read), given);
    Map<String, Applied> made = new LinkedHashMap<>();
    for (Step format : formats) {
      Applied applied = quantized(part, layer, format);
      if (applied.changed()) {
        made.put(format.technique(), applied);
      }
    }
    Map<String, Duration> times = times(part, made);
    List<Probe.Effect> effects = effects(part, made, times);
    return new Probe(layer, times.getOrDefault("", Duration.ZERO), effects);
  }

  private Node node(String name) {
    Node node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("node '" + name + "' (expected: one of the model)");
    }
    return node;
  }

  private Map<String, NdArray> example() {
    return values.getLast();
  }

  private static Map<String, NdArray> only(Map<String, NdArray> values, Set<String> names) {
    Map<String, NdArray> some = new LinkedHashMap<>(values);
    some.keySet().retainAll(names);
    return some;
  }

  /** Computes what is live at a position from what is live here. */
  private void advance(int to) {
    if (to < position) {
      throw new IllegalArgumentException("layers are probed in the graph's order");
    }
    Set<String> live = flow.live(to);
    List<String> missing = live.stream().filter(n -> !example().containsKey(n)).toList();
    if (!missing.isEmpty()) {
      Part between = Part.of(base, shapes, example(), missing);
      try (Session session = open(between.model(), 0)) {
        values.replaceAll(known -> {
          Map<String, NdArray> next = only(known, live);
          next.putAll(session.run(between.feed(known)));
          return next;
        });
      }
    } else {
      values.replaceAll(known -> only(known, live));
    }
    position = to;
    shed();
  }

  /** Leaves examples out where what flows between the layers is large. */
  private void shed() {
    long kept = 0;
    int least = calibrating + 2;
    for (int i = 0; i < values.size(); i++) {
      for (NdArray value : values.get(i).values()) {
        kept += (long) value.size() * Math.max(1, value.type().bytes());
      }
      if (kept > KEPT_BYTES && i >= least) {
        values.subList(i, values.size()).clear();
        return;
      }
    }
  }

  private Applied quantized(Part part, Layer layer, Step format) {
    List<Map<String, NdArray>> seen =
        values.subList(0, calibrating).stream().map(part::feed).toList();
    return Mix.including(format, layer.nodes())
        .create()
        .apply(part.model(), context.withCalibration(seen));
  }

  /** Times of a call of the layer alone, in floating point under the empty name. */
  private Map<String, Duration> times(Part part, Map<String, Applied> made) {
    Map<String, NdArray> input = part.feed(values.get(calibrating));
    List<Subject> others = new ArrayList<>();
    made.forEach((name, applied) -> others.add(subject(name, applied.model(), input)));
    SpeedOptions options =
        SpeedOptions.defaults().withBudgetPerRow(TIMING).withBlocks(9, 200).withSeed(SEED);
    RowSpeed speed =
        SpeedTest.run(subject("", part.model(), input), others, List.of(row), options).getFirst();
    Map<String, Duration> times = new HashMap<>();
    for (SubjectSpeed subject : speed.subjects()) {
      times.put(subject.name(), subject.p50());
    }
    return times;
  }

  private static Subject subject(String name, Model model, Map<String, NdArray> input) {
    return new Subject(
        name,
        row -> {
          Session session = open(model, row.threads());
          return new Subject.Call() {
            @Override
            public void run(int call) {
              session.run(input);
            }

            @Override
            public void close() {
              session.close();
            }
          };
        });
  }

  private List<Probe.Effect> effects(
      Part part, Map<String, Applied> made, Map<String, Duration> times) {
    List<Probe.Effect> effects = new ArrayList<>();
    try (Rest rest = rest(part)) {
      if (reference.isEmpty()) {
        reference = numbers(rest.run(part.model()));
      }
      made.forEach((name, applied) -> {
        List<Map<String, NdArray>> outputs = rest.run(applied.model());
        effects.add(
            new Probe.Effect(
                name,
                error(numbers(outputs)),
                judge.drop(outputs),
                times.getOrDefault(name, Duration.ZERO),
                applied.model().weightBytes()));
      });
    }
    return effects;
  }

  private List<float[]> numbers(List<Map<String, NdArray>> outputs) {
    List<float[]> numbers = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      numbers.add(judge.numbers(i, outputs.get(i)));
    }
    return numbers;
  }

  private double error(List<float[]> numbers) {
    double noise = 0;
    double signal = 0;
    for (int b = 0; b < numbers.size(); b++) {
      float[] expected = reference.get(b);
      float[] found = numbers.get(b);
      for (int i = 0; i < expected.length; i++) {
        double difference = found[i] - expected[i];
        noise += difference * difference;
        signal += (double) expected[i] * expected[i];
      }
    }
    return signal == 0 ? 0 : noise / signal;
  }

  private Rest rest(Part part) {
    Map<String, NdArray> known = new LinkedHashMap<>(example());
    try (Session session = open(part.model(), 0)) {
      known.putAll(session.run(part.feed(example())));
    }
    List<String> wanted =
        base.graph().outputs().stream()
            .map(Value::name)
            .filter(name -> !known.containsKey(name))
            .toList();
    Part after = wanted.isEmpty() ? null : Part.of(base, shapes, known, wanted);
    return new Rest(part, after);
  }

  /** What follows a layer. */
  private final class Rest implements AutoCloseable {
    private final Part layer;
    private final @Nullable Part after;
    private final @Nullable Session session;

    Rest(Part layer, @Nullable Part after) {
      this.layer = layer;
      this.after = after;
      this.session = after == null ? null : open(after.model(), 0);
    }

    /** What the whole model gives to the judged batches if the layer is this. */
    List<Map<String, NdArray>> run(Model instead) {
      List<Map<String, NdArray>> outputs = new ArrayList<>();
      try (Session own = open(instead, 0)) {
        for (Map<String, NdArray> known : values.subList(calibrating + 1, values.size())) {
          Map<String, NdArray> all = new LinkedHashMap<>(known);
          all.putAll(own.run(layer.feed(known)));
          if (session != null && after != null) {
            all.putAll(session.run(after.feed(all)));
          }
          Map<String, NdArray> given = new LinkedHashMap<>();
          for (Value output : base.graph().outputs()) {
            NdArray value = all.get(output.name());
            if (value != null) {
              given.put(output.name(), value);
            }
          }
          outputs.add(given);
        }
      }
      return outputs;
    }

    @Override
    public void close() {
      if (session != null) {
        session.close();
      }
    }
  }

  private static Session open(Model model, int threads) {
    SessionOptions options = SessionOptions.defaults().withIntraOpThreads(threads);
    return Backend.cpu().open(model.toBytes(), "part of " + model.source(), options);
  }
}
