package dev.hasten.graph;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The stored inputs of an ONNX node test as the runtime's tensors. */
final class NodeTestInputs {
  private NodeTestInputs() {}

  static Map<String, OnnxTensor> read(OrtEnvironment environment, Path folder, Set<String> names)
      throws IOException, OrtException {
    return read(environment, folder, names, Map.of());
  }

  /** As above, with one axis of some inputs in reverse. */
  static Map<String, OnnxTensor> read(
      OrtEnvironment environment, Path folder, Set<String> names, Map<String, Integer> reversed)
      throws IOException, OrtException {
    Map<String, OnnxTensor> out = new LinkedHashMap<>();
    int index = 0;
    for (String name : names) {
      Path file = folder.resolve("test_data_set_0").resolve("input_" + index++ + ".pb");
      if (!Files.exists(file)) {
        throw new UnsupportedOperationException("no " + file.getFileName());
      }
      TensorProto proto = TensorProto.parseFrom(Files.readAllBytes(file));
      DataType declared = DataType.find(proto.getDataType());
      if (declared == null) {
        throw new UnsupportedOperationException(file.getFileName() + " is no tensor");
      }
      OnnxJavaType type =
          switch (declared) {
            case FLOAT -> OnnxJavaType.FLOAT;
            case DOUBLE -> OnnxJavaType.DOUBLE;
            case INT64 -> OnnxJavaType.INT64;
            case INT32 -> OnnxJavaType.INT32;
            case INT16 -> OnnxJavaType.INT16;
            case INT8 -> OnnxJavaType.INT8;
            case UINT8 -> OnnxJavaType.UINT8;
            case BOOL -> OnnxJavaType.BOOL;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            default -> throw new UnsupportedOperationException("type of " + file.getFileName());
          };
      if (proto.getRawData().isEmpty()) {
        throw new UnsupportedOperationException("elements of " + file.getFileName());
      }
      ByteBuffer data = ByteBuffer.allocateDirect(proto.getRawData().size());
      data.order(ByteOrder.LITTLE_ENDIAN);
      proto.getRawData().copyTo(data);
      data.flip();
      long[] dims = proto.getDimsList().stream().mapToLong(Long::longValue).toArray();
      Integer axis = reversed.get(name);
      if (axis != null) {
        reverse(data, dims, axis);
      }
      out.put(name, OnnxTensor.createTensor(environment, data, dims, type));
    }
    return out;
  }

  /** Turns the positions along an axis around, in place. */
  static void reverse(ByteBuffer data, long[] dims, int axis) {
    int length = (int) dims[axis];
    int blocks = 1;
    for (int i = 0; i < axis; i++) {
      blocks *= (int) dims[i];
    }
    if (length < 2 || blocks == 0 || data.limit() == 0) {
      return;
    }
    byte[] all = new byte[data.limit()];
    data.get(0, all);
    int stride = all.length / blocks / length;
    for (int block = 0; block < blocks; block++) {
      for (int i = 0; i < length; i++) {
        int from = (block * length + i) * stride;
        int to = (block * length + length - 1 - i) * stride;
        data.put(to, all, from, stride);
      }
    }
  }
}
