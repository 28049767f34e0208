package dev.hasten.runtime;

/**
 * What a model gets to know of a recording.
 *
 * @param values {@code [frames, bands]}, row by row; not to be written to once shared
 * @param bands numbers per frame; a wave has one
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; too large to be copied.
record Features(double[] values, int frames, int bands) {
  /**
   * @param rows at least one
   */
  static Features of(double[][] rows) {
    int bands = rows[0].length;
    double[] values = new double[Math.multiplyExact(rows.length, bands)];
    for (int f = 0; f < rows.length; f++) {
      System.arraycopy(rows[f], 0, values, f * bands, bands);
    }
    return new Features(values, rows.length, bands);
  }
}
