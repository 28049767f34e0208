package dev.hasten.serve.protocol;

import dev.hasten.runtime.ElementType;
import dev.hasten.serve.wire.DataType;

/** The protocol's names of element types. */
public enum Datatype {
  BOOL(ElementType.BOOL, DataType.TYPE_BOOL),
  UINT8(ElementType.UINT8, DataType.TYPE_UINT8),
  UINT16(ElementType.UINT16, DataType.TYPE_UINT16),
  UINT32(ElementType.UINT32, DataType.TYPE_UINT32),
  UINT64(ElementType.UINT64, DataType.TYPE_UINT64),
  INT8(ElementType.INT8, DataType.TYPE_INT8),
  INT16(ElementType.INT16, DataType.TYPE_INT16),
  INT32(ElementType.INT32, DataType.TYPE_INT32),
  INT64(ElementType.INT64, DataType.TYPE_INT64),
  FP16(ElementType.FLOAT16, DataType.TYPE_FP16),
  BF16(ElementType.BFLOAT16, DataType.TYPE_BF16),
  FP32(ElementType.FLOAT, DataType.TYPE_FP32),
  FP64(ElementType.DOUBLE, DataType.TYPE_FP64),
  BYTES(ElementType.STRING, DataType.TYPE_STRING);

  private final ElementType element;
  private final DataType config;

  Datatype(ElementType element, DataType config) {
    this.element = element;
    this.config = config;
  }

  /** The runtime's type of the same elements. */
  public ElementType element() {
    return element;
  }

  /** The number under which model configurations know it. */
  public DataType config() {
    return config;
  }

  /** The protocol's name of a runtime type. */
  public static Datatype of(ElementType element) {
    for (Datatype datatype : values()) {
      if (datatype.element == element) {
        return datatype;
      }
    }
    throw new IllegalStateException(element + " has no name in the protocol");
  }

  /** The type under the number that model configurations know it by. */
  public static Datatype of(String tensor, DataType config) {
    for (Datatype datatype : values()) {
      if (datatype.config == config) {
        return datatype;
      }
    }
    throw ProtocolException.invalid("input '%s': data_type: %s".formatted(tensor, config));
  }

  /**
   * @throws ProtocolException if the protocol has no such type
   */
  static Datatype named(String tensor, String name) {
    for (Datatype datatype : values()) {
      if (datatype.name().equals(name)) {
        return datatype;
      }
    }
    throw ProtocolException.invalid(
        "input '%s': datatype '%s' (expected one of %s)"
            .formatted(tensor, Texts.brief(name), java.util.Arrays.toString(values())));
  }
}
