package dev.hasten.runtime;

import java.util.Arrays;
import java.util.List;

/**
 * How much of what waits can still be answered in time if work goes on at the usual efficiency: in
 * the order of the deadlines, and whenever one would come too late, the one given up that takes
 * most time for its worth. For equal worths that loses the fewest (Moore 1968).
 *
 * <p>A request is worth the square root of its work. Were it worth its work, then under overload
 * one long request would be answered instead of ten short ones; were all worth the same, no long
 * one would be answered at all.
 */
final class Outlook {
  /** A batch so large that what a run costs once is nothing to each. */
  private static final int LARGE = 1_000;

  /** Time of a run of unlike lengths over what its members would take unpadded. */
  private static final double PADDED = 1.2;

  private final long[] deadlines;
  private final double[] nanos;
  private final double[] worths;

  /** Those not given up, in a heap by time for worth: the dearest first, of equals the last. */
  private final int[] kept;

  private final boolean[] givenUp;
  private int size;

  /**
   * @param byUrgency those that wait
   * @param batch size of the runs to come
   * @param instances that share the work
   */
  Outlook(List<? extends Waiting<?>> byUrgency, CostEstimate cost, int batch, int instances) {
    int n = byUrgency.size();
    deadlines = new long[n];
    nanos = new double[n];
    worths = new double[n];
    kept = new int[n];
    givenUp = new boolean[n];
    for (int i = 0; i < n; i++) {
      Waiting<?> request = byUrgency.get(i);
      deadlines[i] = request.deadline;
      nanos[i] = PADDED * request.rows * cost.nanosPerRow(batch, request.length) / instances;
      worths[i] = worth(request, cost);
    }
  }

  private static double worth(Waiting<?> request, CostEstimate cost) {
    return request.rows * Math.sqrt(cost.nanosPerRow(LARGE, request.length));
  }

  int size() {
    return deadlines.length;
  }

  double worth(int which) {
    return worths[which];
  }

  /** Whether {@link #inTime} has given it up. */
  boolean givenUp(int which) {
    return givenUp[which];
  }

  /**
   * Worth of what can be answered in time.
   *
   * @param start when an instance is free for them
   * @param left out, by place
   */
  double inTime(double start, boolean[] left) {
    Arrays.fill(givenUp, false);
    size = 0;
    double end = start;
    double worth = 0;
    for (int i = 0; i < deadlines.length; i++) {
      if (left[i]) {
        continue;
      }
      end += nanos[i];
      worth += worths[i];
      push(i);
      while (end > deadlines[i] && size > 0) {
        int dearest = pop();
        givenUp[dearest] = true;
        end -= nanos[dearest];
        worth -= worths[dearest];
      }
    }
    return worth;
  }

  private boolean dearer(int a, int b) {
    double difference = nanos[a] * worths[b] - nanos[b] * worths[a];
    return difference > 0 || (difference == 0 && a > b);
  }

  private void push(int request) {
    int place = size++;
    while (place > 0 && dearer(request, kept[(place - 1) / 2])) {
      kept[place] = kept[(place - 1) / 2];
      place = (place - 1) / 2;
    }
    kept[place] = request;
  }

  private int pop() {
    int top = kept[0];
    int last = kept[--size];
    int place = 0;
    while (2 * place + 1 < size) {
      int child = 2 * place + 1;
      if (child + 1 < size && dearer(kept[child + 1], kept[child])) {
        child++;
      }
      if (!dearer(kept[child], last)) {
        break;
      }
      kept[place] = kept[child];
      place = child;
    }
    kept[place] = last;
    return top;
  }
}
