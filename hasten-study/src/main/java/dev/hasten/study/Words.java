package dev.hasten.study;

import java.util.Collection;
import java.util.Comparator;

/** Helps with misspelt words. */
final class Words {
  private Words() {}

  /** {@code expected one of a, b, c; did you mean 'b'?}. */
  static String hint(String word, Collection<String> known) {
    String list = "expected one of " + String.join(", ", known);
    return known.stream()
        .min(Comparator.comparingInt((String k) -> distance(word, k)).thenComparing(k -> k))
        .filter(k -> distance(word, k) <= Math.max(1, Math.min(3, k.length() / 3)))
        .map(k -> list + "; did you mean '" + k + "'?")
        .orElse(list);
  }

  /** Least number of insertions, deletions and replacements. Levenshtein 1966. */
  private static int distance(String a, String b) {
    String left = plain(a);
    String right = plain(b);
    int[] row = new int[right.length() + 1];
    for (int j = 0; j <= right.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= left.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= right.length(); j++) {
        int replaced = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[right.length()];
  }

  /** Case, hyphens and underscores are no difference worth a step. */
  private static String plain(String word) {
    return word.replace("_", "").replace("-", "").toLowerCase(java.util.Locale.ROOT);
  }
}
