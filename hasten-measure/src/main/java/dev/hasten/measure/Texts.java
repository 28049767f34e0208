package dev.hasten.measure;

/** Texts as rows of {@link Outputs}: one number per Unicode code point. */
public final class Texts {
  private Texts() {}

  /** Every code point is a whole number below 2^24, which a float holds exactly. */
  public static float[] row(String text) {
    int[] points = text.codePoints().toArray();
    float[] row = new float[points.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = points[i];
    }
    return row;
  }

  static String of(float[] row) {
    StringBuilder text = new StringBuilder(row.length);
    for (float point : row) {
      text.appendCodePoint((int) point);
    }
    return text.toString();
  }
}
