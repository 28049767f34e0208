package dev.hasten.measure;

import java.util.Arrays;
import java.util.List;

/** Least number of insertions, deletions and replacements. Levenshtein 1966. */
final class EditDistance {
  private EditDistance() {}

  static int of(List<?> a, List<?> b) {
    int[] row = new int[b.size() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= a.size(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.size(); j++) {
        int replaced = diagonal + (a.get(i - 1).equals(b.get(j - 1)) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.size()];
  }
}
