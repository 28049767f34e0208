package dev.hasten.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Between our arrays and ONNX Runtime's tensors. */
final class OnnxTensors {
  private static final String PREFIX = "ONNX_TENSOR_ELEMENT_DATA_TYPE_";

  private OnnxTensors() {}

  /**
   * The declaration of a tensor; empty for sequences, maps and element types that Java cannot hold.
   */
  static Optional<TensorInfo> declared(NodeInfo node) {
    if (!(node.getInfo() instanceof ai.onnxruntime.TensorInfo info)) {
      return Optional.empty();
    }
    return type(info)
        .map(type ->
            new TensorInfo(
                node.getName(),
                type,
                Arrays.stream(info.getShape()).boxed().toList(),
                Arrays.stream(info.getDimensionNames())
                    .map(name -> name == null ? "" : name)
                    .toList()));
  }

  private static Optional<ElementType> type(ai.onnxruntime.TensorInfo info) {
    String name = info.onnxType.name().substring(PREFIX.length());
    return Arrays.stream(ElementType.values()).filter(t -> t.name().equals(name)).findFirst();
  }

  /**
   * A tensor over a direct buffer, which must outlive it.
   *
   * @param data from 0 to its limit, direct, in native order
   */
  static OnnxTensor over(ElementType type, ByteBuffer data, long[] shape) throws OrtException {
    var environment = OnnxRuntime.environment();
    return switch (type) {
      case FLOAT -> OnnxTensor.createTensor(environment, data.asFloatBuffer(), shape);
      case DOUBLE -> OnnxTensor.createTensor(environment, data.asDoubleBuffer(), shape);
      case INT64 -> OnnxTensor.createTensor(environment, data.asLongBuffer(), shape);
      case INT32 -> OnnxTensor.createTensor(environment, data.asIntBuffer(), shape);
      case INT16 -> OnnxTensor.createTensor(environment, data.asShortBuffer(), shape);
      case FLOAT16 -> OnnxTensor.createTensor(environment, data, shape, OnnxJavaType.FLOAT16);
      case BFLOAT16 -> OnnxTensor.createTensor(environment, data, shape, OnnxJavaType.BFLOAT16);
      case INT8 -> OnnxTensor.createTensor(environment, data, shape, OnnxJavaType.INT8);
      case UINT8 -> OnnxTensor.createTensor(environment, data, shape, OnnxJavaType.UINT8);
      case BOOL -> OnnxTensor.createTensor(environment, data, shape, OnnxJavaType.BOOL);
      case UINT16, UINT32, UINT64, STRING ->
          throw new BadInputException(
              "type: " + type + " (expected: a type that ONNX Runtime's Java API can feed)");
    };
  }

  static OnnxTensor strings(NdArray array) throws OrtException {
    return OnnxTensor.createTensor(
        OnnxRuntime.environment(), array.strings().toArray(new String[0]), array.shape());
  }

  /** A copy on the heap: nothing native remains in the caller's hands. */
  static NdArray copy(OnnxTensor tensor, ElementType type) throws OrtException {
    long[] shape = tensor.getInfo().getShape();
    if (type == ElementType.STRING) {
      return NdArray.strings(flatten(tensor.getValue()), shape);
    }
    ByteBuffer data = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
    return NdArray.of(type, data, shape);
  }

  private static List<String> flatten(Object value) {
    if (value instanceof Object[] nested) {
      return Arrays.stream(nested).flatMap(v -> flatten(v).stream()).toList();
    }
    return List.of((String) value);
  }

  static String describe(List<TensorInfo> declared) {
    return declared.stream().map(TensorInfo::toString).collect(Collectors.joining(", "));
  }
}
