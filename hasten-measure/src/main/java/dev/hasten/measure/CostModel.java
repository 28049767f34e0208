package dev.hasten.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How the time of a call grows with the batch {@code b} and the length {@code n} of its examples:
 * {@code t = fixed + perExample·b + perElement·b·n + perPair·b·n²}. The quadratic term is
 * attention's.
 *
 * <p>Fitted by least squares of the relative error, no coefficient below 0 (Lawson, Hanson 1974):
 * with four coefficients every choice of those that are 0 is tried.
 *
 * @param fixed seconds a call
 * @param perExample seconds an example
 * @param perElement seconds an example and unit of length
 * @param perPair seconds an example and squared unit of length
 * @param r2 share of the times' variance that the model explains, at most 1
 * @param worst largest relative error at a fitted point
 * @param points what was fitted
 */
public record CostModel(
    double fixed,
    double perExample,
    double perElement,
    double perPair,
    double r2,
    double worst,
    List<Point> points) {
  private static final int TERMS = 4;

  public CostModel {
    points = List.copyOf(points);
  }

  /** A measured call: {@code batch} examples of {@code length}, and its time. */
  public record Point(double batch, double length, double seconds) {
    double term(int which) {
      return switch (which) {
        case 0 -> 1;
        case 1 -> batch;
        case 2 -> batch * length;
        default -> batch * length * length;
      };
    }
  }

  /** The least number of points that a fit needs. */
  public static final int LEAST = 3;

  /**
   * Fits.
   *
   * @throws IllegalArgumentException with fewer than {@link #LEAST} points, or times that are not
   *     above 0
   */
  public static CostModel fit(List<Point> points) {
    if (points.size() < LEAST || points.stream().anyMatch(p -> !(p.seconds() > 0))) {
      throw new IllegalArgumentException(
          points + " (expected: at least " + LEAST + " points, each of a time above 0)");
    }
    double[] best = new double[TERMS];
    double least = Double.POSITIVE_INFINITY;
    for (int choice = 1; choice < 1 << TERMS; choice++) {
      int terms = Integer.bitCount(choice);
      if (terms > points.size()) {
        continue;
      }
      double[] found = solve(points, choice);
      if (found.length == 0) {
        continue;
      }
      double error = 0;
      for (Point point : points) {
        double off = at(found, point) / point.seconds() - 1;
        error += off * off;
      }
      // A term more must explain something: Akaike 1974, corrected for few points.
      int n = points.size();
      double few = n - terms - 1 > 0 ? 2.0 * terms * (terms + 1) / (n - terms - 1) : 4 * terms;
      double score = n * Math.log(Math.max(1e-8, error / n)) + 2 * terms + few;
      if (score < least) {
        least = score;
        best = found;
      }
    }
    return told(best, points);
  }

  private static CostModel told(double[] terms, List<Point> points) {
    double mean = points.stream().mapToDouble(Point::seconds).average().orElseThrow();
    double residual = 0;
    double total = 0;
    double worst = 0;
    for (Point point : points) {
      double off = at(terms, point) - point.seconds();
      residual += off * off;
      total += (point.seconds() - mean) * (point.seconds() - mean);
      worst = Math.max(worst, Math.abs(off) / point.seconds());
    }
    double r2 = total == 0 ? 1 : 1 - residual / total;
    return new CostModel(terms[0], terms[1], terms[2], terms[3], r2, worst, points);
  }

  /**
   * Coefficients of the chosen terms, the others 0; empty if one is below 0 or they can't be told
   * apart.
   */
  private static double[] solve(List<Point> points, int choice) {
    List<Integer> terms = new ArrayList<>();
    for (int t = 0; t < TERMS; t++) {
      if ((choice >> t & 1) == 1) {
        terms.add(t);
      }
    }
    int n = terms.size();
    double[][] normal = new double[n][n + 1];
    // Scaled columns keep the elimination well behaved: n² may be a million times the constant.
    double[] scale = new double[n];
    for (int i = 0; i < n; i++) {
      for (Point point : points) {
        scale[i] = Math.max(scale[i], point.term(terms.get(i)) / point.seconds());
      }
    }
    for (Point point : points) {
      for (int i = 0; i < n; i++) {
        double left = point.term(terms.get(i)) / point.seconds() / scale[i];
        for (int j = 0; j < n; j++) {
          normal[i][j] += left * point.term(terms.get(j)) / point.seconds() / scale[j];
        }
        normal[i][n] += left;
      }
    }
    if (!eliminate(normal)) {
      return new double[0];
    }
    double[] found = new double[TERMS];
    for (int i = 0; i < n; i++) {
      double value = normal[i][n] / scale[i];
      if (value < 0) {
        return new double[0];
      }
      found[terms.get(i)] = value;
    }
    return found;
  }

  /** Gauss-Jordan with pivoting; false if singular. */
  private static boolean eliminate(double[][] m) {
    int n = m.length;
    for (int c = 0; c < n; c++) {
      int pivot = c;
      for (int r = c + 1; r < n; r++) {
        pivot = Math.abs(m[r][c]) > Math.abs(m[pivot][c]) ? r : pivot;
      }
      if (Math.abs(m[pivot][c]) < 1e-10) {
        return false;
      }
      double[] swapped = m[c];
      m[c] = m[pivot];
      m[pivot] = swapped;
      for (int r = 0; r < n; r++) {
        double factor = r == c ? 0 : m[r][c] / m[c][c];
        for (int k = c; k <= n; k++) {
          m[r][k] -= factor * m[c][k];
        }
      }
      double own = m[c][c];
      for (int k = c; k <= n; k++) {
        m[c][k] /= own;
      }
    }
    return true;
  }

  private static double at(double[] terms, Point point) {
    double sum = 0;
    for (int t = 0; t < TERMS; t++) {
      sum += terms[t] * point.term(t);
    }
    return sum;
  }

  /** Seconds that a call is expected to take. */
  public double seconds(double batch, double length) {
    return at(new double[] {fixed, perExample, perElement, perPair}, new Point(batch, length, 1));
  }

  /** For people: {@code t = 0.12 ms + 0.051 ms·b·n (R² 0.998)}. */
  public String text() {
    List<String> parts = new ArrayList<>();
    String[] names = {"", "·b", "·b·n", "·b·n²"};
    double[] terms = {fixed, perExample, perElement, perPair};
    for (int t = 0; t < TERMS; t++) {
      if (terms[t] > 0) {
        parts.add(String.format(Locale.ROOT, "%.3g ms%s", terms[t] * 1e3, names[t]));
      }
    }
    return String.format(
        Locale.ROOT,
        "t(b, n) = %s, R² %.4f, at most %.0f %% off at %d points",
        String.join(" + ", parts),
        r2,
        worst * 100,
        points.size());
  }
}
