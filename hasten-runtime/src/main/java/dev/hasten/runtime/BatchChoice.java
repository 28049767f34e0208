package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.List;

/**
 * The best run that contains a given request. Candidates lie in the order of their lengths; a run
 * takes neighbours, so that little padding is computed: for each longest member, as many of the
 * next shorter ones as fit. Of these runs the one that gets most useful work done per time is best:
 *
 * <pre>(work of its members - work of others that would come too late because of it) / its time
 * </pre>
 *
 * <p>where a request's work is what it costs in a full batch without padding. A run in which a
 * member would be late does not count. Of runs that are as good within 1 % the shortest is taken:
 * where batches gain nothing, requests run alone.
 */
final class BatchChoice<P> {
  /** A run this much less efficient than the best is worth its shorter time. */
  private static final double AS_GOOD = 0.99;

  /** Others that are looked at for coming too late: the most urgent. */
  private static final int MOST_URGENT = 64;

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

  private record Scored(int from, int to, double score, long nanos) {}

  private record Urgent(int position, long latestStart, double work) {}

  /**
   * @param anchor one of the candidates, the most urgent of them
   * @param candidates of one group, sorted by {@link Waiting#byLength}
   * @param others all that could be served now, most urgent first
   * @param longest time of the run, unless it is the anchor alone
   */
  List<Waiting<P>> best(
      Waiting<P> anchor,
      List<Waiting<P>> candidates,
      List<Waiting<P>> others,
      long now,
      long longest) {
    others.forEach(other -> other.position = -1);
    for (int i = 0; i < candidates.size(); i++) {
      candidates.get(i).position = i;
    }
    int own = anchor.position;
    List<Scored> runs = new ArrayList<>();
    List<Urgent> urgent = urgent(anchor, candidates, others, now);
    int between = 0;
    for (int to = own; to < candidates.size(); to++) {
      between += candidates.get(to).rows;
      if (to > own && between > maxBatch) {
        break;
      }
      boolean lastOfItsLength =
          to + 1 == candidates.size() || candidates.get(to + 1).length != candidates.get(to).length;
      if (lastOfItsLength) {
        collect(candidates, own, to, urgent, now, longest, runs);
      }
    }
    double best = runs.stream().mapToDouble(Scored::score).max().orElse(0);
    Scored chosen = new Scored(own, own, 0, Long.MAX_VALUE);
    for (Scored run : runs) {
      if (run.score() >= (best > 0 ? AS_GOOD * best : best) && run.nanos() < chosen.nanos()) {
        chosen = run;
      }
    }
    return candidates.subList(chosen.from(), chosen.to() + 1);
  }

  /** Runs whose longest member is at {@code to}: from there down to the anchor and beyond. */
  private void collect(
      List<Waiting<P>> candidates,
      int own,
      int to,
      List<Urgent> urgent,
      long now,
      long longest,
      List<Scored> runs) {
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
        runs.add(new Scored(from, to, (work - lost) / nanos, nanos));
      }
    }
  }

  private double work(Waiting<P> request) {
    return request.rows * cost.nanosPerRow(maxBatch, request.length);
  }

  private static double lost(List<Urgent> urgent, int from, int to, long end) {
    double lost = 0;
    for (Urgent other : urgent) {
      boolean member = other.position() >= from && other.position() <= to;
      if (!member && other.latestStart() < end) {
        lost += other.work();
      }
    }
    return lost;
  }

  /**
   * Those that could still be in time after the anchor alone, but perhaps not after a longer run.
   */
  private List<Urgent> urgent(
      Waiting<P> anchor, List<Waiting<P>> candidates, List<Waiting<P>> others, long now) {
    long soonest = now + cost.nanos(anchor.rows, anchor.length);
    long latest = now + cost.nanos(maxBatch, candidates.getLast().length);
    List<Urgent> urgent = new ArrayList<>();
    for (Waiting<P> other : others) {
      if (other.deadline == Waiting.NO_DEADLINE || urgent.size() == MOST_URGENT) {
        continue;
      }
      long start = other.deadline - cost.nanos(other.rows, other.length);
      if (start >= soonest && start < latest) {
        urgent.add(new Urgent(other.position, start, work(other)));
      }
    }
    return urgent;
  }
}
