package dev.hasten.bench;

import static java.util.Objects.requireNonNull;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.rewrite.Rewriter;
import dev.hasten.graph.rewrite.Rules;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.Row;
import dev.hasten.measure.RowSpeed;
import dev.hasten.measure.SpeedOptions;
import dev.hasten.measure.SpeedTest;
import dev.hasten.measure.Subject;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.runtime.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Hasten's rules beside onnxsim and onnxslim, on the models and peers' results of {@code
 * bench/peers}: nodes, largest difference from the original, and speed, all files of a model
 * interleaved in this process with the runtime's default optimizations. Two sessions of the same
 * file differ by a few percent, by where their weights come to lie: the last column shows how far.
 *
 * <p>{@code bench/run.sh Simplifiers FOLDER [SECONDS_PER_MODEL]}. Prints a Markdown table; exits
 * with 1 if an output of ours is off by more than 1e-3 of the output's largest number.
 */
public final class Simplifiers {
  private static final List<String> PEERS = List.of("onnxsim", "onnxslim");
  private static final String OURS = "Hasten";

  /** A second session of the original: how far two sessions of one file are apart by luck. */
  private static final String AGAIN = "original again";

  private static final int LENGTH = 64;
  private static final double MAX_DIFFERENCE = 1e-3;

  private Simplifiers() {}

  /** Measures every model of the folder. */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Duration budget = Duration.ofSeconds(args.length > 1 ? Integer.parseInt(args[1]) : 4);
    System.out.println(Hardware.detect());
    System.out.println(
        "| model | nodes | onnxsim | onnxslim | Hasten | largest difference |"
            + " speed-up onnxsim | onnxslim | Hasten | original again |");
    System.out.println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    boolean wrong = false;
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(path -> path.toString().endsWith(".onnx")).sorted().toList();
    }
    for (Path file : files) {
      double difference = measure(folder, file, budget);
      wrong |= difference > MAX_DIFFERENCE;
    }
    if (wrong) {
      System.exit(1);
    }
  }

  private static double measure(Path folder, Path file, Duration budget) {
    Model original = Model.read(file);
    Map<String, Model> rivals = new LinkedHashMap<>();
    for (String peer : PEERS) {
      Path result = folder.resolve(peer).resolve(requireNonNull(file.getFileName()));
      if (Files.exists(result)) {
        rivals.put(peer, Model.read(result));
      }
    }
    rivals.put(OURS, Rewriter.run(original, Rules.simplify()).model());
    Map<String, Session> sessions = new LinkedHashMap<>();
    try (Session baseline = open(original)) {
      for (Map.Entry<String, Model> rival : List.copyOf(rivals.entrySet())) {
        try {
          sessions.put(rival.getKey(), open(rival.getValue()));
        } catch (RuntimeException e) {
          System.err.println(
              file.getFileName() + ": the runtime refuses " + rival.getKey() + "'s result: " + e);
          rivals.remove(rival.getKey());
        }
      }
      sessions.put(AGAIN, open(original));
      Map<String, NdArray> inputs = inputs(baseline);
      double difference = difference(baseline, requireNonNull(sessions.get(OURS)), inputs);
      List<Subject> candidates = new ArrayList<>();
      sessions.forEach(
          (name, session) -> candidates.add(Subject.of(name, () -> session.run(inputs))));
      RowSpeed speed =
          SpeedTest.run(
                  Subject.of("original", () -> baseline.run(inputs)),
                  candidates,
                  List.of(new Row(1, LENGTH, 1)),
                  SpeedOptions.defaults().withBudgetPerRow(budget))
              .getFirst();
      print(file, original, rivals, difference, speed);
      return difference;
    } finally {
      sessions.values().forEach(Session::close);
    }
  }

  private static void print(
      Path file, Model original, Map<String, Model> rivals, double difference, RowSpeed speed) {
    StringBuilder row =
        new StringBuilder("| " + file.getFileName() + " | " + nodes(original.graph()));
    List<String> names = new ArrayList<>(PEERS);
    names.add(OURS);
    for (String name : names) {
      Model model = rivals.get(name);
      row.append(" | ").append(model == null ? "fails" : Integer.toString(nodes(model.graph())));
    }
    row.append(String.format(Locale.ROOT, " | %.1g", difference));
    for (String name : names) {
      row.append(" | ").append(rivals.containsKey(name) ? shown(speed, name) : "");
    }
    row.append(" | ").append(shown(speed, AGAIN));
    System.out.println(row + " |");
  }

  /** Times the original's speed, with its interval; "≈" where noise hides the difference. */
  private static String shown(RowSpeed speed, String name) {
    Interval ratio = speed.subject(name).speedup();
    return String.format(
        Locale.ROOT,
        "%s%.3f [%.3f, %.3f]",
        speed.subject(name).drowned() ? "≈ " : "",
        ratio.estimate(),
        ratio.low(),
        ratio.high());
  }

  /** Constants are not counted: some tools leave them as nodes, some as initializers. */
  private static int nodes(Graph graph) {
    return (int) graph.allNodes().stream().filter(node -> !node.is("Constant")).count();
  }

  private static Session open(Model model) {
    return Backend.cpu()
        .open(model.toBytes(), model.source(), SessionOptions.defaults().withIntraOpThreads(1));
  }

  /** One seeded example; integers are token numbers, or anything else below 900. */
  private static Map<String, NdArray> inputs(Session session) {
    Random random = new Random(7);
    Map<String, NdArray> out = new LinkedHashMap<>();
    for (TensorInfo input : session.inputs()) {
      long[] shape = new long[input.rank()];
      int size = 1;
      for (int i = 0; i < shape.length; i++) {
        shape[i] = input.shape().get(i) >= 0 ? input.shape().get(i) : i == 0 ? 1 : LENGTH;
        size = Math.toIntExact(size * shape[i]);
      }
      if (input.type() == ElementType.INT64) {
        out.put(input.name(), NdArray.longs(random.longs(size, 0, 900).toArray(), shape));
      } else {
        float[] numbers = new float[size];
        for (int i = 0; i < size; i++) {
          numbers[i] = (float) random.nextGaussian();
        }
        out.put(input.name(), NdArray.floats(numbers, shape));
      }
    }
    return out;
  }

  /** Relative to the largest number of each output. */
  private static double difference(Session a, Session b, Map<String, NdArray> inputs) {
    Map<String, NdArray> left = a.run(inputs);
    Map<String, NdArray> right = b.run(inputs);
    double most = 0;
    for (String name : left.keySet()) {
      double[] want = requireNonNull(left.get(name)).toDoubles();
      double[] got = requireNonNull(right.get(name)).toDoubles();
      double scale = 1e-30;
      double apart = want.length == got.length ? 0 : Double.POSITIVE_INFINITY;
      for (int i = 0; i < Math.min(want.length, got.length); i++) {
        scale = Math.max(scale, Math.abs(want[i]));
        apart = Math.max(apart, Math.abs(want[i] - got[i]));
      }
      most = Math.max(most, apart / scale);
    }
    return most;
  }
}
