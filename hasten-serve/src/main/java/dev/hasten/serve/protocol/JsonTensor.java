package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Tensors as JSON arrays: row-major, nested as the shape or flat. */
final class JsonTensor {
  private static final BigInteger UINT64_END = BigInteger.ONE.shiftLeft(64);

  private JsonTensor() {}

  /**
   * Reads {@code data}; the parser stands at its first token and is left at its last.
   *
   * @param available bytes of the message from the first token on: no tensor has more elements than
   *     half of that, so a shape that declares more is refused before anything is allocated for it
   */
  static NdArray read(
      JsonParser parser, String tensor, Datatype datatype, long[] shape, int available)
      throws IOException {
    int count = RawTensors.elements(tensor, shape);
    if (count > available / 2 + 1) {
      throw ProtocolException.invalid(
          "input '%s': shape %s asks for %d elements, more than the message can hold"
              .formatted(Texts.brief(tensor), java.util.Arrays.toString(shape), count));
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw ProtocolException.invalid(
          "input '%s': data is not an array".formatted(Texts.brief(tensor)));
    }
    Reader reader = new Reader(parser, tensor, datatype, count);
    reader.run();
    return reader.tensor(shape);
  }

  /** Writes the elements nested as the shape; a scalar as itself. */
  static void writeNested(JsonGenerator out, NdArray tensor) throws IOException {
    if (tensor.rank() == 0 && tensor.type() == ElementType.STRING) {
      out.writeString(tensor.strings().getFirst());
    } else if (tensor.rank() == 0) {
      out.writeNumber(tensor.toDoubles()[0]);
    } else if (tensor.rank() == 1) {
      write(out, tensor);
    } else {
      out.writeStartArray();
      for (int i = 0; i < tensor.dimension(0); i++) {
        writeNested(out, tensor.row(i));
      }
      out.writeEndArray();
    }
  }

  /** Writes the elements flat, as the protocol's reference server does. */
  static void write(JsonGenerator out, NdArray tensor) throws IOException {
    out.writeStartArray();
    switch (tensor.type()) {
      case STRING -> {
        for (String element : tensor.strings()) {
          out.writeString(element);
        }
      }
      case FLOAT, FLOAT16, BFLOAT16 -> {
        for (float element : tensor.toFloats()) {
          out.writeNumber(element);
        }
      }
      case DOUBLE -> {
        for (double element : tensor.toDoubles()) {
          out.writeNumber(element);
        }
      }
      case BOOL -> {
        for (long element : tensor.toLongs()) {
          out.writeBoolean(element != 0);
        }
      }
      case UINT64 -> {
        for (long element : tensor.toLongs()) {
          out.writeNumber(new BigInteger(Long.toUnsignedString(element)));
        }
      }
      case INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32 -> {
        for (long element : tensor.toLongs()) {
          out.writeNumber(element);
        }
      }
    }
    out.writeEndArray();
  }

  /** Fills a tensor from the tokens of one array. */
  private static final class Reader {
    private final JsonParser parser;
    private final String name;
    private final Datatype datatype;
    private final int count;
    private final ByteBuffer data;
    private final List<String> strings = new ArrayList<>();
    private int seen;

    Reader(JsonParser parser, String name, Datatype datatype, int count) {
      this.parser = parser;
      this.name = name;
      this.datatype = datatype;
      this.count = count;
      int bytes = Math.multiplyExact(count, datatype.element().bytes());
      this.data = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    void run() throws IOException {
      int depth = 1;
      while (depth > 0) {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.START_ARRAY) {
          depth++;
        } else if (token == JsonToken.END_ARRAY) {
          depth--;
        } else if (token == null) {
          throw bad("is cut off");
        } else {
          if (seen == count) {
            throw bad("has more than the %d elements of its shape".formatted(count));
          }
          element(token);
          seen++;
        }
      }
      if (seen != count) {
        throw bad("has %d elements (expected: %d, by its shape)".formatted(seen, count));
      }
    }

    private void element(JsonToken token) throws IOException {
      if (datatype == Datatype.BYTES) {
        if (token != JsonToken.VALUE_STRING) {
          throw unfit();
        }
        strings.add(parser.getText());
      } else if (datatype.element() == ElementType.BOOL) {
        data.put((byte) (truth(token) ? 1 : 0));
      } else if (datatype.element().isFloating()) {
        real(token);
      } else {
        whole(token);
      }
    }

    private boolean truth(JsonToken token) throws IOException {
      return switch (token) {
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        case VALUE_NUMBER_INT -> integer(token, 0, 1) == 1;
        default -> throw unfit();
      };
    }

    private void real(JsonToken token) throws IOException {
      if (token != JsonToken.VALUE_NUMBER_FLOAT && token != JsonToken.VALUE_NUMBER_INT) {
        throw unfit();
      }
      switch (datatype) {
        case FP32 -> data.putFloat(parser.getFloatValue());
        case FP64 -> data.putDouble(parser.getDoubleValue());
        case FP16 -> data.putShort(Float.floatToFloat16(parser.getFloatValue()));
        default -> data.putShort(bfloat16(parser.getFloatValue()));
      }
    }

    /** Round to nearest, ties to even; NaN stays NaN. */
    private static short bfloat16(float value) {
      int bits = Float.floatToRawIntBits(value);
      return Float.isNaN(value)
          ? (short) ((bits >>> 16) | 0x40)
          : (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    private void whole(JsonToken token) throws IOException {
      switch (datatype) {
        case INT8 -> data.put((byte) integer(token, Byte.MIN_VALUE, Byte.MAX_VALUE));
        case UINT8 -> data.put((byte) integer(token, 0, 0xFF));
        case INT16 -> data.putShort((short) integer(token, Short.MIN_VALUE, Short.MAX_VALUE));
        case UINT16 -> data.putShort((short) integer(token, 0, 0xFFFF));
        case INT32 -> data.putInt((int) integer(token, Integer.MIN_VALUE, Integer.MAX_VALUE));
        case UINT32 -> data.putInt((int) integer(token, 0, 0xFFFFFFFFL));
        case INT64 -> data.putLong(integer(token, Long.MIN_VALUE, Long.MAX_VALUE));
        default -> {
          if (token != JsonToken.VALUE_NUMBER_INT) {
            throw unfit();
          }
          BigInteger value = parser.getBigIntegerValue();
          if (value.signum() < 0 || value.compareTo(UINT64_END) >= 0) {
            throw unfit();
          }
          data.putLong(value.longValue());
        }
      }
    }

    private long integer(JsonToken token, long least, long most) throws IOException {
      if (token != JsonToken.VALUE_NUMBER_INT
          || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw unfit();
      }
      long value = parser.getLongValue();
      if (value < least || value > most) {
        throw unfit();
      }
      return value;
    }

    NdArray tensor(long[] shape) {
      return datatype == Datatype.BYTES
          ? NdArray.strings(strings, shape)
          : NdArray.of(datatype.element(), data.flip(), shape);
    }

    private ProtocolException unfit() throws IOException {
      return bad(
          "element %d is %s (expected: %s)"
              .formatted(seen, Texts.brief(String.valueOf(parser.getText())), datatype));
    }

    private ProtocolException bad(String what) {
      return ProtocolException.invalid("input '%s': data %s".formatted(Texts.brief(name), what));
    }
  }
}
