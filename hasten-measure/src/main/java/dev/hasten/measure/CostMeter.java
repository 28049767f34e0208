package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatchCost;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Prepared;
import dev.hasten.runtime.Session;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Measures what a run costs over its batch and the length of its examples: the time and the memory
 * of which {@link BatchCost} consists. Lengths are those of the examples given; batches double from
 * 1 to the most. A measured run is one of a {@link dev.hasten.runtime.Batcher}: putting the batch
 * together, the model, taking its outputs apart.
 */
public final class CostMeter {
  /** Lengths that are measured, by their place among the examples' lengths. */
  private static final double[] QUANTILES = {0.02, 0.25, 0.5, 0.75, 0.95, 1};

  /** No single run takes more of the budget than one in so many. */
  private static final int LONGEST = 50;

  private static final int MOST_ROUNDS = 500;
  private static final long SEED = 5;

  private final InputPipeline pipeline;
  private final int maxBatch;
  private final TreeMap<Integer, List<Prepared>> byLength = new TreeMap<>();
  private final List<Integer> lengths;

  /**
   * @param examples natural ones: their lengths are what is measured
   * @param maxBatch most examples in one run
   */
  public CostMeter(InputPipeline pipeline, List<? extends Example> examples, int maxBatch) {
    if (examples.isEmpty()) {
      throw new BadInputException("no examples (expected: at least one, to measure with)");
    }
    this.pipeline = pipeline;
    this.maxBatch = Math.min(maxBatch, pipeline.mostAtOnce());
    for (Example example : examples) {
      Prepared prepared = pipeline.prepare(example);
      List<Prepared> alike = byLength.computeIfAbsent(prepared.length(), n -> new ArrayList<>());
      if (alike.isEmpty() || alike.getFirst().group().equals(prepared.group())) {
        alike.add(prepared);
      }
    }
    this.lengths = examples.stream().map(pipeline::length).sorted().toList();
  }

  /**
   * Memory of the loaded model, and of a run beside it.
   *
   * @param model bytes, once answered
   * @param perExample bytes an example
   * @param perElement bytes an example and unit of length
   */
  public record Memory(double model, double perExample, double perElement) {}

  /** Both as the batcher takes them. */
  public static BatchCost cost(CostModel time, Memory memory) {
    return new BatchCost(
        time.fixed(),
        time.perExample(),
        time.perElement(),
        time.perPair(),
        memory.perExample(),
        memory.perElement());
  }

  private record Run(int batch, int length, List<Prepared> examples, List<Double> seconds) {}

  /**
   * Medians of runs in random order, each batch and length once a round. Batches that would take
   * more than their part of the time are left out.
   *
   * @param budget after which no further round begins; there is one at least
   */
  public CostModel time(Session session, Duration budget) {
    long end = System.nanoTime() + budget.toNanos();
    List<Run> runs = new ArrayList<>();
    for (int length : measured()) {
      double took = 0;
      for (int batch : batches()) {
        if (took * 2 > budget.toNanos() / 1e9 / LONGEST) {
          break;
        }
        Run run = new Run(batch, length, batch(batch, length), new ArrayList<>());
        took = seconds(session, run.examples());
        if (took * LONGEST > budget.toNanos() / 1e9) {
          // Warm enough: it may be the only time there is for it.
          run.seconds().add(took);
        }
        runs.add(run);
      }
    }
    SplittableRandom random = new SplittableRandom(SEED);
    for (int round = 0; round < MOST_ROUNDS; round++) {
      boolean over = System.nanoTime() >= end;
      for (Run run : shuffled(runs, random)) {
        if (!over || run.seconds().isEmpty()) {
          run.seconds().add(seconds(session, run.examples()));
        }
      }
      if (over) {
        break;
      }
    }
    List<CostModel.Point> points = new ArrayList<>();
    runs.forEach(
        run -> points.add(new CostModel.Point(run.batch(), run.length(), median(run.seconds()))));
    while (points.size() < CostModel.LEAST) {
      // Of one batch and length there is nothing to tell apart: all of it is the call's.
      points.add(points.getLast());
    }
    return CostModel.fit(points);
  }

  private double seconds(Session session, List<Prepared> examples) {
    long start = System.nanoTime();
    Map<String, NdArray> encoded = pipeline.assemble(examples);
    pipeline.decode(encoded, session.run(encoded));
    return Math.max(1, System.nanoTime() - start) / 1e9;
  }

  /**
   * Measured in child processes, one each for a single short example, a full batch of them and one
   * of the longest; linear in between.
   *
   * @return zeros where the system does not tell a process's memory
   */
  public Memory memory(Path model, int threads) {
    int shortest = lengths.getFirst();
    int longest = lengths.getLast();
    ProcessCost one = measured(model, 1, shortest, threads);
    double alone = one.runBytes();
    double many = measured(model, maxBatch, shortest, threads).runBytes();
    double most =
        longest == shortest ? many : measured(model, maxBatch, longest, threads).runBytes();
    // (1) alone = m + x·1·short, (2) many = m + x·batch·short, (3) most = m + x·batch·long
    double perElement =
        longest == shortest ? 0 : Math.max(0, (most - many) / maxBatch / (longest - shortest));
    double perExample =
        maxBatch == 1 ? 0 : Math.max(0, (many - alone) / (maxBatch - 1) - perElement * shortest);
    return new Memory(one.modelBytes(), perExample, perElement);
  }

  private ProcessCost measured(Path model, int batch, int length, int threads) {
    Map<String, NdArray> encoded = pipeline.assemble(batch(batch, length));
    return ProcessCost.measure(model, List.of(encoded), threads);
  }

  /** Most examples in one run: as asked, or as few as the model takes. */
  public int maxBatch() {
    return maxBatch;
  }

  /** Length of the longest example. */
  public int longest() {
    return lengths.getLast();
  }

  /** Length of the one in the middle. */
  public int median() {
    return lengths.get(lengths.size() / 2);
  }

  /** On average. */
  public double mean() {
    return lengths.stream().mapToInt(n -> n).average().orElse(0);
  }

  private List<Integer> batches() {
    List<Integer> batches = new ArrayList<>();
    for (int batch = 1; batch < maxBatch; batch *= 2) {
      batches.add(batch);
    }
    batches.add(maxBatch);
    return batches;
  }

  private List<Integer> measured() {
    return Arrays.stream(QUANTILES)
        .mapToObj(q -> lengths.get((int) Math.round(q * (lengths.size() - 1))))
        .distinct()
        .toList();
  }

  /** Of that length exactly, so that nothing is padded; repeated where there are too few. */
  private List<Prepared> batch(int size, int length) {
    List<Prepared> alike = byLength.get(length);
    if (alike == null) {
      throw new IllegalStateException("no example of length " + length);
    }
    List<Prepared> batch = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      batch.add(alike.get(i % alike.size()));
    }
    return batch;
  }

  private static List<Run> shuffled(List<Run> runs, SplittableRandom random) {
    return runs.stream()
        .map(run -> Map.entry(random.nextLong(), run))
        .sorted(Comparator.comparingLong(Map.Entry::getKey))
        .map(Map.Entry::getValue)
        .toList();
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
