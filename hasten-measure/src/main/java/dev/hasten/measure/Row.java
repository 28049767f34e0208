package dev.hasten.measure;

/**
 * A condition under which speed is measured.
 *
 * @param batch examples per call
 * @param length length of each (tokens for text); 0 where inputs keep their natural size
 * @param threads intra-operator threads
 */
public record Row(int batch, int length, int threads) {
  public Row {
    if (batch < 1 || length < 0 || threads < 1) {
      throw new IllegalArgumentException(
          "batch %d, length %d, threads %d (expected: >= 1, >= 0, >= 1)"
              .formatted(batch, length, threads));
    }
  }

  @Override
  public String toString() {
    return "b" + batch + (length == 0 ? "" : "×" + length) + " " + threads + "t";
  }
}
