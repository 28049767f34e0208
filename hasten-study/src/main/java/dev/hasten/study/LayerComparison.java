package dev.hasten.study;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.measure.InnerValues;
import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Split;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One comparison of two models, layer by layer. */
final class LayerComparison {
  /** Values of each model shown in one pass over the examples. */
  private static final int CHUNK = 24;

  private static final int BATCH = 8;
  private static final int WORST = 8;

  private final Workload workload;
  private final Path fileA;
  private final Path fileB;
  private final int most;
  private final Progress progress;
  private final Model a;
  private final Model b;
  private final LayerMatch match;
  private final Map<String, SignalNoise> seen = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();

  LayerComparison(Workload workload, Path fileA, Path fileB, int most, Progress progress) {
    this.workload = workload;
    this.fileA = fileA;
    this.fileB = fileB;
    this.most = most;
    this.progress = progress;
    this.a = Model.read(fileA);
    this.b = Model.read(fileB);
    this.match = new LayerMatch(a.graph(), b.graph());
  }

  LayerErrors run() {
    List<String> names = floats();
    if (names.isEmpty()) {
      throw new BadInputException(
          "%s and %s have no computed value in common (expected: one made from the other, by a recipe)"
              .formatted(fileA, fileB));
    }
    try (Session session = Backend.cpu().open(fileA, SessionOptions.defaults());
        Data data = new Data(workload, session.inputs())) {
      List<LabeledExample> examples = data.first(Split.VALIDATE, most);
      // Of like length, so that padding is no signal.
      record Placed(int place, Example example, int length) {}
      List<Placed> placed = new ArrayList<>();
      for (int i = 0; i < examples.size(); i++) {
        Example example = examples.get(i).example();
        placed.add(new Placed(i, example, data.pipeline().length(example)));
      }
      placed.sort(Comparator.comparingInt(Placed::length));
      List<List<Example>> batches =
          Data.batches(data.pipeline(), placed.stream().map(Placed::example).toList(), BATCH);
      for (int from = 0; from < names.size(); from += CHUNK) {
        List<String> chunk = names.subList(from, Math.min(names.size(), from + CHUNK));
        progress.at(
            "layers %d to %d of %d".formatted(from + 1, from + chunk.size(), names.size()),
            0.9 * from / names.size(),
            Duration.ZERO);
        observe(data, batches, chunk);
      }
      progress.at("worst examples", 0.9, Duration.ZERO);
      List<LayerErrors.Worst> worst =
          worst(data, session, batches, placed.stream().map(Placed::place).toList());
      List<LayerErrors.Layer> layers = layers(names);
      progress.at("done", 1, Duration.ZERO);
      return new LayerErrors(
          StudyRun.name(fileA),
          StudyRun.name(fileB),
          examples.size(),
          layers,
          worst,
          LayerAdvice.of(layers, a.graph()),
          notes());
    }
  }

  /** Matched values that are numbers in both models, as far as can be told beforehand. */
  private List<String> floats() {
    Shapes ofA = ShapeInference.infer(a);
    Shapes ofB = ShapeInference.infer(b);
    List<String> names = new ArrayList<>();
    match
        .values()
        .forEach((name, other) -> {
          DataType left = ofA.type(a.graph().value(name));
          DataType right = ofB.type(other);
          if ((left == null || left == DataType.FLOAT)
              && (right == null || right == DataType.FLOAT)) {
            names.add(name);
          }
        });
    return names;
  }

  private void observe(Data data, List<List<Example>> batches, List<String> chunk) {
    Map<String, String> others = new HashMap<>();
    chunk.forEach(
        name -> others.put(name, Objects.requireNonNull(match.values().get(name)).name()));
    Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
    try (InnerValues left = InnerValues.open(a, chunk, scratch);
        InnerValues right =
            InnerValues.open(b, others.values().stream().distinct().toList(), scratch)) {
      for (List<Example> batch : batches) {
        Map<String, NdArray> encoded = data.pipeline().encode(batch);
        Map<String, NdArray> before = left.run(encoded);
        Map<String, NdArray> after = right.run(encoded);
        for (String name : chunk) {
          NdArray reference = before.get(name);
          NdArray value = after.get(Objects.requireNonNull(others.get(name)));
          if (reference != null && value != null) {
            seen.computeIfAbsent(name, n -> new SignalNoise()).add(reference, value);
          }
        }
      }
    }
  }

