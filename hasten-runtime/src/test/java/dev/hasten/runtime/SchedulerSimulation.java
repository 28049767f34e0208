package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Runs a {@link Scheduler} under simulated time: arrivals as given, instances that take what the
 * true cost says. Checks at every step what must hold at every step.
 */
final class SchedulerSimulation {
  /** How a request ended. */
  enum End {
    ANSWERED,
    LATE,
    REJECTED,
    EXPIRED,
    CANCELLED
  }

  /**
   * @param cancelAfter nanoseconds after its arrival; negative: never
   */
  record Arrival(
      long at,
      Priority priority,
      String client,
      String group,
      int rows,
      int length,
      long bytes,
      long patience,
      long cancelAfter) {}

  /** A run that was made. */
  record Ran(long from, long to, int instance, List<Integer> requests, int length, int rows) {}

  /** Nanoseconds until an operator of the model has ended. */
  private static final long STOPPING = 200_000;

  private record Event(long at, int order, Runnable action) {}

  final SchedulerSettings settings;
  final List<Arrival> arrivals;
  final Map<Integer, End> ends = new HashMap<>();
  final List<Ran> runs = new ArrayList<>();
  final List<String> violations = new ArrayList<>();
  final Map<Integer, Long> began = new HashMap<>();
  int stopped;
  int mostItems;
  long mostBytes;

  private final Scheduler<Integer> scheduler;
  private final BatchCost truth;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Integer.compare(a.order, b.order));
  private final Set<Integer> free = new HashSet<>();
  private final Map<Integer, Waiting<Integer>> queued = new HashMap<>();
  private final Map<Decision.Run<Integer>, Integer> inFlight = new IdentityHashMap<>();
  private int order;
  private long now;

  SchedulerSimulation(SchedulerSettings settings, BatchCost truth, List<Arrival> arrivals) {
    this.settings = settings;
    this.truth = truth;
    this.arrivals = arrivals;
    this.scheduler = new Scheduler<>(settings);
    for (int i = 0; i < settings.instances(); i++) {
      free.add(i);
    }
  }

  SchedulerSimulation run() {
    for (int i = 0; i < arrivals.size(); i++) {
      int id = i;
      at(arrivals.get(i).at(), () -> arrive(id));
    }
    while (!events.isEmpty()) {
      Event event = events.remove();
      now = event.at;
      event.action.run();
      // Everything of one instant first: what comes together may run together.
      if (events.isEmpty() || events.peek().at > now) {
        dispatch();
      }
    }
    return this;
  }

  private void at(long time, Runnable action) {
    events.add(new Event(time, order++, action));
  }

  private void arrive(int id) {
    Arrival arrival = arrivals.get(id);
    long deadline =
        arrival.patience() == Waiting.NO_DEADLINE ? Waiting.NO_DEADLINE : now + arrival.patience();
    Waiting<Integer> waiting =
        new Waiting<>(
            id,
            arrival.priority(),
            arrival.client(),
            arrival.group(),
            arrival.rows(),
            arrival.length(),
            arrival.bytes(),
            deadline);
    if (scheduler.offer(waiting, now) instanceof Admission.Refused) {
      end(id, End.REJECTED);
      return;
    }
    queued.put(id, waiting);
    mostItems = Math.max(mostItems, scheduler.waiting());
    mostBytes = Math.max(mostBytes, queued.values().stream().mapToLong(w -> w.bytes).sum());
    if (arrival.cancelAfter() >= 0) {
      at(now + arrival.cancelAfter(), () -> cancel(id));
    }
    if (deadline != Waiting.NO_DEADLINE) {
      at(deadline, () -> {});
    }
    scheduler.yielding(now).ifPresent(run -> at(now + STOPPING, () -> stop(run)));
  }

  private void stop(Decision.Run<Integer> run) {
    Integer instance = inFlight.remove(run);
    if (instance == null) {
      return;
    }
    if (!run.yields() || !scheduler.stopped(run)) {
      violations.add(now + ": stopped, but was not to be: " + run);
    }
    free.add(instance);
    run.requests().forEach(waiting -> queued.put(waiting.payload, waiting));
    stopped++;
  }

  private void cancel(int id) {
    Waiting<Integer> waiting = queued.get(id);
    if (waiting != null && scheduler.cancel(waiting)) {
      queued.remove(id);
      end(id, End.CANCELLED);
    }
  }

  private void dispatch() {
    for (Waiting<Integer> expired : scheduler.expire(now)) {
      queued.remove(expired.payload);
      end(expired.payload, End.EXPIRED);
    }
    while (!free.isEmpty()) {
      switch (scheduler.next(now)) {
        case Decision.Run<Integer> run -> start(run);
        case Decision.Idle<Integer> idle -> {
          if (!queued.isEmpty()) {
            violations.add(now + ": idle while " + queued.size() + " wait");
          }
          return;
        }
        case Decision.Hold<Integer> hold -> {
          if (settings.policy() instanceof BatchPolicy.Adaptive) {
            violations.add(now + ": held back");
          }
          at(hold.until(), () -> {});
          return;
        }
      }
    }
  }

  private void start(Decision.Run<Integer> run) {
    int instance = free.iterator().next();
    free.remove(instance);
    List<Integer> ids = new ArrayList<>();
    int rows = 0;
    int length = 0;
    Set<String> groups = new HashSet<>();
    for (Waiting<Integer> waiting : run.requests()) {
      int id = waiting.payload;
      if (queued.remove(id) == null) {
        violations.add(now + ": " + id + " runs but does not wait");
      }
      if (waiting.deadline <= now) {
        violations.add(now + ": " + id + " runs but has expired");
      }
      ids.add(id);
      rows += waiting.rows;
      length = Math.max(length, waiting.length);
      groups.add(waiting.group);
      // Whoever is stopped may be overtaken by one that runs beside.
      began.putIfAbsent(id, now);
    }
    if (rows != run.rows() || length != run.length() || groups.size() != 1) {
      violations.add(now + ": a run of " + run + " is " + rows + " of " + length + " " + groups);
    }
    if (ids.size() > 1
        && (rows > settings.maxBatch()
            || settings.cost().bytes(rows, length) > settings.runBytes())) {
      violations.add(now + ": too large a run: " + rows + " of " + length);
    }
    long nanos = Math.max(1, Math.round(truth.seconds(rows, length) * 1e9));
    long end = now + nanos;
    inFlight.put(run, instance);
    Ran ran = new Ran(now, end, instance, ids, length, rows);
    at(
        end,
        () -> {
          if (inFlight.remove(run) == null) {
            return;
          }
          runs.add(ran);
          scheduler.ended(run, nanos);
          free.add(instance);
          for (Waiting<Integer> waiting : run.requests()) {
            end(waiting.payload, end <= waiting.deadline ? End.ANSWERED : End.LATE);
          }
        });
  }

  private void end(int id, End how) {
    End before = ends.put(id, how);
    if (before != null) {
      violations.add(now + ": " + id + " ended twice: " + before + ", " + how);
    }
  }

  long count(End how) {
    return ends.values().stream().filter(end -> end == how).count();
  }
}
