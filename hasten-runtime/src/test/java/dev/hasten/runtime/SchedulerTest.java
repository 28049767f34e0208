package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What must hold whatever arrives, under simulated time. */
class SchedulerTest {
  private static final BatchCost COST = new BatchCost(2e-3, 2e-4, 1e-4, 0, 0, 1000);
  private static final long MILLI = 1_000_000;

  private static SchedulerSettings settings(int instances, int maxBatch) {
    return SchedulerSettings.of(
        Tuning.defaults()
            .withMaxBatch(maxBatch)
            .withBatching(Batching.defaults().withInstances(instances).withCost(COST)),
        Integer.MAX_VALUE,
        BatcherOptions.defaults());
  }

  /** A world: its arrivals, the instances, how wrong the measured cost is. */
  record World(
      List<SchedulerSimulation.Arrival> arrivals,
      int instances,
      int maxBatch,
      int maxItems,
      double truth,
      boolean fixed) {
    SchedulerSimulation run() {
      SchedulerSettings plain = settings(instances, maxBatch);
      SchedulerSettings own =
          new SchedulerSettings(
              fixed ? new BatchPolicy.Fixed(4, Duration.ofMillis(3)) : plain.policy(),
              plain.cost(),
              instances,
              maxBatch,
              400_000,
              maxItems,
              40_000,
              plain.fairness(),
              Map.of("c1", 3.0),
              plain.lowShare(),
              plain.lowSlice(),
              Duration.ofMillis(200));
      BatchCost real =
          BatchCost.ofTime(
              truth * COST.fixed(), truth * COST.perExample(), truth * COST.perElement(), 0);
      return new SchedulerSimulation(own, real, arrivals).run();
    }
  }

