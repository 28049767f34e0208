package dev.hasten.study.generate;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;

/** Makes the elements of an input. */
final class Elements {
  private static final List<String> WORDS =
      List.of("river", "stone", "walks", "blue", "seven", "quietly", "engine", "under", "glass");

  /** Beyond this an input was hardly meant: 1 GB. */
  private static final long MOST_BYTES = 1L << 30;

  private Elements() {}

  /**
   * @param shape its sizes
   * @param length of the inputs, for {@link ValueRule.InputLength}
   * @throws BadInputException if it would take more than 1 GB
   */
  static NdArray of(PlannedInput input, List<Long> shape, int length, SplittableRandom random) {
    long[] dims = shape.stream().mapToLong(Long::longValue).toArray();
    double size = shape.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b);
    if (size * Math.max(1, input.type().bytes()) > MOST_BYTES) {
      throw new BadInputException(
          "input %s: shape %s would take more than 1 GB (expected: less; give --shape %s=…)"
              .formatted(input.name(), shape, input.name()));
    }
    int count = (int) size;
    if (input.type() == ElementType.STRING) {
      List<String> words = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        words.add(WORDS.get(random.nextInt(WORDS.size())));
      }
      return NdArray.strings(words, dims);
    }
    int last = dims.length == 0 ? 1 : (int) Math.max(1, dims[dims.length - 1]);
    IntToDoubleFunction element = element(input.values(), last, length, random);
    ByteBuffer data =
        ByteBuffer.allocate(count * input.type().bytes()).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      put(data, input.type(), element.applyAsDouble(i));
    }
    return NdArray.of(input.type(), data.flip(), dims);
  }

  private static IntToDoubleFunction element(
      ValueRule rule, int last, int length, SplittableRandom random) {
    return switch (rule) {
      case ValueRule.Ids(long bound, String _) -> _ -> random.nextLong(bound);
      case ValueRule.Whole(long low, long high) -> _ -> random.nextLong(low, high);
      case ValueRule.Counting(long bound) -> i -> i % last % bound;
      case ValueRule.Same(double value) -> _ -> value;
      case ValueRule.Exactly(List<Long> values) -> i -> values.get(i % values.size());
      case ValueRule.InputLength() -> _ -> Math.max(1, length);
      case ValueRule.Uniform() -> _ -> random.nextDouble();
      case ValueRule.Normal() -> _ -> random.nextGaussian();
      case ValueRule.Words() -> _ -> 0;
    };
  }

  private static void put(ByteBuffer data, ElementType type, double value) {
    switch (type) {
      case FLOAT -> data.putFloat((float) value);
      case DOUBLE -> data.putDouble(value);
      case FLOAT16 -> data.putShort(Float.floatToFloat16((float) value));
      case BFLOAT16 -> data.putShort((short) (Float.floatToIntBits((float) value) >>> 16));
      case INT64, UINT64 -> data.putLong((long) value);
      case INT32, UINT32 -> data.putInt((int) (long) value);
      case INT16, UINT16 -> data.putShort((short) (long) value);
      case INT8, UINT8 -> data.put((byte) (long) value);
      case BOOL -> data.put((byte) (value == 0 ? 0 : 1));
      case STRING -> throw new IllegalStateException("text has no number");
    }
  }
}
