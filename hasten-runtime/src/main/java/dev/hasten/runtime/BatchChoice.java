package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * The best run of those that wait. Candidates lie in the order of their lengths; a run takes
 * neighbours, so that little padding is computed: for each longest member, as many of the next
 * shorter ones as fit. Of these runs the one that gets most useful work done per time is best:
 *
 * <pre>(work of its members - work of others that would come too late because of it) / its time
 * </pre>
 *
 * <p>where a request's work is what it costs in a full batch without padding. A run in which a
 * member would be late does not count. Of runs that are as good within 1 % the shortest is taken:
 * where batches gain nothing, requests run alone.
 *
 * <p>A run contains the most urgent request, unless that one leaves no time for a batch: when more
 * arrives than can be done, the earliest deadline first is always about to pass, and serving it
 * alone would make all others late, too. Then runs without the most urgent ones are looked at as
 * well, these counting as lost.
 */
final class BatchChoice<P> {
  /** A run this much less efficient than the best is worth its shorter time. */
  private static final double AS_GOOD = 0.99;

  /** Others that are looked at for coming too late: the most urgent. */
  private static final int MOST_URGENT = 32;

  private final CostEstimate cost;
  private final int maxBatch;
  private final double maxBytes;

  /**
   * @param maxBytes memory of one run
   */
  BatchChoice(CostEstimate cost, int maxBatch, double maxBytes) {
    this.cost = cost;
    this.maxBatch = maxBatch;
    this.maxBytes = maxBytes;
  }

  private record Scored<P>(List<Waiting<P>> members, double score, long nanos) {}

  private record Urgent<P>(Waiting<P> request, long latestStart, double work) {}

  /**
   * @param able what can be served in time, most urgent first; at least one
   * @param fair whether a request's client may be served now; true for one of {@code able}
   * @param longest time of the run, unless it is of one request
   */
  List<Waiting<P>> best(List<Waiting<P>> able, Predicate<Waiting<P>> fair, long now, long longest) {
    List<Waiting<P>> byUrgency = able.stream().filter(fair).toList();
    List<Waiting<P>> byLength = byUrgency.stream().sorted(Waiting::byLength).toList();
    long most = cost.nanos(Math.min(maxBatch, rows(byUrgency)), byLength.getLast().length);
    List<Urgent<P>> urgent = urgent(able, now, now + most);
    List<Scored<P>> runs = new ArrayList<>();
    int without = 0;
    while (true) {
      Waiting<P> anchor = byUrgency.get(without);
      collect(anchor, byLength, urgent, now, longest, runs);
      boolean leavesTime = anchor.deadline - now >= most;
      int next = without + 1 + without / 2;
      if (leavesTime || next >= byUrgency.size() || next > MOST_URGENT) {
        return chosen(runs);
      }
      without = next;
    }
  }

  private static int rows(List<? extends Waiting<?>> requests) {
    return requests.stream().mapToInt(request -> request.rows).sum();
  }

  private List<Waiting<P>> chosen(List<Scored<P>> runs) {
    double best = runs.stream().mapToDouble(Scored::score).max().orElseThrow();
    double good = best > 0 ? AS_GOOD * best : best;
    return runs.stream()
        .filter(run -> run.score() >= good)
        .min(Comparator.comparingLong(Scored::nanos))
        .orElseThrow()
        .members();
  }

  /** All runs with the anchor and others of its group that are no more urgent. */
  private void collect(
      Waiting<P> anchor,
      List<Waiting<P>> byLength,
      List<Urgent<P>> urgent,
      long now,
      long longest,
      List<Scored<P>> runs) {
    List<Waiting<P>> candidates = new ArrayList<>();
    int own = -1;
    for (Waiting<P> request : byLength) {
      request.position = -1;
      if (request.group.equals(anchor.group) && Waiting.byUrgency(anchor, request) <= 0) {
        own = request == anchor ? candidates.size() : own;
        request.position = candidates.size();
        candidates.add(request);
      }
    }
    int between = 0;
    for (int to = own; to < candidates.size(); to++) {
      between += candidates.get(to).rows;
      if (to > own && between > maxBatch) {
        return;
      }
      boolean lastOfItsLength =
          to + 1 == candidates.size() || candidates.get(to + 1).length != candidates.get(to).length;
      if (lastOfItsLength) {
        collect(candidates, own, to, urgent, now, longest, runs);
      }
    }
  }

  /** Runs whose longest member is at {@code to}: from there down to the anchor and beyond. */
  private void collect(
      List<Waiting<P>> candidates,
      int own,
      int to,
      List<Urgent<P>> urgent,
      long now,
      long longest,
      List<Scored<P>> runs) {
    int length = candidates.get(to).length;
    int rows = 0;
    double work = 0;
    long deadline = Long.MAX_VALUE;
    for (int from = to; from >= 0; from--) {
      Waiting<P> next = candidates.get(from);
      rows += next.rows;
      work += work(next);
      deadline = Math.min(deadline, next.deadline);
      long nanos = cost.nanos(rows, length);
      boolean alone = from == to && from == own;
      if (!alone && (rows > maxBatch || cost.bytes(rows, length) > maxBytes || nanos > longest)) {
        return;
      }
      if (deadline - now < nanos) {
        return;
      }
      if (from <= own) {
        double lost = lost(urgent, from, to, now + nanos);
        runs.add(new Scored<>(candidates.subList(from, to + 1), (work - lost) / nanos, nanos));
      }
    }
  }

  private double work(Waiting<P> request) {
    return request.rows * cost.nanosPerRow(maxBatch, request.length);
  }

  private double lost(List<Urgent<P>> urgent, int from, int to, long end) {
    double lost = 0;
    for (Urgent<P> other : urgent) {
      int position = other.request().position;
      boolean member = position >= from && position <= to;
      if (!member && other.latestStart() < end) {
        lost += other.work();
      }
    }
    return lost;
  }

  /** Those that come too late unless they begin before {@code end}. */
  private List<Urgent<P>> urgent(List<Waiting<P>> able, long now, long end) {
    List<Urgent<P>> urgent = new ArrayList<>();
    for (Waiting<P> request : able) {
      request.position = -1;
      if (request.deadline != Waiting.NO_DEADLINE && urgent.size() < MOST_URGENT) {
        long start = request.deadline - cost.nanos(request.rows, request.length);
        if (start >= now && start < end) {
          urgent.add(new Urgent<>(request, start, work(request)));
        }
      }
    }
    return urgent;
  }
}
