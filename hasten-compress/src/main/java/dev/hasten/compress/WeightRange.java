package dev.hasten.compress;

import dev.hasten.measure.Hardware;
import java.util.List;
import java.util.Locale;

/**
 * Which whole numbers an 8-bit weight may become. Without VNNI, x86 multiplies bytes with
 * VPMADDUBSW: two products of an unsigned activation and a signed weight are added in 16 bits, and
 * the sum is cut off silently at ±32,767. Which products meet is known: ONNX Runtime packs four
 * consecutive k of a column together and adds k with k + 1, k even (MLAS, {@code
 * QgemmU8S8KernelAvx2}, {@code QgemvU8S8KernelAvx2}); of a convolution k runs through the input
 * channels of one kernel position, then through those of the next ({@code QLinearConv}'s {@code
 * ReorderFilter}, {@code MlasConvSymPackW}).
 */
enum WeightRange {
  /** {@link #PAIRED} where the processor's products would saturate, else {@link #FULL}. */
  AUTO(127),
  /** ±127. */
  FULL(127),
  /**
   * ±127, but the two weights that meet in one sum hold together at most 128 with the same sign:
   * 255 · 128 = 32,640 ≤ 32,767, so that no activations whatever saturate. Of opposite signs the
   * products cancel and each alone fits: 255 · 127 = 32,385.
   */
  PAIRED(127),
  /** ±64: any two weights hold the bound of {@link #PAIRED}. */
  REDUCED(64);

  /** What two weights of the same sign that meet in one sum may hold together. */
  static final int PAIR_SUM = 128;

  static final Parameter.Choice PARAMETER =
      new Parameter.Choice(
          "range",
          "weights within ±127 (full), within ±64 (reduced), or as wide as no sum of two products"
              + " can saturate (paired); auto: paired on processors without VNNI, else full",
          List.of("auto", "full", "paired", "reduced"));

  private final int limit;

  WeightRange(int limit) {
    this.limit = limit;
  }

  static WeightRange of(Settings settings) {
    return valueOf(settings.word(PARAMETER.name()).toUpperCase(Locale.ROOT));
  }

  /** What {@link #AUTO} means on this processor; the others stay. */
  WeightRange on(Hardware hardware) {
    return this != AUTO ? this : hardware.int8Saturates() ? PAIRED : FULL;
  }

  /** The largest magnitude of a weight. */
  int limit() {
    return limit;
  }

  /** For reports: {@code ±127}. */
  @Override
  public String toString() {
    return "±" + limit + (this == PAIRED ? ", pairs within ±" + PAIR_SUM : "");
  }
}
