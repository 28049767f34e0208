package dev.hasten.measure;

import java.util.List;

/** Arithmetic on rows. */
final class Vectors {
  private Vectors() {}

  static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  static double norm(float[] a) {
    return Math.sqrt(dot(a, a));
  }

  /** 0 where one of them has no direction, unless both have none. */
  static double cosine(float[] a, float[] b) {
    double norms = norm(a) * norm(b);
    if (norms == 0) {
      return norm(a) == norm(b) ? 1 : 0;
    }
    return Math.clamp(dot(a, b) / norms, -1, 1);
  }

  static boolean isFinite(float[] row) {
    for (float value : row) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** The largest element's place; the first of equals. */
  static int argMax(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      if (row[i] > row[best]) {
        best = i;
      }
    }
    return best;
  }

  static boolean isDistribution(float[] row) {
    double sum = 0;
    for (float value : row) {
      if (value < 0 || value > 1 + 1e-3) {
        return false;
      }
      sum += value;
    }
    return Math.abs(sum - 1) < 1e-2;
  }

  /** Row and column exchanged, each row first brought to unit length. */
  static float[][] unitColumns(List<float[]> rows, int width) {
    float[][] columns = new float[width][rows.size()];
    for (int r = 0; r < rows.size(); r++) {
      float[] row = rows.get(r);
      double norm = norm(row);
      double scale = norm == 0 ? 0 : 1 / norm;
      for (int c = 0; c < width; c++) {
        columns[c][r] = (float) (row[c] * scale);
      }
    }
    return columns;
  }
}
