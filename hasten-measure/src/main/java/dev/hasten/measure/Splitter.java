package dev.hasten.measure;

import dev.hasten.runtime.Example;
import java.util.Map;

/**
 * Splits a dataset by a seeded hash of each example's content: the same example always goes to the
 * same split, whatever the order of the file, and duplicates never straddle two.
 *
 * <p>A limit keeps a sample of the split that is uniform, not the head of the file: files are often
 * sorted.
 *
 * @param seed of the hash
 * @param fractions of the splits; they sum to 1
 * @param limits most examples to keep of a split; a split without entry keeps all
 */
public record Splitter(long seed, Map<Split, Double> fractions, Map<Split, Integer> limits) {
  public Splitter {
    fractions = Map.copyOf(fractions);
    limits = Map.copyOf(limits);
  }

  /** A fifth to calibrate, two fifths to validate, two fifths to test; no limits. */
  public static Splitter of(long seed) {
    return new Splitter(
        seed, Map.of(Split.CALIBRATE, 0.2, Split.VALIDATE, 0.4, Split.TEST, 0.4), Map.of());
  }

  /** The same with other fractions. */
  public Splitter withFractions(double calibrate, double validate, double test) {
    return new Splitter(
        seed,
        Map.of(Split.CALIBRATE, calibrate, Split.VALIDATE, validate, Split.TEST, test),
        limits);
  }

  /** The same, keeping at most {@code limit} examples of {@code split}. */
  public Splitter withLimit(Split split, int limit) {
    java.util.EnumMap<Split, Integer> changed = new java.util.EnumMap<>(Split.class);
    changed.putAll(limits);
    changed.put(split, limit);
    return new Splitter(seed, fractions, changed);
  }

  /** Where an example goes. */
  public Split splitOf(Example example) {
    throw new UnsupportedOperationException();
  }

  /** Reads the dataset once; memory is bounded by the limits. */
  public Splits split(Dataset dataset) {
    throw new UnsupportedOperationException();
  }
}
