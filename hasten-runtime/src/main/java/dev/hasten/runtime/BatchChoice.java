package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * The best run of those that wait. In the order of their lengths a run takes neighbours, so that
 * little padding is computed, and passes over those for which so long a run would end too late. As
 * long as nothing is lost by it, the run with the most urgent request that gets most work done per
 * time is best, a request's work being what it costs in a full batch without padding. Once not all
 * can be answered in time, of all runs the best is
 *
 * <pre>(worth of its members - worth of others that come too late because of it) / its time
 * </pre>
 *
 * <p>with the {@link Outlook}'s worth, which also tells what is lost: whoever serves the most
 * urgent, because they are the most urgent, in runs as small as their time allows, makes all others
 * late, too, until they are as urgent. What is lost counts only as far as there is time for all
 * that come: where others are refused, they take the place of those that are lost. Of runs that are
 * as good within 1 % the shortest is taken: where batches gain nothing, requests run alone.
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
  private static final int MOST_URGENT = 64;

  /** Runs that are looked at closely: the most efficient, and as many with the most urgent. */
  private static final int FINALISTS = 6;

  private final CostEstimate cost;
  private final int maxBatch;
  private final double maxBytes;
  private final int instances;
  private final int[] sizes;

  BatchChoice(CostEstimate cost, SchedulerSettings settings) {
    this.cost = cost;
    this.maxBatch = settings.maxBatch();
    this.maxBytes = settings.runBytes();
    this.instances = settings.instances();
    this.sizes = sizes(maxBatch);
  }

  /** Sizes that are tried: 1, 2, 3, 4, 6, 8, 12 and so on, and the largest. */
  private static int[] sizes(int most) {
    IntStream powers = IntStream.iterate(1, size -> size < most, size -> 2 * size);
    return powers
        .flatMap(size -> IntStream.of(size, size + size / 2, most))
        .filter(size -> size <= most)
        .sorted()
        .distinct()
        .toArray();
  }

  /**
   * A run that could be made.
   *
   * @param efficiency work or worth per time
   * @param urgent whether the most urgent of all is in it
   */
  private record Candidate<P>(
      List<Waiting<P>> members, long nanos, double efficiency, double worth, boolean urgent) {}

  /** What one choice looks at. */
  private final class Round {
    final List<Waiting<P>> byUrgency;
    final List<Waiting<P>> byLength;
    final long now;
    final long longest;
    final double refused;
    final int rows;
    final Outlook outlook;
    final boolean[] members;
    final boolean overdue;

    Round(List<Waiting<P>> fair, long now, long longest, double refused) {
      this.byUrgency = fair;
      this.byLength = fair.stream().sorted(Waiting::byLength).toList();
      this.now = now;
      this.longest = longest;
      this.refused = refused;
      this.rows = fair.stream().mapToInt(request -> request.rows).sum();
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
      Best<P> efficient = new Best<>();
      Best<P> urgent = new Best<>();
      for (int to = 0; to < byLength.size(); to++) {
        // Of one length the most urgent come last, and go first.
        if (to + 1 == byLength.size() || !alike(byLength.get(to), byLength.get(to + 1))) {
          collect(to, calm, efficient, urgent);
        }
      }
      List<Candidate<P>> finalists = new ArrayList<>(urgent.all());
      if (!calm && !overdue) {
        finalists.addAll(efficient.all());
      }
      if (finalists.isEmpty()) {
        return List.of(byUrgency.getFirst());
      }
      return shortest(calm ? finalists : weighed(finalists)).members();
    }

    /** Runs of each size whose longest members are as long as that at {@code to}. */
    private void collect(int to, boolean calm, Best<P> efficient, Best<P> urgent) {
      for (int size : sizes) {
        Optional<Candidate<P>> run = run(to, Math.min(size, rows), calm);
        if (run.isEmpty()) {
          return;
        }
        (run.get().urgent() ? urgent : efficient).offer(run.get());
        if (size >= rows) {
          return;
        }
      }
    }

    /** At most {@code size} rows, of those for which so large a run would end in time. */
    private Optional<Candidate<P>> run(int to, int size, boolean calm) {
      Waiting<P> longestOne = byLength.get(to);
      int length = longestOne.length;
      long end = now + cost.nanos(Math.max(size, longestOne.rows), length);
      List<Waiting<P>> members = new ArrayList<>();
      int its = 0;
      double work = 0;
      double worth = 0;
      boolean urgent = false;
      for (int i = to; i >= 0 && byLength.get(i).group.equals(longestOne.group); i--) {
        Waiting<P> next = byLength.get(i);
        if (next.deadline < end) {
          continue;
        }
        if (members.isEmpty() ? next.length < length : !fits(its + next.rows, size, length)) {
          break;
        }
        members.add(next);
        its += next.rows;
        work += next.rows * cost.nanosPerRow(maxBatch, next.length);
        worth += worth(next);
        urgent |= next.position == 0;
      }
      if (members.isEmpty()) {
        return Optional.empty();
      }
      long nanos = cost.nanos(its, length);
      double efficiency = (calm ? work : worth) / nanos;
      return Optional.of(new Candidate<>(members, nanos, efficiency, worth, urgent));
    }

    private boolean fits(int batch, int size, int length) {
      return batch <= size
          && cost.bytes(batch, length) <= maxBytes
          && cost.nanos(batch, length) <= longest;
    }

    /** The same, what is lost by each taken into account. */
    private List<Candidate<P>> weighed(List<Candidate<P>> finalists) {
      double whole = outlook.inTime(now, members);
      List<Candidate<P>> weighed = new ArrayList<>();
      for (Candidate<P> run : finalists) {
        mark(run, true);
        double left = outlook.inTime((double) now + run.nanos(), members);
        mark(run, false);
        double lost = (1 - refused) * Math.max(0, whole - run.worth() - left);
        double score = (run.worth() - lost) / run.nanos();
        weighed.add(new Candidate<>(run.members(), run.nanos(), score, run.worth(), run.urgent()));
      }
      return weighed;
    }

    private void mark(Candidate<P> run, boolean member) {
      for (Waiting<P> request : run.members()) {
        if (request.position < members.length) {
          members[request.position] = member;
        }
      }
    }
  }

  /** The most efficient that were offered. */
  private static final class Best<P> {
    private final PriorityQueue<Candidate<P>> queue =
        new PriorityQueue<>(Comparator.comparingDouble(Candidate<P>::efficiency));

    void offer(Candidate<P> candidate) {
      if (queue.size() < FINALISTS) {
        queue.add(candidate);
      } else if (queue.element().efficiency() < candidate.efficiency()) {
        queue.remove();
        queue.add(candidate);
      }
    }

    List<Candidate<P>> all() {
      return List.copyOf(queue);
    }
  }

  private static boolean alike(Waiting<?> a, Waiting<?> b) {
    return a.length == b.length && a.group.equals(b.group);
  }

  private static <P> Candidate<P> shortest(List<Candidate<P>> runs) {
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
   * @param refused share of those that come that is refused for want of time
   */
  List<Waiting<P>> best(
      List<Waiting<P>> able, Predicate<Waiting<P>> fair, long now, long longest, double refused) {
    List<Waiting<P>> some = able.stream().filter(fair).limit(MOST).toList();
    return new Round(some, now, longest, refused).best();
  }
}
