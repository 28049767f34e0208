package dev.hasten.runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Prints what the {@link Scheduler} gets done under simulated time, with the measured cost of a
 * small sentence encoder and lengths like WordNet's glosses, and with a cost that has no length;
 * for {@code docs/results/serving-load.md}.
 *
 * <pre>
 * java -cp hasten-runtime/target/classes:hasten-runtime/target/test-classes \
 *     dev.hasten.runtime.SchedulerFigures
 * </pre>
 */
final class SchedulerFigures {
  /** MiniLM-L6 in int8, one thread, on an AMD EPYC with VNNI ({@code bench/run.sh BatcherLoad}). */
  private static final BatchCost MINILM = BatchCost.ofTime(1.18e-3, 0, 7.56e-5, 1.45e-7);

  private static final BatchCost DENSE = BatchCost.ofTime(1e-3, 1e-4, 0, 0);
  private static final int REQUESTS = 10_000;
  private static final double[] LOADS = {0.5, 0.65, 0.8, 0.95, 3};

  private SchedulerFigures() {}

  public static void main(String[] args) {
    Random random = new Random(11);
    int[] lengths = new int[REQUESTS];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = (int) Math.min(120, Math.round(4 + 9 * Math.exp(0.6 * random.nextGaussian())));
    }
    System.out.print("| model, goal |");
    for (double load : LOADS) {
      System.out.printf(Locale.ROOT, " %.0f %% |", 100 * load);
    }
    System.out.printf(" best static, at |%n|---|---|---|---|---|---|---|%n");
    for (int times : new int[] {10, 20, 50}) {
      row("MiniLM, " + times + " × single", MINILM, lengths, times);
    }
    row("lengths alike, 10 × single", DENSE, lengths, 10);
  }

  private static void row(String name, BatchCost cost, int[] lengths, int times) {
    double each = 0;
    for (int length : lengths) {
      each += cost.seconds(32, length) / 32 / lengths.length;
    }
    long goal = Math.round(times * cost.seconds(1, 13) * 1e9);
    System.out.printf("| %s |", name);
    double best = 0;
    String which = "";
    for (double load : LOADS) {
      double rate = load / each;
      System.out.printf(
          Locale.ROOT,
          " %.2f |",
          goodput(new BatchPolicy.Adaptive(), cost, lengths, rate, goal) * each);
      for (int size : new int[] {1, 2, 4, 8, 16, 32}) {
        for (int delay : new int[] {0, 2, 5, 10}) {
          BatchPolicy fixed = new BatchPolicy.Fixed(size, Duration.ofMillis(delay));
          double share = goodput(fixed, cost, lengths, rate, goal) * each;
          if (share > best) {
            best = share;
            which = String.format(Locale.ROOT, "%d within %d ms, %.0f %%", size, delay, 100 * load);
          }
        }
      }
    }
    System.out.printf(Locale.ROOT, " %.2f (%s) |%n", best, which);
  }

  /** Answers in time a second. */
  private static double goodput(
      BatchPolicy policy, BatchCost cost, int[] lengths, double rate, long goal) {
    Random random = new Random(5);
    List<SchedulerSimulation.Arrival> arrivals = new ArrayList<>();
    double at = 0;
    for (int length : lengths) {
      at += -Math.log(1 - random.nextDouble()) / rate;
      arrivals.add(
          new SchedulerSimulation.Arrival(
              Math.round(at * 1e9), Priority.INTERACTIVE, "", "", 1, length, 0, goal, -1));
    }
    Tuning tuning =
        Tuning.defaults()
            .withMaxBatch(32)
            .withBatching(Batching.defaults().withPolicy(policy).withCost(cost));
    SchedulerSettings settings =
        SchedulerSettings.of(tuning, Integer.MAX_VALUE, BatcherOptions.defaults());
    SchedulerSimulation done = new SchedulerSimulation(settings, cost, arrivals).run();
    long end = done.runs.stream().mapToLong(SchedulerSimulation.Ran::to).max().orElse(0);
    double time = Math.max(arrivals.getLast().at(), end) / 1e9;
    return done.count(SchedulerSimulation.End.ANSWERED) / time;
  }
}
