package dev.hasten.runtime;

/**
 * What a run costs, as measured: time {@code t(b, n) = fixed + perExample·b + perElement·b·n +
 * perPair·b·n²} and memory {@code m(b, n) = bytesPerExample·b + bytesPerElement·b·n} for {@code b}
 * examples padded to the length {@code n} ({@link InputPipeline#length}). The quadratic term is
 * attention's.
 *
 * @param fixed seconds a run
 * @param perExample seconds an example
 * @param perElement seconds an example and unit of length
 * @param perPair seconds an example and squared unit of length
 * @param bytesPerExample memory of an example in a run, beside the model itself
 * @param bytesPerElement memory of an example and unit of length
 */
public record BatchCost(
    double fixed,
    double perExample,
    double perElement,
    double perPair,
    double bytesPerExample,
    double bytesPerElement) {
  public BatchCost {
    check("fixed", fixed);
    check("perExample", perExample);
    check("perElement", perElement);
    check("perPair", perPair);
    check("bytesPerExample", bytesPerExample);
    check("bytesPerElement", bytesPerElement);
    if (fixed + perExample + perElement + perPair <= 0) {
      throw new BadInputException(
          "cost: 0 s for every batch (expected: fixed, perExample, perElement or perPair above 0)");
    }
  }

  private static void check(String name, double value) {
    if (!(value >= 0) || value > 1e12) {
      throw new BadInputException(name + ": " + value + " (expected: >= 0)");
    }
  }

  /**
   * The shape of a small model on a processor; its scale is learnt from the first runs. For bundles
   * that were not tuned.
   */
  public static BatchCost unmeasured() {
    return new BatchCost(1e-3, 1e-4, 1e-4, 0, 0, 0);
  }

  /** Time only. */
  public static BatchCost ofTime(
      double fixed, double perExample, double perElement, double perPair) {
    return new BatchCost(fixed, perExample, perElement, perPair, 0, 0);
  }

  /** Expected seconds of a run of {@code batch} examples padded to {@code length}. */
  public double seconds(double batch, double length) {
    return fixed + batch * (perExample + length * (perElement + length * perPair));
  }

  /** Expected memory of such a run, in bytes, beside the model itself. */
  public double bytes(double batch, double length) {
    return batch * (bytesPerExample + length * bytesPerElement);
  }
}
