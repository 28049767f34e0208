package dev.hasten.study.tune;

import dev.hasten.measure.CostMeter;
import dev.hasten.measure.CostModel;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatchCost;
import dev.hasten.runtime.BatchPolicy;
import dev.hasten.runtime.Batching;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.Cores;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.Tuning;
import dev.hasten.study.Progress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the settings with which a bundle answers most requests a second on this machine, 99 of 100
 * within the goal: instances × threads × largest batch × how batches are formed.
 *
 * <p>First the time and the memory of a run are measured over its batch and the length of its
 * examples; they bound the batch. Then settings are loaded as the world would ({@link
 * dev.hasten.measure.LoadTest}), in rounds: those that did best go on to the next, with more and
 * longer loads (successive halving). Last, the best is loaded from a quarter to twice of what it
 * can do, for the picture.
 */
public final class Tuner {
  private static final int MOST_BATCH = 64;

  /** A batch twice as large must save this share of an example's time. */
  private static final double WORTH = 0.03;

  /** Two settings closer than this are alike: then the simpler is taken. */
  private static final double ALIKE = 0.03;

  private static final int FIRST_STEPS = 3;
  private static final int LAST_STEPS = 4;
  private static final double[] CURVE = {0.25, 0.5, 0.7, 0.85, 0.95, 1.05, 1.25, 1.6, 2};
  private static final Duration SHORTEST = Duration.ofMillis(100);

  /** Shares of the budget: the cost of runs, then the loads. */
  private static final double MEASURING = 0.2;

  private final Asked asked;
  private final Progress progress;
  private final List<String> notes = new ArrayList<>();
  private final long start = System.nanoTime();
  private int done;
  private int all = 1;

  private Tuner(Asked asked, Progress progress) {
    this.asked = asked;
    this.progress = progress;
  }

  /**
   * What to tune for.
   *
   * @param examples natural ones, so that their lengths are those of the requests to come
   * @param goal within which 99 of 100 requests are to be answered; absent: ten times a single call
   * @param memoryBytes limit on the model and its runs together; 0: none
   * @param cores that may be used
   * @param budget how long it may take, about
   */
  public record Asked(
      Path bundle,
      List<Example> examples,
      Optional<Duration> goal,
      long memoryBytes,
      int cores,
      Duration budget) {
    public Asked {
      examples = List.copyOf(examples);
      if (examples.isEmpty()) {
        throw new BadInputException("no examples (expected: at least one, to load with)");
      }
      if (cores < 1 || cores > Cores.available()) {
        throw new BadInputException(
            "cores: %d (expected: 1 to %d, what this process is given)"
                .formatted(cores, Cores.available()));
      }
    }
  }

  /** Measured of the model with some threads. */
  private record Measured(CostModel time, BatchCost cost, CostMeter.Memory memory) {}

  /**
   * Measures; writes nothing.
   *
   * @throws BadInputException if the bundle is damaged, or does not take the examples
   */
  public static TuneResult tune(Asked asked, Progress progress) {
    return new Tuner(asked, progress).tune();
  }

  private TuneResult tune() {
    try (Bundle bundle = Bundle.open(asked.bundle())) {
      return tune(bundle);
    }
  }

  private TuneResult tune(Bundle bundle) {
    Map<Integer, Measured> measured = new LinkedHashMap<>();
    progress.phase("Cost of a run, by batch and length", 1, 3);
    CostMeter meter = measure(bundle, measured);
    Measured first = measured.values().iterator().next();
    Duration goal =
        asked
            .goal()
            .orElseGet(() -> nanos(10 * first.cost().seconds(1, Math.max(1, meter.median()))));
    progress.phase("Settings under load", 2, 3);
    List<LoadSearch> found = search(bundle, measured, meter, goal);
    List<LoadPoint> curve = List.of();
    Optional<Tuning> tuning = Optional.empty();
    if (!found.isEmpty() && found.getFirst().capacity() > 0) {
      progress.phase("The chosen setting at rising load", 3, 3);
      LoadSearch best = found.getFirst();
      List<Double> rates = new ArrayList<>();
      for (double share : CURVE) {
        rates.add(share * best.capacity());
      }
      curve = best.curve(rates, window());
      Batching batching = best.tuning().batching().orElseThrow();
      tuning = Optional.of(best.tuning().withBatching(batching.withDeadline(goal)));
    }
    @Nullable CostModel time =
        tuning
            .flatMap(t -> Optional.ofNullable(measured.get(t.intraOpThreads())))
            .map(Measured::time)
            .orElse(null);
    return new TuneResult(
        bundle.manifest().name(),
        Hardware.detect(),
        asked.cores(),
        goal,
        asked.memoryBytes(),
        Math.round(first.memory().model()),
        time,
        found.stream().map(LoadSearch::tried).toList(),
        curve,
        tuning,
        notes);
  }