  private List<LayerErrors.Layer> layers(List<String> names) {
    Graph graph = a.graph();
    List<LayerErrors.Layer> layers = new ArrayList<>();
    for (String name : names) {
      SignalNoise own = seen.get(name);
      if (own == null || !own.comparable()) {
        continue;
      }
      Node node = Objects.requireNonNull(graph.value(name).producer());
      double worst = 0;
      double crest = 0;
      for (String input : match.inputs(name)) {
        SignalNoise above = seen.get(input);
        if (above != null && above.comparable()) {
          worst = Math.max(worst, above.ratio());
          crest = Math.max(crest, above.crest());
        }
      }
      layers.add(
          new LayerErrors.Layer(
              name,
              Objects.requireNonNull(match.values().get(name)).name(),
              node.name(),
              node.opType(),
              match.fewBits(name),
              own.decibels(),
              SignalNoise.decibels(worst),
              own.ratio() - worst,
              crest));
    }
    return layers;
  }

  private List<LayerErrors.Worst> worst(
      Data data, Session ofA, List<List<Example>> batches, List<Integer> places) {
    List<LayerErrors.Worst> all = new ArrayList<>();
    try (Session ofB = Backend.cpu().open(fileB, SessionOptions.defaults())) {
      int at = 0;
      for (List<Example> batch : batches) {
        Map<String, NdArray> encoded = data.pipeline().encode(batch);
        NdArray before = first(data.pipeline().decode(encoded, ofA.run(encoded)));
        NdArray after = first(data.pipeline().decode(encoded, ofB.run(encoded)));
        boolean rows =
            before.type() == ElementType.FLOAT
                && after.type() == ElementType.FLOAT
                && before.size() == after.size()
                && before.size() % batch.size() == 0;
        if (!rows) {
          notes.add("answers are not numbers of equal shapes: no worst examples are told");
          return List.of();
        }
        float[] left = before.toFloats();
        float[] right = after.toFloats();
        int width = left.length / batch.size();
        for (int i = 0; i < batch.size(); i++) {
          all.add(worst(left, right, i * width, width, places.get(at++), batch.get(i)));
        }
      }
    }
    return all.stream()
        .sorted(Comparator.comparingDouble(LayerErrors.Worst::decibels))
        .limit(WORST)
        .toList();
  }

  private static NdArray first(Map<String, NdArray> answers) {
    return answers.values().iterator().next();
  }

  private static LayerErrors.Worst worst(
      float[] left, float[] right, int from, int width, int place, Example example) {
    double signal = 0;
    double noise = 0;
    double dot = 0;
    double other = 0;
    for (int i = from; i < from + width; i++) {
      double difference = (double) left[i] - right[i];
      signal += (double) left[i] * left[i];
      other += (double) right[i] * right[i];
      dot += (double) left[i] * right[i];
      noise += difference * difference;
    }
    double norms = Math.sqrt(signal) * Math.sqrt(other);
    return new LayerErrors.Worst(
        place,
        told(example),
        SignalNoise.decibels(signal == 0 ? (noise == 0 ? 0 : 1) : noise / signal),
        norms == 0 ? (noise == 0 ? 1 : 0) : dot / norms);
  }

  /** The beginning of an example, for people. */
  private static String told(Example example) {
    return switch (example) {
      case Example.Text(String text) -> text.length() > 120 ? text.substring(0, 117) + "..." : text;
      case Example.Tensors(Map<String, NdArray> tensors) -> tensors.toString();
      case Example.Row row -> row.where();
      case Example.Image image -> String.valueOf(image.source());
      case Example.Audio audio -> String.valueOf(audio.source());
    };
  }

  private List<String> notes() {
    long odd = seen.values().stream().filter(s -> !s.comparable()).count();
    if (odd > 0) {
      notes.add(odd + " values differ in type or shape, or are always 0: they are not compared");
    }
    if (!match.unmatched().isEmpty()) {
      notes.add(
          "%d values of %s have no counterpart in %s, such as %s: fused, merged or folded"
              .formatted(
                  match.unmatched().size(),
                  StudyRun.name(fileA),
                  StudyRun.name(fileB),
                  String.join(", ", match.unmatched().stream().limit(3).toList())));
    }
    return List.copyOf(notes);
  }
}
