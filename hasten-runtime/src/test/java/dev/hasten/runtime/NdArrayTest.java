package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.util.List;
import org.junit.jupiter.api.Test;

class NdArrayTest {
  @Test
  void convertsEveryNumericType() {
    for (ElementType type : ElementType.values()) {
      if (type != ElementType.STRING && type != ElementType.BFLOAT16) {
        NdArray array = Elements.ofLongs(type, new long[] {0, 1}, 2);
        assertThat(array.type()).isEqualTo(type);
        assertThat(array.toLongs()).as(type.toString()).containsExactly(0, 1);
        assertThat(array.toFloats()).as(type.toString()).containsExactly(0, 1);
        assertThat(array.toDoubles()).as(type.toString()).containsExactly(0, 1);
      }
    }
  }

  @Test
  void readsUnsignedAndHalfPrecision() {
    assertThat(bytes(ElementType.UINT8, -1).toLongs()).containsExactly(255);
    assertThat(bytes(ElementType.INT8, -1).toLongs()).containsExactly(-1);
    assertThat(bytes(ElementType.UINT16, -1, -1).toLongs()).containsExactly(65535);
    assertThat(bytes(ElementType.UINT32, -1, -1, -1, -1).toDoubles()).containsExactly(4294967295.0);
    assertThat(bytes(ElementType.UINT64, -1, -1, -1, -1, -1, -1, -1, -1).toDoubles())
        .containsExactly(0x1p64);
    // 1.5 is 0x3E00 in float16 and 0x3FC0 in bfloat16.
    assertThat(bytes(ElementType.FLOAT16, 0x00, 0x3E).toFloats()).containsExactly(1.5f);
    assertThat(bytes(ElementType.BFLOAT16, 0xC0, 0x3F).toFloats()).containsExactly(1.5f);
    assertThat(NdArray.longs(new long[] {Long.MAX_VALUE}, 1).toLongs())
        .containsExactly(Long.MAX_VALUE);
  }

  private static NdArray bytes(ElementType type, int... littleEndian) {
    ByteBuffer data = ByteBuffer.allocate(littleEndian.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int b : littleEndian) {
      data.put((byte) b);
    }
    return NdArray.of(type, data.flip(), 1);
  }

  @Test
  void copiesWhatItIsGivenAndGivesNothingWritable() {
    float[] elements = {1, 2, 3, 4};
    long[] shape = {2, 2};
    NdArray array = NdArray.floats(elements, shape);
    elements[0] = 9;
    shape[0] = 9;
    array.shape()[0] = 9;
    assertThat(array).isEqualTo(NdArray.floats(new float[] {1, 2, 3, 4}, 2, 2));
    assertThatThrownBy(() -> array.bytes().putFloat(0, 9))
        .isInstanceOf(ReadOnlyBufferException.class);
  }

  @Test
  void givesRows() {
    NdArray array = NdArray.longs(new long[] {1, 2, 3, 4, 5, 6}, 3, 2);
    assertThat(array.row(2)).isEqualTo(NdArray.longs(new long[] {5, 6}, 2));
    assertThat(array.row(2).row(1)).hasToString("int64[]");
    NdArray texts = NdArray.strings(List.of("a", "b", "c", "d"), 2, 2);
    assertThat(texts.row(1).strings()).containsExactly("c", "d");
    assertThatThrownBy(() -> array.row(3)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void refusesShapesThatDoNotFit() {
    assertThatThrownBy(() -> NdArray.floats(new float[6], 2, 2))
        .isInstanceOf(BadInputException.class)
        .hasMessage("shape: [2, 2] holds 4 elements (expected: 6)");
    assertThatThrownBy(() -> NdArray.floats(new float[6], 1L << 40, 1L << 40))
        .isInstanceOf(BadInputException.class);
    assertThatThrownBy(() -> NdArray.floats(new float[6], -6))
        .isInstanceOf(BadInputException.class);
    assertThatThrownBy(() -> NdArray.of(ElementType.FLOAT, ByteBuffer.allocate(7)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("multiple of 4");
  }

  @Test
  void convertsOnlyWhereNoMeaningIsLost() {
    NdArray longs = NdArray.longs(new long[] {1, 300}, 2);
    assertThat(Conversion.to(ElementType.INT32, longs, "x"))
        .isEqualTo(NdArray.ints(new int[] {1, 300}, 2));
    assertThat(Conversion.to(ElementType.FLOAT, longs, "x").toFloats()).containsExactly(1, 300);
    assertThatThrownBy(() -> Conversion.to(ElementType.INT8, longs, "x"))
        .isInstanceOf(BadInputException.class)
        .hasMessage("tensor x: 300 (expected: a value of type int8)");
    assertThatThrownBy(() -> Conversion.to(ElementType.INT64, NdArray.floats(new float[2]), "x"))
        .isInstanceOf(BadInputException.class)
        .hasMessage("tensor x: type float (expected: int64)");
  }
}
