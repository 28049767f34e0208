package dev.hasten.compress;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The integer form of an activation: {@code x ≈ scale · (code − zero)}.
 *
 * @param type uint8, int8, uint16 or int16
 */
record ActivationCode(DataType type, float scale, int zero) {
  static final Parameter.Choice PARAMETER =
      new Parameter.Choice(
          "activations",
          "type of the activations: uint8 is what x86 has fast kernels for; with 16 bits ONNX"
              + " Runtime's CPU kernels compute in floating point",
          List.of("uint8", "int8", "uint16", "int16"));

  static DataType type(Settings settings) {
    return DataType.valueOf(settings.word(PARAMETER.name()).toUpperCase(Locale.ROOT));
  }

  /** How many numbers the type has. */
  static int levels(DataType type) {
    return 1 << (8 * type.bytes(1));
  }

  static boolean isSigned(DataType type) {
    return type == DataType.INT8 || type == DataType.INT16;
  }

  private static int lowest(DataType type) {
    return isSigned(type) ? -levels(type) / 2 : 0;
  }

  /**
   * The code that covers a range; null if the range is too narrow for a scale.
   *
   * @param range holds zero
   * @param symmetric whether zero gets the middle of the type. A range that begins at zero keeps
   *     the whole type nevertheless: it was cut there, by a Relu for instance, which the lowest
   *     code now stands for
   */
  static @Nullable ActivationCode of(RangeRule.Range range, DataType type, boolean symmetric) {
    int lowest = lowest(type);
    int steps = levels(type) - 1;
    if (symmetric && range.low() < 0) {
      double bound = Math.max(-range.low(), range.high());
      float scale = (float) (bound / (steps / 2));
      return scale >= Float.MIN_NORMAL
          ? new ActivationCode(type, scale, lowest + steps / 2 + 1)
          : null;
    }
    float scale = (float) ((range.high() - range.low()) / steps);
    if (!(scale >= Float.MIN_NORMAL)) {
      return null;
    }
    long zero = Math.round(lowest - range.low() / scale);
    return new ActivationCode(type, scale, (int) Math.clamp(zero, lowest, lowest + steps));
  }

  Value addScale(Graph graph, String base) {
    return graph.addInitializer(base + "_scale", Tensor.scalar(scale));
  }

  Value addZero(Graph graph, String base) {
    return graph.addInitializer(base + "_zero", codes(new long[] {zero}));
  }

  /** Numbers quantized to this code. */
  Tensor encode(float[] numbers, long... dims) {
    long[] codes = new long[numbers.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = code(numbers[i]);
    }
    return codes(codes, dims);
  }

  /** The code of a number, as QuantizeLinear finds it. */
  int code(float number) {
    int lowest = lowest(type);
    long code = (long) Math.rint(number / scale) + zero;
    return (int) Math.clamp(code, lowest, lowest + levels(type) - 1);
  }

  private Tensor codes(long[] codes, long... dims) {
    int width = Math.toIntExact(type.bytes(1));
    return Tensor.build(
        type,
        dims,
        segment -> {
          for (int i = 0; i < codes.length; i++) {
            segment.set(ValueLayout.JAVA_BYTE, (long) i * width, (byte) codes[i]);
            if (width == 2) {
              segment.set(ValueLayout.JAVA_BYTE, i * 2L + 1, (byte) (codes[i] >> 8));
            }
          }
        });
  }

  /** What can be represented, for reports. */
  @Override
  public String toString() {
    double low = (lowest(type) - zero) * (double) scale;
    double high = (lowest(type) + levels(type) - 1 - zero) * (double) scale;
    return "%s of [%.4g, %.4g]".formatted(type, low, high);
  }
}
