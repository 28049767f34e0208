package dev.hasten.runtime;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Decides which requests are taken, which run together, and when: pure logic, told the time. It has
 * no threads and reads no clock; its owner calls it from one thread at a time, with times that
 * never go back.
 *
 * <ul>
 *   <li>A request is refused at once if it would be answered after its deadline, or if there is no
 *       room for it.
 *   <li>An instance that is free never waits while a request does ({@link BatchPolicy.Adaptive}).
 *   <li>Next is the best batch ({@link BatchChoice}) of the clients that have had least.
 *   <li>What is expired or cancelled never runs. What will be late runs only if nothing else is
 *       there to run: so estimates that are too high correct themselves.
 *   <li>Low requests run when no other waits, and with a small share of the time otherwise. A run
 *       of the former kind is stopped when an interactive request comes that would wait for it.
 * </ul>
 *
 * @param <P> what the caller knows a request by
 */
final class Scheduler<P> {
  /** How long after an interactive request others are still expected. */
  private static final long INTERACTIVE_LINGERS = Duration.ofSeconds(1).toNanos();

  /** A client may take this many times what it leaves free (Choudhury, Hahne 1998). */
  private static final int CLIENT_TAKES = 4;

  /** Nanoseconds of a run that a caller may make. */
  private static final long QUICK = 100_000;

  /** A run is not stopped for the sake of this part of the time of the request that waits. */
  private static final int HARDLY = 4;

  /** Weight of the newest gap between interactive requests: about the last 20 count. */
  private static final double NEWEST_GAP = 0.1;

  /** Weight of the newest request in the share of those refused: about the last 200 count. */
  private static final double NEWEST = 0.01;

