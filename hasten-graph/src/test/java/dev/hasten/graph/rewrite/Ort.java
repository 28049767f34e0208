package dev.hasten.graph.rewrite;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Runs models on ONNX Runtime, the oracle: as they are written, without its own optimizations. */
final class Ort {
  private Ort() {}

  /** The outputs of one run for each set of inputs, as doubles. */
  static List<Map<String, double[]>> run(Model model, List<Map<String, Tensor>> inputs) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(model.toBytes(), options)) {
        return inputs.stream().map(each -> once(environment, session, each)).toList();
      }
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, double[]> once(
      OrtEnvironment environment, OrtSession session, Map<String, Tensor> inputs) {
    Map<String, OnnxTensor> bound = new HashMap<>();
    try {
      for (String name : session.getInputNames()) {
        bound.put(name, tensor(environment, Objects.requireNonNull(inputs.get(name), name)));
      }
      Map<String, double[]> out = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(bound)) {
        for (var entry : result) {
          out.put(entry.getKey(), doubles((OnnxTensor) entry.getValue()));
        }
      }
      return out;
    } catch (OrtException e) {
      throw new AssertionError(e);
    } finally {
      bound.values().forEach(OnnxTensor::close);
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, Tensor tensor) throws OrtException {
    long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    ByteBuffer data =
        ByteBuffer.allocateDirect((int) tensor.byteSize()).order(ByteOrder.nativeOrder());
    data.put(tensor.data().asByteBuffer()).rewind();
    OnnxJavaType type =
        switch (tensor.type()) {
          case FLOAT -> OnnxJavaType.FLOAT;
          case INT64 -> OnnxJavaType.INT64;
          case INT32 -> OnnxJavaType.INT32;
          case DOUBLE -> OnnxJavaType.DOUBLE;
          case BOOL -> OnnxJavaType.BOOL;
          default -> throw new IllegalArgumentException("input of type " + tensor.type());
        };
    return OnnxTensor.createTensor(environment, data, dims, type);
  }

  private static double[] doubles(OnnxTensor tensor) throws OrtException {
    TensorInfo info = tensor.getInfo();
    ByteBuffer bytes = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
    double[] out = new double[(int) info.getNumElements()];
    for (int i = 0; i < out.length; i++) {
      out[i] =
          switch (info.type) {
            case FLOAT -> bytes.getFloat(4 * i);
            case INT64 -> bytes.getLong(8 * i);
            case INT32 -> bytes.getInt(4 * i);
            case DOUBLE -> bytes.getDouble(8 * i);
            case BOOL, INT8 -> bytes.get(i);
            case UINT8 -> bytes.get(i) & 0xff;
            case FLOAT16 -> Float.float16ToFloat(bytes.getShort(2 * i));
            default -> throw new IllegalArgumentException("output of type " + info.type);
          };
    }
    return out;
  }
}