  private static Duration nanos(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }

  /** Powers of two, and all cores. */
  private List<Integer> threads() {
    List<Integer> threads = new ArrayList<>();
    for (int count = 1; count < asked.cores(); count *= 2) {
      threads.add(count);
    }
    threads.add(asked.cores());
    return threads;
  }

  private CostMeter measure(Bundle bundle, Map<Integer, Measured> measured) {
    Tuning own = bundle.manifest().tuning();
    Duration each = nanos(MEASURING * asked.budget().toNanos() / 1e9 / threads().size());
    CostMeter.@Nullable Memory memory = null;
    CostMeter meter = null;
    for (int threads : threads()) {
      progress.at("runs with %d threads".formatted(threads), 0, asked.budget());
      Tuning tuning = own.withIntraOpThreads(threads);
      try (Session session = Backend.cpu().open(bundle.model(), tuning.sessionOptions());
          InputPipeline pipeline =
              InputPipeline.open(bundle.pipeline(), bundle.folder(), session.inputs())) {
        meter = new CostMeter(pipeline, asked.examples(), MOST_BATCH);
        CostModel time = meter.time(session, each);
        if (memory == null) {
          memory =
              asked.memoryBytes() == 0
                  ? new CostMeter.Memory(0, 0, 0)
                  : meter.memory(bundle.model(), threads);
        }
        measured.put(threads, new Measured(time, CostMeter.cost(time, memory), memory));
        notes.add("%d %s: %s".formatted(threads, threads == 1 ? "thread" : "threads", time.text()));
      }
    }
    if (meter == null) {
      throw new IllegalStateException("no threads");
    }
    return meter;
  }

  /** All that were tried, the best first. */
  private List<LoadSearch> search(
      Bundle bundle, Map<Integer, Measured> measured, CostMeter meter, Duration goal) {
    List<LoadSearch> adaptive = new ArrayList<>();
    measured.forEach((threads, its) ->
        setting(bundle, threads, its, meter, goal, new BatchPolicy.Adaptive())
            .ifPresent(adaptive::add));
    all = FIRST_STEPS * (adaptive.size() + 5) + 2 * LAST_STEPS + CURVE.length;
    List<LoadSearch> tried = new ArrayList<>(adaptive);
    round(adaptive, FIRST_STEPS, 1);
    List<LoadSearch> second = new ArrayList<>(best(adaptive, 2));
    if (second.isEmpty()) {
      return List.of();
    }
    Setting leader = second.getFirst().setting();
    Measured its = measured.getOrDefault(leader.threads(), measured.values().iterator().next());
    List<BatchPolicy> others = new ArrayList<>();
    others.add(new BatchPolicy.Fixed(1, Duration.ZERO));
    if (leader.maxBatch() > 1) {
      others.add(new BatchPolicy.Fixed(Math.min(8, leader.maxBatch()), Duration.ZERO));
      others.add(new BatchPolicy.Fixed(leader.maxBatch(), goal.dividedBy(10)));
    }
    if (second.getFirst().capacity() == 0) {
      // Static batches do no better at loads as low as these.
      return best(tried, tried.size());
    }
    for (BatchPolicy policy : others) {
      setting(bundle, leader.threads(), its, meter, goal, policy).ifPresent(second::add);
    }
    tried.addAll(second.stream().filter(search -> !tried.contains(search)).toList());
    round(second, FIRST_STEPS, 1);
    return confirmed(tried);
  }

  /** The best of those that kept it in a longer round: whoever leads must go through one. */
  private List<LoadSearch> confirmed(List<LoadSearch> tried) {
    List<LoadSearch> confirmed = new ArrayList<>();
    for (LoadSearch leader = best(tried, 1).getFirst();
        !confirmed.contains(leader);
        leader = best(tried, 1).getFirst()) {
      round(List.of(leader), LAST_STEPS, 2);
      confirmed.add(leader);
    }
    List<LoadSearch> ordered = new ArrayList<>(chosenFirst(confirmed));
    best(tried, tried.size()).stream()
        .filter(search -> !ordered.contains(search))
        .forEach(ordered::add);
    return ordered;
  }

