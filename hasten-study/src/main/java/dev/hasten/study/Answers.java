package dev.hasten.study;

import dev.hasten.compress.Context;
import dev.hasten.compress.Step;
import dev.hasten.graph.Model;
import dev.hasten.measure.Comparison;
import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Metric;
import dev.hasten.measure.Metrics;
import dev.hasten.measure.OutputKind;
import dev.hasten.measure.Outputs;
import dev.hasten.measure.Row;
import dev.hasten.measure.Sample;
import dev.hasten.measure.Split;
import dev.hasten.measure.Texts;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Npy;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.layers.LayerLab;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What models answer to the examples, and how to score it. */
final class Answers {
  private static final int BATCH = 8;
  private static final int LOOK = 64;

  /** Examples on which the layers are judged one by one, and batches to calibrate them on. */
  private static final int PROBED = 200;

  private static final int CALIBRATING = 8;

  /** The original's answers are kept up to this size. */
  private static final long KEPT_BYTES = 1L << 28;

  private final Data data;
  private final Path original;
  private final @Nullable Path folder;
  private final Metric metric;
  private final OutputKind kind;

  /** Whether the metric asked for takes the numbers for boxes; examples may have more or fewer. */
  private final boolean boxes;

  /** Names of what the pipeline gives, the first being the one that is judged. */
  private List<String> answered = List.of();

  private final Map<Split, Outputs> originals = new EnumMap<>(Split.class);

  /** Of the candidate asked last: what is looked at first is part of what is scored then. */
  private Known last = new Known(Path.of(""), Split.VALIDATE, List.of());

  /** What a model answers to the first examples of a split. */
  private record Known(Path model, Split split, List<float[]> rows) {}

  /**
   * @param folder keeps the original's answers, so that a study that was killed does not pay for
   *     them again; null: nowhere
   * @param named the metric asked for; null: the one that suits the outputs
   * @param from what the examples are
   */
  Answers(
      Data data,
      Path original,
      @Nullable Path folder,
      Workload.@Nullable MetricName named,
      From from) {
    this.data = data;
    this.original = original;
    this.folder = folder;
    Metric asked = named == null ? null : named.load();
    // Boxes look like any other numbers.
    this.boxes = asked != null && asked.kinds().contains(OutputKind.BOXES);
    Outputs look = rows(original, data.first(Split.VALIDATE, LOOK));
    OutputKind guessed =
        look.kind() == OutputKind.TEXT || boxes ? look.kind() : Metrics.guessKind(look.rows());
    this.metric = asked == null ? suited(guessed, look.width(), from) : asked;
    // A metric that was asked for knows better than the guess what the numbers are; that they are
    // texts is no guess.
    boolean sure = guessed == OutputKind.TEXT || metric.kinds().contains(OutputKind.TEXT);
    this.kind =
        boxes && guessed != OutputKind.TEXT
            ? OutputKind.BOXES
            : sure || metric.kinds().contains(guessed) ? guessed : metric.kinds().iterator().next();
  }

  /** What the examples are: real ones, with labels or without, or made up. */
  enum From {
    LABELED,
    UNLABELED,
    MADE_UP
  }

  private static Metric suited(OutputKind kind, int width, From from) {
    return from == From.MADE_UP
        ? Metrics.suggestForMadeUp(kind, width)
        : Metrics.suggest(kind, width, from == From.LABELED);
  }

  Metric metric() {
    return metric;
  }

  /** The original's and a candidate's answers to the first {@code most} examples of a split. */
  Sample sample(Path candidate, Split split, int most) {
    Sample sample = plain(candidate, split, most);
    if (metric.needsFit()) {
      sample = sample.withFit(plain(candidate, Split.CALIBRATE, Integer.MAX_VALUE));
    }
    return sample;
  }