  private final SchedulerSettings settings;
  private final CostEstimate cost;
  private final BatchChoice<P> choice;
  private final Map<Priority, Lane<P>> lanes = new EnumMap<>(Priority.class);
  private final SortedSet<Waiting<P>> byDeadline = new TreeSet<>(Waiting::byDeadline);
  private final Set<Decision.Run<P>> running = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Those of them that {@link #yielding} has named. */
  private final Set<Decision.Run<P>> yielding = Collections.newSetFromMap(new IdentityHashMap<>());

  private long sequence;
  private int items;
  private long bytes;
  private long lastInteractive = Long.MIN_VALUE / 2;

  /**
   * Time that the low requests may take before interactive ones: their share of what has passed
   * since they last had a run, up to a slice; below 0 after a longer run.
   */
  private double claim;

  private long claimedAt;

  /** Mean time between interactive requests of late, at most as long as they linger. */
  private double gap = INTERACTIVE_LINGERS;

  /** Share of the newest requests that was refused because it would have been late. */
  private double refused;

  Scheduler(SchedulerSettings settings) {
    this.settings = settings;
    this.cost = new CostEstimate(settings.cost());
    this.choice = new BatchChoice<>(cost, settings);
    for (Priority priority : Priority.values()) {
      lanes.put(priority, new Lane<>(priority, settings.weights()));
    }
  }

  /** The requests of one priority. */
  private static final class Lane<P> {
    final Priority priority;
    final SortedSet<Waiting<P>> queue = new TreeSet<>(Waiting::byUrgency);
    final FairShares shares;
    long bytes;

    Lane(Priority priority, Map<String, Double> weights) {
      this.priority = priority;
      shares = new FairShares(weights);
    }
  }

  private Lane<P> lane(Priority priority) {
    return Objects.requireNonNull(lanes.get(priority));
  }

  int waiting() {
    return items;
  }

  int running() {
    return running.size();
  }

  /** Actual over measured time of late. */
  double costScale() {
    return cost.scale();
  }

  /** Takes the request into the queue, or refuses it. */
  Admission offer(Waiting<P> request, long now) {
    Admission answer = consider(request, now);
    if (answer instanceof Admission.Accepted) {
      refused -= NEWEST * refused;
      enqueue(request, now);
    }
    return answer;
  }

  /** Refuses a request that {@link #offer} would refuse; another is to be offered. */
  Admission consider(Waiting<P> request, long now) {
    Admission answer = answer(request, now);
    if (answer instanceof Admission.Refused(RejectedRequestException.Reason reason, long retry)
        && reason == RejectedRequestException.Reason.TOO_LATE) {
      refused += NEWEST * (1 - refused);
    }
    return answer;
  }

  private Admission answer(Waiting<P> request, long now) {
    if (request.deadline <= now) {
      return new Admission.Refused(RejectedRequestException.Reason.TOO_LATE, 0);
    }
    if (cost.bytes(request.rows, request.length) > settings.runBytes()) {
      return new Admission.Refused(RejectedRequestException.Reason.TOO_LARGE, 0);
    }
    Lane<P> lane = lane(request.priority);
    boolean low = request.priority == Priority.LOW;
    int maxItems = low ? Math.ceilDiv(settings.maxItems(), 2) : settings.maxItems();
    long maxBytes = low ? settings.maxBytes() / 2 : settings.maxBytes();
    int taken = low ? lane.queue.size() : items;
    long free = Math.min(maxItems - taken, settings.maxItems() - items);
    boolean full =
        free <= 0
            || (low ? lane.bytes : bytes) + request.bytes > maxBytes
            || bytes + request.bytes > settings.maxBytes();
    if (full || lane.shares.waiting(request.client) >= CLIENT_TAKES * free) {
      return new Admission.Refused(
          RejectedRequestException.Reason.QUEUE_FULL, Math.max(1_000_000, backlog(now) / 4));
    }
    boolean idle = items == 0 && running.size() < settings.instances();
    if (settings.policy() instanceof BatchPolicy.Adaptive
        && request.deadline != Waiting.NO_DEADLINE
        && !idle) {
      long end = expectedEnd(request, now);
      if (end > request.deadline) {
        return new Admission.Refused(
            RejectedRequestException.Reason.TOO_LATE, Math.max(1_000_000, end - request.deadline));
      }
    }
    return new Admission.Accepted();
  }

  private void enqueue(Waiting<P> request, long now) {
    request.sequence = sequence++;
    request.arrival = now;
    request.due = Math.min(request.deadline, now + settings.patience().toNanos());
    claim(now);
    add(request);
    if (request.priority == Priority.INTERACTIVE) {
      gap += NEWEST_GAP * (Math.min(now - lastInteractive, INTERACTIVE_LINGERS) - gap);
      lastInteractive = now;
    }
  }

  private void add(Waiting<P> request) {
    Lane<P> lane = lane(request.priority);
    lane.queue.add(request);
    lane.bytes += request.bytes;
    lane.shares.arrived(request.client);
    if (request.deadline != Waiting.NO_DEADLINE) {
      byDeadline.add(request);
    }
    items++;
    bytes += request.bytes;
  }

  private boolean remove(Waiting<P> request) {
    Lane<P> lane = lane(request.priority);
    if (request.sequence < 0 || !lane.queue.remove(request)) {
      return false;
    }
    lane.bytes -= request.bytes;
    lane.shares.left(request.client);
    byDeadline.remove(request);
    items--;
    bytes -= request.bytes;
    return true;
  }

  /** Takes a request back; false if it does not wait (any more). */
  boolean cancel(Waiting<P> request) {
    return remove(request);
  }

  /** Takes out those whose deadline has passed; they are to be told. */
  List<Waiting<P>> expire(long now) {
    List<Waiting<P>> expired = new ArrayList<>();
    while (!byDeadline.isEmpty() && byDeadline.first().deadline <= now) {
      expired.add(byDeadline.first());
      remove(byDeadline.first());
    }
    return expired;
  }

  /** The earliest deadline of those that wait; {@link Waiting#NO_DEADLINE} if there is none. */
  long nextDeadline() {
    return byDeadline.isEmpty() ? Waiting.NO_DEADLINE : byDeadline.first().deadline;
  }

  /** Takes out everything: the owner stops. */
  List<Waiting<P>> clear() {
    List<Waiting<P>> all = new ArrayList<>();
    lanes.values().forEach(lane -> all.addAll(lane.queue));
    all.forEach(this::remove);
    return all;
  }

  /**
   * Whether the one that has it answered may run it itself: {@link #next} is that request alone,
   * and is over soon.
   */
  boolean callerMayRun(Waiting<P> request) {
    return settings.policy() instanceof BatchPolicy.Adaptive
        && request.priority == Priority.INTERACTIVE
        && items == 1
        && running.size() < settings.instances()
        && cost.known()
        && cost.nanos(request.rows, request.length) <= QUICK;
  }

  /** What an instance that is free should do; expired ones must have been taken out. */
  Decision<P> next(long now) {
    if (items == 0 || running.size() >= settings.instances()) {
      return new Decision.Idle<>();
    }
    return switch (settings.policy()) {
      case BatchPolicy.Adaptive adaptive -> adaptive(now);
      case BatchPolicy.Fixed(int size, Duration delay) -> fixed(size, delay.toNanos(), now);
    };
  }

  private Decision<P> adaptive(long now) {
    claim(now);
    Priority first = preferred();
    Priority second = first == Priority.LOW ? Priority.INTERACTIVE : Priority.LOW;
    List<Waiting<P>> able = able(first, now);
    if (able.isEmpty()) {
      able = able(second, now);
    }
    if (able.isEmpty()) {
      Lane<P> lane = lane(lane(first).queue.isEmpty() ? second : first);
      return start(List.of(lane.queue.first()), now, yields(lane));
    }
    Lane<P> lane = lane(able.getFirst().priority);
    double least = able.stream().mapToDouble(r -> lane.shares.used(r.client)).min().orElseThrow();
    lane.shares.reached(least);
    double most = least + settings.fairness().toNanos();
    Predicate<Waiting<P>> fair = request -> lane.shares.used(request.client) <= most;
    List<Waiting<P>> best = choice.best(able, fair, now, longest(lane.priority, now), refused);
    return start(best, now, yields(lane));
  }

  /** Low requests that run because no other waits have no claim to the time that they take. */
  private boolean yields(Lane<P> lane) {
    return lane.priority == Priority.LOW && lane(Priority.INTERACTIVE).queue.isEmpty();
  }

  /**
   * Of low requests while interactive ones come: a run of the time {@code t} is not stopped with
   * the probability {@code exp(-t / gap)}, and does {@code t - f} of work, {@code f} being what a
   * run costs whatever is in it. Most is done per time where {@code t² - f t - f gap = 0}.
   */
  private long longest(Priority priority, long now) {
    long since = now - lastInteractive;
    if (priority != Priority.LOW || since >= INTERACTIVE_LINGERS) {
      return Long.MAX_VALUE;
    }
    double fixed = cost.nanosPerRun() / 2;
    double best = fixed + Math.sqrt(fixed * (fixed + 2 * Math.max(gap, since)));
    return Math.min(settings.lowSlice().toNanos(), Math.round(best));
  }

  /**
   * A run of low requests that is to be stopped, so that an interactive one need not wait for its
   * end. Whoever is told of it tells {@link #stopped}, or {@link #ended} if it ended before. None
   * if an instance is free, or is about to be.
   */
  Optional<Decision.Run<P>> yielding(long now) {
    SortedSet<Waiting<P>> interactive = lane(Priority.INTERACTIVE).queue;
    if (interactive.isEmpty() || running.size() < settings.instances() || !yielding.isEmpty()) {
      return Optional.empty();
    }
    Waiting<P> first = interactive.first();
    long hardly = cost.nanos(first.rows, first.length) / HARDLY;
    Optional<Decision.Run<P>> last =
        running.stream()
            .filter(Decision.Run::yields)
            .max(Comparator.comparingLong(Decision.Run::expectedEnd));
    // One that should have ended long ago may go on for long.
    boolean ends = running.stream().anyMatch(run -> Math.abs(run.expectedEnd() - now) <= hardly);
    if (last.isEmpty() || ends) {
      return Optional.empty();
    }
    yielding.add(last.get());
    return last;
  }

  /** Brings the claim up to date. */
  private void claim(long now) {
    boolean low =
        !lane(Priority.LOW).queue.isEmpty()
            || running.stream().anyMatch(run -> priority(run) == Priority.LOW);
    if (low) {
      double more = settings.lowShare() * (now - claimedAt);
      claim = Math.min(settings.lowSlice().toNanos(), claim + more);
    }
    claimedAt = now;
  }

  /** All of a run are of one, but where sizes are fixed, which knows no claims. */
  private static Priority priority(Decision.Run<?> run) {
    return run.requests().getFirst().priority;
  }

  /** Low requests go first once they may claim a slice. */
  private Priority preferred() {
    Lane<P> low = lane(Priority.LOW);
    Lane<P> interactive = lane(Priority.INTERACTIVE);
    if (low.queue.isEmpty() || interactive.queue.isEmpty()) {
      return low.queue.isEmpty() ? Priority.INTERACTIVE : Priority.LOW;
    }
    return claim < settings.lowSlice().toNanos() ? Priority.INTERACTIVE : Priority.LOW;
  }

  /** Those that can still be in time, most urgent first. */
  private List<Waiting<P>> able(Priority priority, long now) {
    List<Waiting<P>> able = new ArrayList<>();
    for (Waiting<P> request : lane(priority).queue) {
      if (request.deadline - now >= cost.nanos(request.rows, request.length)) {
        able.add(request);
      }
    }
    return able;
  }

  private Decision<P> fixed(int size, long delay, long now) {
    Map<String, List<Waiting<P>>> groups = new LinkedHashMap<>();
    lanes.values().stream()
        .flatMap(lane -> lane.queue.stream())
        .sorted((a, b) -> Long.compare(a.sequence, b.sequence))
        .forEach(r -> groups.computeIfAbsent(r.group, g -> new ArrayList<>()).add(r));
    long until = Long.MAX_VALUE;
    for (List<Waiting<P>> group : groups.values()) {
      List<Waiting<P>> batch = head(group, Math.min(size, settings.maxBatch()));
      boolean full = batch.size() < group.size() || rows(batch) >= size;
      long ready = group.getFirst().arrival + delay;
      if (full || ready <= now) {
        return start(batch, now, false);
      }
      until = Math.min(until, ready);
    }
    return new Decision.Hold<>(until);
  }

  private List<Waiting<P>> head(List<Waiting<P>> group, int size) {
    List<Waiting<P>> batch = new ArrayList<>();
    int rows = 0;
    int length = 0;
    for (Waiting<P> request : group) {
      rows += request.rows;
      length = Math.max(length, request.length);
      boolean fits = rows <= size && cost.bytes(rows, length) <= settings.runBytes();
      if (!batch.isEmpty() && !fits) {
        break;
      }
      batch.add(request);
    }
    return batch;
  }

  private int rows(List<Waiting<P>> batch) {
    return batch.stream().mapToInt(request -> request.rows).sum();
  }

  private Decision<P> start(List<Waiting<P>> batch, long now, boolean yields) {
    int rows = rows(batch);
    int length = batch.stream().mapToInt(request -> request.length).max().orElse(0);
    long nanos = cost.nanos(rows, length);
    Decision.Run<P> run = new Decision.Run<>(batch, rows, length, now + nanos, yields);
    double whole = 0;
    for (Waiting<P> request : run.requests()) {
      whole += cost.nanosPerRow(rows, request.length) * request.rows;
    }
    for (Waiting<P> request : run.requests()) {
      request.charged = nanos * cost.nanosPerRow(rows, request.length) * request.rows / whole;
      lane(request.priority).shares.charge(request.client, request.charged);
      remove(request);
    }
    running.add(run);
    return run;
  }

  /**
   * A run has ended.
   *
   * @param nanos that it took; 0 if it failed, which tells nothing about the cost
   */
  void ended(Decision.Run<P> run, long nanos) {
    remove(run);
    if (run.yields()) {
      // It took time that nobody else wanted.
      claim = Math.min(claim, 0);
    } else {
      for (Waiting<P> request : run.requests()) {
        claim -= request.priority == Priority.LOW ? request.charged : 0;
      }
    }
    if (nanos > 0) {
      cost.ran(run.rows(), run.length(), nanos);
    }
  }

  /**
   * A run was stopped before its end: its requests wait again, in their old places. What they were
   * charged is given back.
   *
   * @return whether it was to be stopped; else nothing is done
   */
  boolean stopped(Decision.Run<P> run) {
    if (!yielding.contains(run)) {
      return false;
    }
    remove(run);
    for (Waiting<P> request : run.requests()) {
      add(request);
      lane(request.priority).shares.charge(request.client, -request.charged);
    }
    return true;
  }

  private void remove(Decision.Run<P> run) {
    running.remove(run);
    yielding.remove(run);
  }

  /** Time of an instance until everything that waits and runs now has ended. */
  private long backlog(long now) {
    double work = remaining(now, Priority.LOW);
    for (Lane<P> lane : lanes.values()) {
      work += work(lane.queue, Long.MAX_VALUE, batch(items));
    }
    return Math.round(work / settings.instances());
  }

  /** Time of the instances until all is done that runs now and is not stopped for such a one. */
  private double remaining(long now, Priority priority) {
    double work = 0;
    for (Decision.Run<P> run : running) {
      boolean stops = run.yields() && priority == Priority.INTERACTIVE;
      work += stops ? 0 : Math.max(0, run.expectedEnd() - now);
    }
    return work;
  }

  private int batch(int waiting) {
    return Math.max(1, Math.min(settings.maxBatch(), waiting));
  }

  /** Time of those due up to {@code due}, in batches of {@code batch} of their own length. */
  private double work(Iterable<Waiting<P>> queue, long due, int batch) {
    double work = 0;
    for (Waiting<P> request : queue) {
      if (request.due > due) {
        break;
      }
      work += request.rows * cost.nanosPerRow(batch, request.length);
    }
    return work;
  }

  /**
   * When the request would be answered if it were taken: after what runs now and, of those that
   * wait, those that are due before it, with the run that it shares with others; but no later than
   * its client's equal share allows. Of those that wait, their lengths differing, most share a run.
   */
  private long expectedEnd(Waiting<P> request, long now) {
    Lane<P> lane = lane(request.priority);
    int batch = batch(Math.ceilDiv(items + 1, settings.instances()));
    long due = Math.min(request.deadline, now + settings.patience().toNanos());
    double ahead = work(lane.queue, due, batch);
    int shared = Math.max(request.rows, Math.ceilDiv(2 * batch, 3));
    double own = (double) settings.instances() * cost.nanos(shared, request.length);
    if (lane.shares.backlogged() > 1 || lane.shares.waiting(request.client) == 0) {
      double mine = settings.fairness().toNanos();
      for (Waiting<P> other : lane.queue) {
        if (other.client.equals(request.client)) {
          mine += other.rows * cost.nanosPerRow(batch, other.length);
        }
      }
      ahead = Math.min(ahead, mine * (lane.shares.backlogged() + 1));
    }
    if (request.priority == Priority.LOW) {
      ahead += work(lane(Priority.INTERACTIVE).queue, Long.MAX_VALUE, batch);
    }
    double share = request.priority == Priority.LOW ? 1 : 1 - lowNow();
    double rest = (remaining(now, request.priority) + (ahead + own) / share) / settings.instances();
    return now + Math.max(Math.round(rest), cost.nanos(request.rows, request.length));
  }

  private double lowNow() {
    return lane(Priority.LOW).queue.isEmpty() ? 0 : settings.lowShare();
  }
}
