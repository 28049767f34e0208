package dev.hasten.measure;

import java.util.List;

/** One-against-rest least squares with a penalty, solved by Cholesky's decomposition. */
final class RidgeClassifier {
  /** Penalty as a share of the features' mean variance times the number of rows. */
  private static final double PENALTY = 0.05;

  private final double[] mean;
  private final double[][] weights;
  private final double[] intercept;

  private RidgeClassifier(double[] mean, double[][] weights, double[] intercept) {
    this.mean = mean;
    this.weights = weights;
    this.intercept = intercept;
  }

  /**
   * @param rows features
   * @param targets class of each row, 0 to {@code classes} - 1
   */
  static RidgeClassifier fit(List<float[]> rows, int[] targets, int classes) {
    int width = rows.get(0).length;
    double[] mean = new double[width];
    for (float[] row : rows) {
      for (int c = 0; c < width; c++) {
        mean[c] += row[c] / (double) rows.size();
      }
    }
    double[][] gram = new double[width][width];
    double[][] moments = new double[width][classes];
    double[] share = new double[classes];
    double[] centred = new double[width];
    for (int r = 0; r < rows.size(); r++) {
      float[] row = rows.get(r);
      share[targets[r]] += 1.0 / rows.size();
      for (int c = 0; c < width; c++) {
        centred[c] = row[c] - mean[c];
      }
      for (int c = 0; c < width; c++) {
        double value = centred[c];
        double[] into = gram[c];
        for (int k = 0; k <= c; k++) {
          into[k] += value * centred[k];
        }
        // Targets are ±1; with centred features only the +1s of a class count, twice.
        moments[c][targets[r]] += 2 * value;
      }
    }
    double trace = 0;
    for (int c = 0; c < width; c++) {
      trace += gram[c][c];
    }
    for (int c = 0; c < width; c++) {
      gram[c][c] += PENALTY * trace / width + Double.MIN_NORMAL;
    }
    solve(gram, moments);
    double[] intercept = new double[classes];
    for (int k = 0; k < classes; k++) {
      intercept[k] = 2 * share[k] - 1;
    }
    return new RidgeClassifier(mean, moments, intercept);
  }

  /** Largest element of what the solution leaves of its normal equations; 0 but for rounding. */
  double residual(List<float[]> rows, int[] targets) {
    int width = mean.length;
    double trace = 0;
    double[][] left = new double[width][intercept.length];
    for (int r = 0; r < rows.size(); r++) {
      double[] error = new double[intercept.length];
      for (int k = 0; k < error.length; k++) {
        error[k] = intercept[k] - (targets[r] == k ? 1 : -1);
        for (int c = 0; c < width; c++) {
          error[k] += (rows.get(r)[c] - mean[c]) * weights[c][k];
        }
      }
      for (int c = 0; c < width; c++) {
        double value = rows.get(r)[c] - mean[c];
        trace += value * value;
        for (int k = 0; k < error.length; k++) {
          left[c][k] += value * error[k];
        }
      }
    }
    double largest = 0;
    for (int c = 0; c < width; c++) {
      for (int k = 0; k < intercept.length; k++) {
        largest = Math.max(largest, Math.abs(left[c][k] + PENALTY * trace / width * weights[c][k]));
      }
    }
    return largest;
  }

  /** Solves {@code a x = b} in place of b; a is symmetric, given by its lower half, overwritten. */
  private static void solve(double[][] a, double[][] b) {
    int n = a.length;
    for (int j = 0; j < n; j++) {
      for (int i = j; i < n; i++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= a[i][k] * a[j][k];
        }
        // Rounding can take a pivot of a singular matrix below zero.
        a[i][j] = i == j ? Math.sqrt(Math.max(sum, Double.MIN_NORMAL)) : sum / a[j][j];
      }
    }
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        subtract(b[i], b[k], a[i][k]);
      }
      divide(b[i], a[i][i]);
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int k = i + 1; k < n; k++) {
        subtract(b[i], b[k], a[k][i]);
      }
      divide(b[i], a[i][i]);
    }
  }

  private static void subtract(double[] from, double[] what, double times) {
    for (int i = 0; i < from.length; i++) {
      from[i] -= times * what[i];
    }
  }

  private static void divide(double[] row, double by) {
    for (int i = 0; i < row.length; i++) {
      row[i] /= by;
    }
  }

  int predict(float[] row) {
    double[] scores = intercept.clone();
    for (int c = 0; c < row.length; c++) {
      double value = row[c] - mean[c];
      for (int k = 0; k < scores.length; k++) {
        scores[k] += value * weights[c][k];
      }
    }
    int best = 0;
    for (int k = 1; k < scores.length; k++) {
      if (scores[k] > scores[best]) {
        best = k;
      }
    }
    return best;
  }
}