  /**
   * How far a candidate's answers are from the original's.
   *
   * @param most examples compared, the first of the validate split
   * @return the largest difference, as a share of the largest number of the original's answer to
   *     that example; 0 where answers are texts or boxes, in which rounding may turn a letter or
   *     leave one out
   */
  double deviation(Path candidate, int most) {
    if (kind == OutputKind.TEXT || kind == OutputKind.BOXES) {
      return 0;
    }
    List<float[]> ours = originals.computeIfAbsent(Split.VALIDATE, this::originals).rows();
    List<float[]> theirs = answers(candidate, Split.VALIDATE, most);
    double worst = 0;
    for (int i = 0; i < theirs.size(); i++) {
      double largest = 1e-6;
      double difference = 0;
      for (int j = 0; j < ours.get(i).length; j++) {
        largest = Math.max(largest, Math.abs(ours.get(i)[j]));
        difference = Math.max(difference, Math.abs(ours.get(i)[j] - theirs.get(i)[j]));
      }
      worst = Math.max(worst, difference / largest);
    }
    return worst;
  }

  /**
   * A bench for the layers of a version of the original.
   *
   * @param timed calls of the judged row
   */
  LayerLab layerLab(
      Model base,
      List<Step> formats,
      Context context,
      Row judged,
      List<Map<String, NdArray>> timed) {
    List<LabeledExample> examples = data.first(Split.VALIDATE, PROBED);
    List<List<Example>> batches = data.batches(examples, BATCH);
    List<Map<String, NdArray>> encoded = batches.stream().map(data.pipeline()::encode).toList();
    List<Map<String, NdArray>> calibrating = new ArrayList<>();
    for (Map<String, NdArray> batch : data.calibration()) {
      calibrating.add(batch);
      if (calibrating.size() == CALIBRATING) {
        break;
      }
    }
    return new LayerLab(
        base,
        formats,
        context,
        new LayerLab.Inputs(calibrating, encoded, timed.getFirst(), judged),
        new LayerJudge(examples, batches, encoded));
  }

  /** Holds what the model gives with one layer quantized against what the original gave. */
  private final class LayerJudge implements LayerLab.Judge {
    private final List<LabeledExample> examples;
    private final List<List<Example>> batches;
    private final List<Map<String, NdArray>> encoded;

    LayerJudge(
        List<LabeledExample> examples,
        List<List<Example>> batches,
        List<Map<String, NdArray>> encoded) {
      this.examples = examples;
      this.batches = batches;
      this.encoded = encoded;
    }

    private NdArray first(int batch, Map<String, NdArray> outputs) {
      return data.pipeline().decode(encoded.get(batch), outputs).values().iterator().next();
    }

    @Override
    public float[] numbers(int batch, Map<String, NdArray> outputs) {
      NdArray first = first(batch, outputs);
      // Of texts what they were read from: a letter turns late.
      return first.type() == ElementType.STRING
          ? outputs.values().iterator().next().toFloats()
          : first.toFloats();
    }