  private void round(List<LoadSearch> searches, int steps, int longer) {
    searches.forEach(search -> search.narrow(steps, window().multipliedBy(longer)));
  }

  private static List<LoadSearch> best(List<LoadSearch> searches, int most) {
    return searches.stream()
        .sorted(Comparator.comparingDouble(LoadSearch::capacity).reversed())
        .limit(most)
        .toList();
  }

  /** The best; of two that are alike the one that adapts. */
  private static List<LoadSearch> chosenFirst(List<LoadSearch> finalists) {
    double most = finalists.stream().mapToDouble(LoadSearch::capacity).max().orElse(0);
    Comparator<LoadSearch> alike =
        Comparator.comparing((LoadSearch s) -> s.capacity() < (1 - ALIKE) * most)
            .thenComparing(s -> !(s.setting().policy() instanceof BatchPolicy.Adaptive))
            .thenComparing(s -> -s.capacity());
    return finalists.stream().sorted(alike).toList();
  }

  /** One load's time, so that all fit into the budget. */
  private Duration window() {
    Duration each =
        nanos((1 - MEASURING) * 0.75 * asked.budget().toNanos() / 1e9 / (all + LAST_STEPS * 2.0));
    return each.compareTo(SHORTEST) < 0 ? SHORTEST : each;
  }

  private void told(String what) {
    double share = Math.min(0.99, MEASURING + (1 - MEASURING) * done++ / all);
    long spent = System.nanoTime() - start;
    Duration left =
        done < 2
            ? asked.budget()
            : Duration.ofNanos(Math.round(spent * (1 - share) / Math.max(0.01, share)));
    progress.at(what, share, left);
  }

  /** Empty, with a note, if it needs more memory than allowed. */
  private Optional<LoadSearch> setting(
      Bundle bundle,
      int threads,
      Measured its,
      CostMeter meter,
      Duration goal,
      BatchPolicy policy) {
    int instances = Math.max(1, asked.cores() / threads);
    // Instances of one thread share a session.
    double models = its.memory().model() * (threads == 1 ? 1 : instances);
    double room =
        asked.memoryBytes() == 0 ? Double.POSITIVE_INFINITY : asked.memoryBytes() - models;
    BatchCost cost = its.cost();
    if (cost.bytes(1, meter.longest()) * instances > room || room <= 0) {
      notes.add(
          "%d × %d threads left out: the model and one run need %.0f MB (allowed: %.0f MB)"
              .formatted(
                  instances,
                  threads,
                  (models + cost.bytes(1, meter.longest()) * instances) / 1e6,
                  asked.memoryBytes() / 1e6));
      return Optional.empty();
    }
    int batch = batch(cost, meter);
    while (batch > 1 && cost.bytes(batch, meter.longest()) * instances > room) {
      batch /= 2;
    }
    Batching batching =
        Batching.defaults()
            .withInstances(instances)
            .withPolicy(policy)
            .withCost(cost)
            .withMemoryBytes(asked.memoryBytes() == 0 ? 0 : Math.round(room));
    Tuning tuning =
        bundle
            .manifest()
            .tuning()
            .withIntraOpThreads(threads)
            .withMaxBatch(batch)
            .withBatching(batching);
    int usual = policy instanceof BatchPolicy.Fixed(int size, Duration delay) ? size : batch;
    double estimate = instances * usual / cost.seconds(usual, Math.max(1, meter.mean()));
    return Optional.of(
        new LoadSearch(
            asked.bundle(),
            new Setting(instances, threads, batch, policy),
            tuning,
            asked.examples(),
            goal,
            estimate,
            this::told));
  }

  /** Up to where a batch twice as large saves hardly anything. */
  private static int batch(BatchCost cost, CostMeter meter) {
    int batch = 1;
    double length = Math.max(1, meter.median());
    while (2 * batch <= Math.min(MOST_BATCH, meter.maxBatch())) {
      double now = cost.seconds(batch, length) / batch;
      double next = cost.seconds(2.0 * batch, length) / (2 * batch);
      if (next > (1 - WORTH) * now) {
        break;
      }
      batch *= 2;
    }
    return batch;
  }
}
