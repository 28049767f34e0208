package dev.hasten.measure;

import java.util.List;

/**
 * A model's outputs over a set of examples: one row each, all of the same width unless they are
 * texts or boxes.
 *
 * @param kind what a row is
 * @param rows row by example; not copied, not to be written to
 */
public record Outputs(OutputKind kind, List<float[]> rows) {
  public Outputs {
    rows = List.copyOf(rows);
    for (int i = 1; i < rows.size() && !varies(kind); i++) {
      if (rows.get(i).length != rows.get(0).length) {
        throw new IllegalArgumentException(
            "row "
                + i
                + " has "
                + rows.get(i).length
                + " values (expected: "
                + rows.get(0).length
                + ")");
      }
    }
  }

  private static boolean varies(OutputKind kind) {
    return kind == OutputKind.TEXT || kind == OutputKind.BOXES;
  }

  /** How many examples. */
  public int size() {
    return rows.size();
  }

  /** How many numbers a row has; 0 without rows, and where rows differ in length. */
  public int width() {
    return rows.isEmpty() || varies(kind) ? 0 : rows.get(0).length;
  }

  /** The row of example {@code i}. */
  public float[] row(int i) {
    return rows.get(i);
  }

  /** The rows at {@code indices}, repetitions allowed. */
  public Outputs subset(int[] indices) {
    float[][] picked = new float[indices.length][];
    for (int i = 0; i < indices.length; i++) {
      picked[i] = rows.get(indices[i]);
    }
    return new Outputs(kind, List.of(picked));
  }
}