    @Override
    public double drop(List<Map<String, NdArray>> outputs) {
      if (metric.needsFit()) {
        return 0; // there is nothing to fit on
      }
      List<float[]> rows = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        NdArray first = first(i, outputs.get(i));
        if (first.type() == ElementType.STRING) {
          first.strings().stream().map(Texts::row).forEach(rows::add);
        } else {
          rows.addAll(split(first.toFloats(), batches.get(i).size()));
        }
      }
      Outputs all = originals.computeIfAbsent(Split.VALIDATE, Answers.this::originals);
      int[] head = new int[rows.size()];
      Arrays.setAll(head, i -> i);
      List<@Nullable String> labels = new ArrayList<>();
      examples.subList(0, rows.size()).forEach(e -> labels.add(e.label()));
      Comparison compared =
          Metrics.compare(
              metric, Sample.labeled(all.subset(head), new Outputs(kind, rows), labels));
      return metric.direction().drop(compared.original(), compared.candidate());
    }
  }

  private Sample plain(Path candidate, Split split, int most) {
    List<LabeledExample> examples = data.first(split, most);
    Outputs all = originals.computeIfAbsent(split, this::originals);
    int[] head = new int[examples.size()];
    Arrays.setAll(head, i -> i);
    Outputs theirs = new Outputs(kind, answers(candidate, split, most));
    List<@Nullable String> labels = new ArrayList<>();
    examples.forEach(e -> labels.add(e.label()));
    return Sample.labeled(all.subset(head), theirs, labels);
  }

  /** A candidate's answers to the first {@code most} examples; only those not known are asked. */
  private List<float[]> answers(Path candidate, Split split, int most) {
    List<LabeledExample> examples = data.first(split, most);
    boolean same = last.model().equals(candidate) && last.split() == split;
    List<float[]> known = new ArrayList<>(same ? last.rows() : List.of());
    if (known.size() < examples.size()) {
      List<LabeledExample> others = examples.subList(known.size(), examples.size());
      known.addAll(rows(candidate, others).rows());
      last = new Known(candidate, split, List.copyOf(known));
    }
    return known.subList(0, examples.size());
  }

  private Outputs originals(Split split) {
    List<LabeledExample> examples = data.splits().of(split);
    Path kept =
        folder == null || kind == OutputKind.TEXT || kind == OutputKind.BOXES
            ? null
            : folder.resolve("original-" + split.name().toLowerCase(Locale.ROOT) + ".npy");
    if (kept != null && Files.exists(kept)) {
      NdArray array = Npy.read(kept);
      if (array.rank() == 2 && array.shape()[0] == examples.size()) {
        return new Outputs(kind, split(array.toFloats(), examples.size()));
      }
    }
    Outputs outputs = outputs(original, examples);
    if (kept != null && (long) outputs.size() * outputs.width() * Float.BYTES <= KEPT_BYTES) {
      float[] all = new float[outputs.size() * outputs.width()];
      for (int i = 0; i < outputs.size(); i++) {
        System.arraycopy(outputs.row(i), 0, all, i * outputs.width(), outputs.width());
      }
      Npy.write(kept, NdArray.floats(all, outputs.size(), outputs.width()));
    }
    return outputs;
  }

  private static List<float[]> split(float[] flat, int count) {
    int width = flat.length / count;
    List<float[]> rows = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      rows.add(Arrays.copyOfRange(flat, i * width, (i + 1) * width));
    }
    return rows;
  }

  private Outputs outputs(Path model, List<LabeledExample> examples) {
    return new Outputs(kind, rows(model, examples).rows());
  }

  private void requireRows(NdArray output, int examples) {
    if (data.pipeline().batches() && (output.rank() == 0 || output.shape()[0] != examples)) {
      throw new BadInputException(
          "output %s: shape %s for %d examples (expected: the examples along the first axis)"
              .formatted(answered.getFirst(), Arrays.toString(output.shape()), examples));
    }
  }

  private void requireWidth(int first, int later) {
    if (first != later) {
      throw new BadInputException(
          "output %s: %d numbers for one example and %d for another (expected: as many for each, to compare them; pool them, or let another output come first)"
              .formatted(answered.getFirst(), first, later));
    }
  }

  /** What is not judged, for people; empty if the model has one output. */
  Optional<String> unjudged() {
    return answered.size() < 2
        ? Optional.empty()
        : Optional.of(
            "quality was judged on output %s alone, not on %s"
                .formatted(
                    answered.getFirst(), String.join(", ", answered.subList(1, answered.size()))));
  }

  /** Texts, if the pipeline decodes them, else numbers, of whatever kind. */
  private Outputs rows(Path model, List<LabeledExample> examples) {
    List<float[]> rows = new ArrayList<>();
    boolean texts = false;
    try (Session session = Backend.cpu().open(model, SessionOptions.defaults())) {
      for (List<Example> batch : data.batches(examples, BATCH)) {
        Map<String, NdArray> encoded = data.pipeline().encode(batch);
        Map<String, NdArray> decoded = data.pipeline().decode(encoded, session.run(encoded));
        answered = List.copyOf(decoded.keySet());
        NdArray first = decoded.values().iterator().next();
        texts = first.type() == ElementType.STRING;
        if (texts) {
          first.strings().stream().map(Texts::row).forEach(rows::add);
        } else {
          requireRows(first, batch.size());
          rows.addAll(split(first.toFloats(), batch.size()));
          if (!boxes) {
            requireWidth(rows.getFirst().length, rows.getLast().length);
          }
        }
      }
    }
    OutputKind numbers = boxes ? OutputKind.BOXES : OutputKind.VALUES;
    return new Outputs(texts ? OutputKind.TEXT : numbers, rows);
  }
}