  @Provide
  Arbitrary<World> worlds() {
    Arbitrary<Long> gaps =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(4, Arbitraries.longs().between(0, 2 * MILLI)),
            net.jqwik.api.Tuple.of(1, Arbitraries.just(0L)),
            net.jqwik.api.Tuple.of(1, Arbitraries.longs().between(0, 60 * MILLI)));
    Arbitrary<Long> patience =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(3, Arbitraries.longs().between(0, 80 * MILLI)),
            net.jqwik.api.Tuple.of(1, Arbitraries.just(Waiting.NO_DEADLINE)));
    Arbitrary<Long> cancels =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(6, Arbitraries.just(-1L)),
            net.jqwik.api.Tuple.of(1, Arbitraries.longs().between(0, 20 * MILLI)));
    Arbitrary<SchedulerSimulation.Arrival> one =
        Combinators.combine(
                gaps,
                Arbitraries.of(Priority.values()),
                Arbitraries.of("c0", "c1", "c2"),
                Arbitraries.of("g", "g", "h"),
                Arbitraries.integers().between(1, 12),
                Arbitraries.integers().between(1, 120),
                patience,
                cancels)
            .as((gap, priority, client, group, rows, length, wait, cancel) ->
                new SchedulerSimulation.Arrival(
                    gap,
                    priority,
                    client,
                    group,
                    Math.max(1, rows - 8),
                    length,
                    100L * length,
                    wait,
                    cancel));
    return Combinators.combine(
            one.list().ofMinSize(1).ofMaxSize(120),
            Arbitraries.integers().between(1, 3),
            Arbitraries.integers().between(1, 16),
            Arbitraries.integers().between(1, 60),
            Arbitraries.doubles().between(0.2, 5),
            Arbitraries.of(false, false, false, true))
        .as((gaps1, instances, batch, items, truth, fixed) ->
            new World(spread(gaps1), instances, batch, items, truth, fixed));
  }

  /** Gaps to times. */
  private static List<SchedulerSimulation.Arrival> spread(List<SchedulerSimulation.Arrival> gaps) {
    List<SchedulerSimulation.Arrival> result = new ArrayList<>();
    long at = 0;
    for (SchedulerSimulation.Arrival a : gaps) {
      at += a.at();
      result.add(
          new SchedulerSimulation.Arrival(
              at,
              a.priority(),
              a.client(),
              a.group(),
              a.rows(),
              a.length(),
              a.bytes(),
              a.patience(),
              a.cancelAfter()));
    }
    return result;
  }

  /**
   * Each is answered exactly once; nothing expired, cancelled or too large runs; nobody idles while
   * something waits; what is bounded stays so.
   */
  @Property(tries = 4000)
  void holdsAtEveryStep(@ForAll("worlds") World world) {
    SchedulerSimulation done = world.run();
    assertThat(done.violations).isEmpty();
    assertThat(done.ends).hasSize(world.arrivals().size());
    assertThat(done.mostItems).isLessThanOrEqualTo(world.maxItems());
    assertThat(done.mostBytes).isLessThanOrEqualTo(40_000);
  }

  /** Of requests alike but for their arrival, none overtakes another. */
  @Property(tries = 1500)
  void firstComeFirstServedAmongEquals(@ForAll("worlds") World world) {
    List<SchedulerSimulation.Arrival> alike =
        world.arrivals().stream()
            .map(a ->
                new SchedulerSimulation.Arrival(
                    a.at(),
                    a.priority(),
                    a.client(),
                    a.group(),
                    a.rows() > 2 ? 2 : 1,
                    a.length() > 60 ? 80 : 20,
                    a.bytes(),
                    // Only those that have as long as it takes: others may be passed over as late.
                    Waiting.NO_DEADLINE,
                    a.cancelAfter()))
            .toList();
    SchedulerSimulation done =
        new World(
                alike,
                world.instances(),
                world.maxBatch(),
                world.maxItems(),
                world.truth(),
                world.fixed())
            .run();
    Map<String, Long> last = new HashMap<>();
    for (int i = 0; i < alike.size(); i++) {
      SchedulerSimulation.Arrival a = alike.get(i);
      Long begun = done.began.get(i);
      if (begun != null) {
        String kind = a.priority() + a.client() + a.group() + a.rows() + " " + a.length();
        assertThat(begun).isGreaterThanOrEqualTo(last.getOrDefault(kind, 0L));
        last.put(kind, begun);
      }
    }
  }

  /**
   * Under a flood of urgent requests, those of low priority, those without a deadline and those of
   * unusual length still run, within a bounded time.
   */
  @Property(tries = 15)
  void nobodyStarves(@ForAll long seed) {
    Random random = new Random(seed);
    List<SchedulerSimulation.Arrival> arrivals = new ArrayList<>();
    long end = Duration.ofSeconds(20).toNanos();
    for (long at = 0; at < end; at += 1 + random.nextInt((int) (4 * MILLI))) {
      arrivals.add(arrival(at, Priority.INTERACTIVE, "flood", 10 + random.nextInt(20), 60 * MILLI));
    }
    int flood = arrivals.size();
    for (int i = 0; i < 5; i++) {
      long at = 100L * i * MILLI;
      arrivals.add(arrival(at, Priority.LOW, "jobs", 15, Waiting.NO_DEADLINE));
      arrivals.add(arrival(at, Priority.INTERACTIVE, "odd", 120, Waiting.NO_DEADLINE));
    }
    SchedulerSimulation done = new SchedulerSimulation(settings(1, 16), COST, arrivals).run();
    assertThat(done.violations).isEmpty();
    for (int i = flood; i < arrivals.size(); i++) {
      Long begun = done.began.get(i);
      long waited = begun == null ? Long.MAX_VALUE : begun - arrivals.get(i).at();
      assertThat(waited).as(arrivals.get(i).toString()).isLessThan(Duration.ofSeconds(5).toNanos());
    }
  }

  /**
   * Interactive requests that come at a third of the peak hardly notice that low ones always wait,
   * which meanwhile get a good part of the time that is left.
   */
  @Property(tries = 10)
  void lowRequestsHardlyDelayInteractiveOnes(@ForAll long seed) {
    Random random = new Random(seed);
    List<SchedulerSimulation.Arrival> interactive = new ArrayList<>();
    long end = Duration.ofSeconds(20).toNanos();
    double rate = 0.33 * 16 / COST.seconds(16, 20);
    for (double at = 0; at < end; at -= Math.log(1 - random.nextDouble()) * 1e9 / rate) {
      int length = 10 + random.nextInt(20);
      interactive.add(
          arrival(Math.round(at), Priority.INTERACTIVE, "", length, Waiting.NO_DEADLINE));
    }
    List<SchedulerSimulation.Arrival> both = new ArrayList<>(interactive);
    for (int i = 0; i < 3_000; i++) {
      both.add(arrival(0, Priority.LOW, "jobs", 10 + random.nextInt(20), Waiting.NO_DEADLINE));
    }
    SchedulerSimulation alone = new SchedulerSimulation(settings(1, 16), COST, interactive).run();
    SchedulerSimulation beside = new SchedulerSimulation(settings(1, 16), COST, both).run();
    assertThat(beside.violations).isEmpty();
    assertThat(beside.stopped).isPositive();
    assertThat(latency(beside, interactive.size(), 0.5))
        .isLessThan(1.2 * latency(alone, interactive.size(), 0.5));
    assertThat(latency(beside, interactive.size(), 0.99))
        .isLessThan(1.2 * latency(alone, interactive.size(), 0.99));
    long low =
        beside.runs.stream()
            .filter(run -> run.to() < end)
            .flatMap(run -> run.requests().stream())
            .filter(id -> id >= interactive.size())
            .count();
    assertThat(low * COST.seconds(16, 20) / 16).isGreaterThan(0.1 * 20);
  }

  /** It never ends between two interactive ones, and must not be stopped for ever. */
  @Example
  void aLowRequestLongerThanAnyPauseIsAnswered() {
    List<SchedulerSimulation.Arrival> arrivals = new ArrayList<>();
    // 242 ms.
    arrivals.add(
        new SchedulerSimulation.Arrival(
            0, Priority.LOW, "jobs", "g", 20, 118, 100, Waiting.NO_DEADLINE, -1));
    for (int i = 1; i < 300; i++) {
      arrivals.add(arrival(100L * i * MILLI, Priority.INTERACTIVE, "", 28, Waiting.NO_DEADLINE));
    }
    SchedulerSimulation done = new SchedulerSimulation(settings(1, 16), COST, arrivals).run();
    assertThat(done.violations).isEmpty();
    assertThat(done.stopped).isPositive();
    long end =
        done.runs.stream()
            .filter(run -> run.requests().contains(0))
            .mapToLong(SchedulerSimulation.Ran::to)
            .findFirst()
            .orElseThrow();
    assertThat(end).isLessThan(Duration.ofSeconds(2).toNanos());
  }

  /** Of the first {@code count} arrivals, from arrival to answer. */
  private static double latency(SchedulerSimulation done, int count, double quantile) {
    long[] all =
        done.runs.stream()
            .flatMapToLong(run ->
                run.requests().stream()
                    .filter(id -> id < count)
                    .mapToLong(id -> run.to() - done.arrivals.get(id).at()))
            .sorted()
            .toArray();
    return all[(int) (quantile * (all.length - 1))];
  }

  private static SchedulerSimulation.Arrival arrival(
      long at, Priority priority, String client, int length, long patience) {
    return new SchedulerSimulation.Arrival(at, priority, client, "g", 1, length, 100, patience, -1);
  }

  /**
   * Of two clients that always wait, each gets its weight's share of the time, within the lead that
   * is allowed and one run for each.
   */
  @Property(tries = 40)
  void clientsThatAlwaysWaitGetTheirShares(@ForAll long seed) {
    Random random = new Random(seed);
    double weight = 1 + random.nextInt(3);
    List<SchedulerSimulation.Arrival> arrivals = new ArrayList<>();
    for (int i = 0; i < 900; i++) {
      // The greedy one asks for four times as much.
      String client = random.nextInt(5) == 0 ? "small" : "greedy";
      arrivals.add(
          arrival(0, Priority.INTERACTIVE, client, 10 + random.nextInt(50), Waiting.NO_DEADLINE));
    }
    SchedulerSettings plain = settings(1, 8);
    SchedulerSettings own =
        new SchedulerSettings(
            plain.policy(),
            plain.cost(),
            1,
            8,
            plain.runBytes(),
            plain.maxItems(),
            plain.maxBytes(),
            Duration.ofMillis(50),
            Map.of("small", weight),
            plain.lowShare(),
            plain.lowSlice(),
            plain.patience());
    SchedulerSimulation done = new SchedulerSimulation(own, COST, arrivals).run();
    assertThat(done.violations).isEmpty();
    long left = arrivals.stream().filter(a -> a.client().equals("small")).count();
    double small = 0;
    double greedy = 0;
    double longest = 0;
    for (SchedulerSimulation.Ran ran : done.runs) {
      double time = (ran.to() - ran.from()) / 1e9;
      double whole = 0;
      for (int id : ran.requests()) {
        whole += COST.seconds(ran.rows(), arrivals.get(id).length());
      }
      for (int id : ran.requests()) {
        double share = time * COST.seconds(ran.rows(), arrivals.get(id).length()) / whole;
        boolean its = arrivals.get(id).client().equals("small");
        small += its ? share / weight : 0;
        greedy += its ? 0 : share;
        left -= its ? 1 : 0;
      }
      longest = Math.max(longest, time);
      if (left <= 0) {
        break;
      }
      assertThat(Math.abs(small - greedy)).isLessThanOrEqualTo(0.050 + 2 * longest);
    }
  }

  /** As of a small encoder whose weights must be read in each run: batches gain, padding loses. */
  private static final BatchCost ENCODER = BatchCost.ofTime(3e-3, 1e-4, 2e-4, 0);

  /**
   * At 95 % of what full batches without padding do, each answer wanted within ten times that of a
   * single one: against batches of one and every fixed size and delay.
   */
  @Example
  void getsMoreDoneInTimeThanAnyFixedSetting() {
    List<SchedulerSimulation.Arrival> arrivals = glosses(0.95);
    double adaptive = goodput(new BatchPolicy.Adaptive(), arrivals);
    double single = goodput(new BatchPolicy.Fixed(1, Duration.ZERO), arrivals);
    double best = 0;
    for (int size : new int[] {2, 4, 8, 16, 32}) {
      for (int delay : new int[] {0, 2, 5, 10, 20}) {
        best =
            Math.max(
                best, goodput(new BatchPolicy.Fixed(size, Duration.ofMillis(delay)), arrivals));
      }
    }
    // Neighbours of 20 that wait differ more in length than those of a whole data set.
    assertThat(adaptive).isGreaterThan(0.8);
    assertThat(adaptive).isGreaterThan(1.5 * single);
    assertThat(adaptive).isGreaterThan(1.5 * best);
  }

  /** At three times what it can do, it does about as much as it can. */
  @Example
  void overloadDoesNotMakeItSlower() {
    assertThat(3 * goodput(new BatchPolicy.Adaptive(), glosses(3))).isGreaterThan(1);
  }

  /** Where length does not matter, 95 % of the peak are answered but for a few. */
  @Example
  void nearlyAllAreAnsweredInTimeWhereLengthsAreAlike() {
    for (BatchCost table : TABLES) {
      assertThat(goodput(new BatchPolicy.Adaptive(), table, alike(table, 0.95)))
          .as("%s", table)
          .isGreaterThan(0.97);
    }
  }

  /**
   * A run costs as much as nine more examples: whoever answers the most urgent first, in runs as
   * small as their time allows, has all that wait urgent from then on, and a third of the peak. Who
   * would be late is told at once.
   */
  @Example
  void overloadDoesNotMakeItSlowerWhereLengthsAreAlike() {
    for (BatchCost table : TABLES) {
      List<SchedulerSimulation.Arrival> arrivals = alike(table, 3);
      SchedulerSimulation done = simulate(new BatchPolicy.Adaptive(), table, arrivals);
      assertThat(3.0 * done.count(SchedulerSimulation.End.ANSWERED) / arrivals.size())
          .as("%s", table)
          .isGreaterThan(0.9);
      assertThat(done.count(SchedulerSimulation.End.EXPIRED))
          .as("%s", table)
          .isLessThan(done.count(SchedulerSimulation.End.REJECTED) / 5);
    }
  }

  private static final List<BatchCost> TABLES =
      List.of(BatchCost.ofTime(1e-3, 1e-4, 0, 0), BatchCost.ofTime(1.35e-3, 1.49e-4, 0, 0));

  /** Poisson arrivals at a share of the offline peak, wanted within ten times a single one. */
  private static List<SchedulerSimulation.Arrival> alike(BatchCost cost, double load) {
    double rate = load * 32 / cost.seconds(32, 1);
    long goal = Math.round(10e9 * cost.seconds(1, 1));
    Random random = new Random(12);
    List<SchedulerSimulation.Arrival> arrivals = new ArrayList<>();
    double at = 0;
    for (int i = 0; i < 8_000; i++) {
      at += -Math.log(1 - random.nextDouble()) / rate;
      arrivals.add(arrival(Math.round(at * 1e9), Priority.INTERACTIVE, "", 1, goal));
    }
    return arrivals;
  }

  /** Long ones go first when not all can be answered, but not all of them. */
  @Example
  void underOverloadLongOnesAreStillAnswered() {
    List<SchedulerSimulation.Arrival> arrivals = glosses(1.5);
    SchedulerSimulation done = simulate(new BatchPolicy.Adaptive(), ENCODER, arrivals);
    long many = 0;
    long answered = 0;
    for (int i = 0; i < arrivals.size(); i++) {
      if (arrivals.get(i).length() > 25) {
        many++;
        answered += done.ends.get(i) == SchedulerSimulation.End.ANSWERED ? 1 : 0;
      }
    }
    assertThat((double) answered / many).isGreaterThan(0.02);
  }

  /** Poisson arrivals of lengths like WordNet's glosses, at a share of the offline peak. */
  private static List<SchedulerSimulation.Arrival> glosses(double load) {
    Random random = new Random(11);
    int[] lengths = new int[8_000];
    double each = 0;
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = (int) Math.min(120, Math.round(4 + 9 * Math.exp(0.6 * random.nextGaussian())));
      each += ENCODER.seconds(32, lengths[i]) / 32 / lengths.length;
    }
    long goal = Math.round(10 * ENCODER.seconds(1, 14) * 1e9);
    List<SchedulerSimulation.Arrival> arrivals = new ArrayList<>();
    double at = 0;
    for (int length : lengths) {
      at += -Math.log(1 - random.nextDouble()) * each / load;
      arrivals.add(arrival(Math.round(at * 1e9), Priority.INTERACTIVE, "", length, goal));
    }
    return arrivals;
  }

  private static double goodput(BatchPolicy policy, List<SchedulerSimulation.Arrival> arrivals) {
    return goodput(policy, ENCODER, arrivals);
  }

  private static double goodput(
      BatchPolicy policy, BatchCost cost, List<SchedulerSimulation.Arrival> arrivals) {
    SchedulerSimulation done = simulate(policy, cost, arrivals);
    return (double) done.count(SchedulerSimulation.End.ANSWERED) / arrivals.size();
  }

  private static SchedulerSimulation simulate(
      BatchPolicy policy, BatchCost cost, List<SchedulerSimulation.Arrival> arrivals) {
    SchedulerSettings own =
        SchedulerSettings.of(
            Tuning.defaults()
                .withMaxBatch(32)
                .withBatching(Batching.defaults().withPolicy(policy).withCost(cost)),
            Integer.MAX_VALUE,
            BatcherOptions.defaults());
    SchedulerSimulation done = new SchedulerSimulation(own, cost, arrivals).run();
    assertThat(done.violations).isEmpty();
    return done;
  }

  /** Estimates that are far too high do not keep a model from being used: they come down. */
  @Example
  void estimatesThatAreTooHighCorrectThemselves() {
    List<SchedulerSimulation.Arrival> arrivals = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      arrivals.add(arrival(5L * i * MILLI, Priority.INTERACTIVE, "", 10, 3 * MILLI));
    }
    BatchCost fast = BatchCost.ofTime(1e-4, 1e-5, 1e-6, 0);
    SchedulerSimulation done = new SchedulerSimulation(settings(1, 8), fast, arrivals).run();
    assertThat(done.count(SchedulerSimulation.End.ANSWERED)).isEqualTo(400);
  }
}
