package dev.hasten.graph;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * Runs models on whatever ONNX Runtime stands in the class path, in a process of its own: it uses
 * nothing of Hasten. Prints a line for each: the file, then its outputs or what went wrong.
 */
final class OldRuntime {
  private static final long SYMBOLIC_LENGTH = 3;

  private OldRuntime() {}

  /** {@code LIST run|load}: the list names the models, one a line. */
  public static void main(String[] args) throws IOException {
    for (String file : Files.readAllLines(Path.of(args[0]))) {
      System.out.println(file + "\t" + (args[1].equals("run") ? describe(file) : load(file)));
    }
  }

  /** Whether a session can be made of the model. */
  static String load(String file) {
    try (OrtSession.SessionOptions options = options();
        OrtSession session = OrtEnvironment.getEnvironment().createSession(file, options)) {
      return "OK " + session.getNumOutputs();
    } catch (OrtException e) {
      return "FAIL " + String.valueOf(e.getMessage()).replace('\n', ' ');
    }
  }

  private static OrtSession.SessionOptions options() throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    return options;
  }

  /** Type, shape and elements of each output on inputs from a fixed seed. */
  static String describe(String file) {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try (OrtSession.SessionOptions options = options()) {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OrtSession session = environment.createSession(file, options)) {
        Random random = new Random(5);
        for (NodeInfo info : session.getInputInfo().values()) {
          if (!(info.getInfo() instanceof TensorInfo tensor)) {
            return "SKIP " + info;
          }
          inputs.put(info.getName(), tensor(environment, tensor, random));
        }
        StringBuilder out = new StringBuilder("OK");
        try (OrtSession.Result result = session.run(inputs)) {
          for (Map.Entry<String, OnnxValue> entry : result) {
            if (entry.getValue() instanceof OnnxTensor tensor) {
              out.append(' ').append(elements(tensor));
            }
          }
        }
        return out.toString();
      }
    } catch (OrtException | IllegalArgumentException e) {
      return "FAIL " + String.valueOf(e.getMessage()).replace('\n', ' ');
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, TensorInfo info, Random random)
      throws OrtException {
    long[] shape = info.getShape().clone();
    int size = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = shape[i] < 0 ? SYMBOLIC_LENGTH : shape[i];
      size *= (int) shape[i];
    }
    ByteBuffer data = ByteBuffer.allocateDirect(8 * size).order(ByteOrder.nativeOrder());
    for (int i = 0; i < size; i++) {
      switch (info.type) {
        case FLOAT -> data.putFloat(random.nextFloat());
        case DOUBLE -> data.putDouble(random.nextDouble());
        case INT64 -> data.putLong(random.nextInt(2));
        case INT32 -> data.putInt(random.nextInt(2));
        case INT8, UINT8, BOOL -> data.put((byte) random.nextInt(2));
        default -> throw new IllegalArgumentException("input of type " + info.type);
      }
    }
    data.flip();
    return OnnxTensor.createTensor(environment, data, shape, info.type);
  }

  private static String elements(OnnxTensor tensor) throws OrtException {
    TensorInfo info = tensor.getInfo();
    if (info.type == OnnxJavaType.STRING) {
      return info.toString();
    }
    StringBuilder out = new StringBuilder(info.type + java.util.Arrays.toString(info.getShape()));
    ByteBuffer bytes = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
    double sum = 0;
    double weighted = 0;
    for (int i = 0; i < info.getNumElements(); i++) {
      double value =
          switch (info.type) {
            case FLOAT -> bytes.getFloat(4 * i);
            case DOUBLE -> bytes.getDouble(8 * i);
            case INT64 -> bytes.getLong(8 * i);
            case INT32 -> bytes.getInt(4 * i);
            case INT8, UINT8, BOOL -> bytes.get(i);
            default -> 0;
          };
      sum += value;
      weighted += value * (i % 17 - 8);
    }
    return out.toString().replace(" ", "") + "=" + (float) sum + "," + (float) weighted;
  }
}
