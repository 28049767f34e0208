package dev.hasten.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A plain text table: first column to the left, the others to the right unless asked otherwise. */
final class Table {
  private final List<String[]> rows = new ArrayList<>();
  private boolean left;

  Table(String... header) {
    rows.add(header);
  }

  Table row(Object... cells) {
    rows.add(Arrays.stream(cells).map(String::valueOf).toArray(String[]::new));
    return this;
  }

  /** The same with every column to the left, for words. */
  Table leftAligned() {
    left = true;
    return this;
  }

  @Override
  public String toString() {
    int columns = rows.stream().mapToInt(row -> row.length).max().orElse(0);
    int[] width = new int[columns];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        width[i] = Math.max(width[i], row[i].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder("  ");
      for (int i = 0; i < row.length; i++) {
        String pad = " ".repeat(width[i] - row[i].length());
        line.append(i == 0 || left ? row[i] + pad : pad + row[i])
            .append(i + 1 < row.length ? "  " : "");
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
