package dev.hasten.compress;

import java.util.Collection;
import java.util.Comparator;

/** Helps a user who mistyped a name. */
final class Spelling {
  private Spelling() {}

  /** Such as {@code did you mean 'range'? known: range, ops}. */
  static String hint(String typed, Collection<String> known) {
    String list = "known: " + (known.isEmpty() ? "none" : String.join(", ", known));
    return known.stream()
        .min(Comparator.comparingInt(name -> distance(typed, name)))
        .filter(name -> distance(typed, name) <= Math.max(2, name.length() / 3))
        .map(name -> "did you mean '" + name + "'? " + list)
        .orElse(list);
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
