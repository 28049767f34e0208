package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;

/**
 * The best run of those that wait. In the order of their lengths a run takes neighbours, so that
 * little padding is computed; a run in which a member would be late does not count. As long as
 * nothing is lost by it, the run with the most urgent request that gets most work done per time is
 * best, a request's work being what it costs in a full batch without padding. Once not all can be
 * answered in time, of all runs the best is
 *
 * <pre>(worth of its members - worth of others that come too late because of it) / its time
 * </pre>
 *
 * <p>with the {@link Outlook}'s worth, which also tells what is lost: whoever serves the most
 * urgent alone, because it is the most urgent, makes all others late, too. Of runs that are as good
 * within 1 % the shortest is taken: where batches gain nothing, requests run alone.
 *
 * <p>A request without a deadline is served once its patience has ended, in the best run that it
 * can be part of.
 */
final class BatchChoice<P> {
  /** A run this much less efficient than the best is worth its shorter time. */
  private static final double AS_GOOD = 0.99;

  /** Requests of which a run is made: the most urgent. */
  private static final int MOST = 256;

  /** Others that are looked at for coming too late: the most urgent. */
  private static final int MOST_URGENT = 128;

  /** Runs that are looked at closely: the most efficient, and as many with the most urgent. */
  private static final int FINALISTS = 16;

  private final CostEstimate cost;
  private final int maxBatch;
  private final double maxBytes;
  private final int instances;

  BatchChoice(CostEstimate cost, SchedulerSettings settings) {
    this.cost = cost;
    this.maxBatch = settings.maxBatch();
    this.maxBytes = settings.runBytes();
    this.instances = settings.instances();
  }

  /**
   * A run that could be made.
   *
   * @param from place of its shortest member by length
   * @param to place of its longest, included
   * @param efficiency work or worth per time
   */
  private record Candidate(int from, int to, long nanos, double efficiency, double worth) {}

  /** What one choice looks at. */
  private final class Round {
    final List<Waiting<P>> byUrgency;
    final List<Waiting<P>> byLength;
    final long now;
    final long longest;
    final Outlook outlook;
    final boolean[] members;
    final boolean overdue;

    Round(List<Waiting<P>> fair, long now, long longest) {
      this.byUrgency = fair;
      this.byLength = fair.stream().sorted(Waiting::byLength).toList();
      this.now = now;
      this.longest = longest;
      List<Waiting<P>> urgent = fair.subList(0, Math.min(MOST_URGENT, fair.size()));
      // Of so many that wait, their lengths differing, about half share a run.
      int usual = Math.clamp(urgent.size() / (2 * instances), 1, maxBatch);
      this.outlook = new Outlook(urgent, cost, usual, instances);
      this.members = new boolean[urgent.size()];
      this.overdue = fair.getFirst().due <= now;
      for (int i = 0; i < fair.size(); i++) {
        fair.get(i).position = i;
      }
    }

    double worth(Waiting<P> request) {
      return request.position < outlook.size() ? outlook.worth(request.position) : 0;
    }

    /** Whether all can be answered in time even after the longest run that there could be. */
    boolean calm() {
      int rows = byUrgency.stream().mapToInt(request -> request.rows).sum();
      long most = cost.nanos(Math.min(maxBatch, rows), byLength.getLast().length);
      outlook.inTime((double) now + most, members);
      for (int i = 0; i < outlook.size(); i++) {
        if (outlook.givenUp(i)) {
          return false;
        }
      }
      return true;
    }

    List<Waiting<P>> best() {
      boolean calm = calm();
      Best efficient = new Best();
      Best urgent = new Best();
      for (int to = 0; to < byLength.size(); to++) {
        // Of one length the most urgent come last, and go first.
        if (to + 1 == byLength.size() || !alike(byLength.get(to), byLength.get(to + 1))) {
          collect(to, calm, efficient, urgent);
        }
      }
      List<Candidate> finalists = new ArrayList<>(urgent.all());
      if (!calm && !overdue) {
        finalists.addAll(efficient.all());
      }
      if (finalists.isEmpty()) {
        return List.of(byUrgency.getFirst());
      }
      Candidate chosen = calm ? shortest(finalists) : shortest(weighed(finalists));
      return byLength.subList(chosen.from(), chosen.to() + 1);
    }

    /** Runs whose longest member is at {@code to}. */
    private void collect(int to, boolean calm, Best efficient, Best urgent) {
      Waiting<P> last = byLength.get(to);
      int rows = 0;
      double work = 0;
      double worth = 0;
      long deadline = Long.MAX_VALUE;
      boolean mostUrgent = false;
      for (int from = to; from >= 0; from--) {
        Waiting<P> next = byLength.get(from);
        rows += next.rows;
        work += next.rows * cost.nanosPerRow(maxBatch, next.length);
        worth += worth(next);
        deadline = Math.min(deadline, next.deadline);
        mostUrgent |= next.position == 0;
        long nanos = cost.nanos(rows, last.length);
        boolean fits =
            rows <= maxBatch && cost.bytes(rows, last.length) <= maxBytes && nanos <= longest;
        if (!next.group.equals(last.group) || (from < to && !fits) || deadline - now < nanos) {
          return;
        }
        double efficiency = (calm ? work : worth) / nanos;
        (mostUrgent ? urgent : efficient).offer(new Candidate(from, to, nanos, efficiency, worth));
      }
    }

    /** The same, what is lost by each taken into account. */
    private List<Candidate> weighed(List<Candidate> finalists) {
      double whole = outlook.inTime(now, members);
      List<Candidate> weighed = new ArrayList<>();
      for (Candidate run : finalists) {
        mark(run, true);
        double left = outlook.inTime((double) now + run.nanos(), members);
        mark(run, false);
        double lost = Math.max(0, whole - run.worth() - left);
        double score = (run.worth() - lost) / run.nanos();
        weighed.add(new Candidate(run.from(), run.to(), run.nanos(), score, run.worth()));
      }
      return weighed;
    }

    private void mark(Candidate run, boolean member) {
      for (Waiting<P> request : byLength.subList(run.from(), run.to() + 1)) {
        if (request.position < members.length) {
          members[request.position] = member;
        }
      }
    }
  }

  /** The most efficient that were offered. */
  private static final class Best {
    private final PriorityQueue<Candidate> queue =
        new PriorityQueue<>(Comparator.comparingDouble(Candidate::efficiency));

    void offer(Candidate candidate) {
      if (queue.size() < FINALISTS) {
        queue.add(candidate);
      } else if (queue.element().efficiency() < candidate.efficiency()) {
        queue.remove();
        queue.add(candidate);
      }
    }

    List<Candidate> all() {
      return List.copyOf(queue);
    }
  }

  private static boolean alike(Waiting<?> a, Waiting<?> b) {
    return a.length == b.length && a.group.equals(b.group);
  }

  private static Candidate shortest(List<Candidate> runs) {
    double best = runs.stream().mapToDouble(Candidate::efficiency).max().orElseThrow();
    double good = best > 0 ? AS_GOOD * best : best;
    return runs.stream()
        .filter(run -> run.efficiency() >= good)
        .min(Comparator.comparingLong(Candidate::nanos))
        .orElseThrow();
  }

  /**
   * @param able what can be served in time, most urgent first; at least one
   * @param fair whether a request's client may be served now; true for one of {@code able}
   * @param longest time of the run, unless it is of one request
   */
  List<Waiting<P>> best(List<Waiting<P>> able, Predicate<Waiting<P>> fair, long now, long longest) {
    return new Round(able.stream().filter(fair).limit(MOST).toList(), now, longest).best();
  }
}
