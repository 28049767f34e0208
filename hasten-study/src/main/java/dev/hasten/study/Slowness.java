package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.Row;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.Cores;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Why a model made from another, by quantization mostly, is slow, or not as fast as it could be:
 * found in what the runtime really executes of both.
 *
 * @param a file name of the reference
 * @param b file name of the other
 * @param row profiled
 * @param timeA the reference's operators in one run
 * @param timeB the other's
 * @param causes dearest first
 */
public record Slowness(
    String a, String b, Row row, Duration timeA, Duration timeB, List<Cause> causes) {
  /** Runs that it takes to find out, of both models and on few threads and more. */
  static final int RUNS = 4 * Pair.TURNS * Profiler.RUNS;

  public Slowness {
    causes = List.copyOf(causes);
  }

  /** What makes it slow. */
  public enum Kind {
    /** A constant weight is made floating point anew in each run. */
    WEIGHT_DEQUANTIZED,
    /** Values change between bytes and numbers without an integer operator in between. */
    EXTRA_PAIR,
    /** An integer product runs with its conversion as operators of their own. */
    UNFUSED,
    /** The integer form of a layer takes as long as floating point, or longer. */
    TOO_SMALL,
    /** More threads help it less than they help the reference. */
    THREADS
  }

  /**
   * One cause.
   *
   * @param kind what it is
   * @param node as executed
   * @param layer the reference's node, by the name that a recipe may exclude; empty if none is at
   *     fault
   * @param cost what it takes of a run, or for {@link Kind#TOO_SMALL} loses
   * @param what one sentence with the figures
   * @param remedy one sentence
   */
  public record Cause(
      Kind kind, String node, String layer, Duration cost, String what, String remedy) {}

  /** Layers that are better left in floating point, for a recipe's {@code exclude}. */
  public List<String> exclude() {
    return exclude(causes);
  }

  static List<String> exclude(List<Cause> causes) {
    return causes.stream()
        .filter(c -> c.kind() != Kind.THREADS && c.kind() != Kind.EXTRA_PAIR)
        .map(Cause::layer)
        .filter(layer -> !layer.isEmpty())
        .distinct()
        .toList();
  }

  /**
   * Profiles both models on the workload's first row; a few seconds.
   *
   * @throws dev.hasten.runtime.BadInputException if one of the models does not take the workload's
   *     inputs
   */
  public static Slowness of(Workload workload, Path reference, Path other) {
    try (Session session = Backend.cpu().open(reference, SessionOptions.defaults());
        Data data = new Data(workload, session.inputs())) {
      Row row = workload.rows().getFirst();
      return of(reference, other, row, data.inputs(row));
    }
  }

  static Slowness of(Path reference, Path other, Row row, List<Map<String, NdArray>> inputs) {
    Pair own = Pair.of(reference, other, row, inputs);
    SlowFinder finder = new SlowFinder(Model.read(reference), Model.read(other), own.a(), own.b());
    finder.layers();
    int cores = Cores.available();
    if (cores > 1) {
      int threads = row.threads() > 1 ? 1 : Math.min(cores, 4);
      Pair scaled = Pair.of(reference, other, new Row(row.batch(), row.length(), threads), inputs);
      Pair many = threads > 1 ? scaled : own;
      Pair one = threads > 1 ? own : scaled;
      finder.threads(Math.max(threads, row.threads()), many.a(), many.b(), one.a(), one.b());
    }
    return new Slowness(
        StudyRun.name(reference),
        StudyRun.name(other),
        row,
        SlowFinder.sum(own.a()),
        SlowFinder.sum(own.b()),
        finder.causes());
  }

  /** Both profiled in turn, several times: of each node the time that was disturbed least. */
  private record Pair(OperatorProfile a, OperatorProfile b) {
    private static final int TURNS = 3;

    static Pair of(Path reference, Path other, Row row, List<Map<String, NdArray>> inputs) {
      List<OperatorProfile> a = new ArrayList<>();
      List<OperatorProfile> b = new ArrayList<>();
      for (int i = 0; i < TURNS; i++) {
        a.add(Profiler.operators(reference, row, inputs));
        b.add(Profiler.operators(other, row, inputs));
      }
      return new Pair(SlowFinder.least(a), SlowFinder.least(b));
    }
  }
}
