package dev.hasten.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Tensors over direct buffers, made once, passed to every run. */
final class OnnxBoundRun implements BoundRun {
  private final OnnxSession session;
  private final Map<String, OnnxTensor> in = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> out = new LinkedHashMap<>();
  private final Map<String, ByteBuffer> inputs = new LinkedHashMap<>();
  private final Map<String, ByteBuffer> outputs = new LinkedHashMap<>();
  private boolean closed;

  private OnnxBoundRun(OnnxSession session) {
    this.session = session;
  }

  static OnnxBoundRun create(
      OnnxSession session,
      Map<String, List<Long>> inputShapes,
      Map<String, List<Long>> outputShapes)
      throws OrtException {
    OnnxBoundRun run = new OnnxBoundRun(session);
    try {
      bind("input", session.inputs(), inputShapes, run.in, run.inputs);
      for (TensorInfo input : session.inputs()) {
        if (!inputShapes.containsKey(input.name())) {
          throw new BadInputException(
              "input "
                  + input.name()
                  + " is missing ("
                  + session.name()
                  + " takes "
                  + OnnxTensors.describe(session.inputs())
                  + ")");
        }
      }
      bind("output", session.outputs(), outputShapes, run.out, run.outputs);
      if (outputShapes.isEmpty()) {
        throw new BadInputException("outputShapes: none (expected: at least one output)");
      }
      return run;
    } catch (OrtException | RuntimeException e) {
      run.close();
      throw e;
    }
  }

  private static void bind(
      String kind,
      List<TensorInfo> declared,
      Map<String, List<Long>> shapes,
      Map<String, OnnxTensor> tensors,
      Map<String, ByteBuffer> buffers)
      throws OrtException {
    for (Map.Entry<String, List<Long>> entry : shapes.entrySet()) {
      TensorInfo info =
          declared.stream()
              .filter(d -> d.name().equals(entry.getKey()))
              .findFirst()
              .orElseThrow(() ->
                  new BadInputException(
                      kind
                          + " "
                          + entry.getKey()
                          + " is not declared (expected one of: "
                          + OnnxTensors.describe(declared)
                          + ")"));
      long[] shape = entry.getValue().stream().mapToLong(Long::longValue).toArray();
      ByteBuffer buffer =
          ByteBuffer.allocateDirect(bytes(kind, info, shape)).order(ByteOrder.nativeOrder());
      tensors.put(info.name(), OnnxTensors.over(info.type(), buffer, shape));
      buffers.put(info.name(), buffer);
    }
  }

  private static int bytes(String kind, TensorInfo info, long[] shape) {
    long bytes = info.type().bytes();
    for (long n : shape) {
      if (n < 0 || (n != 0 && bytes > Integer.MAX_VALUE / n)) {
        throw new BadInputException(
            kind
                + " "
                + info.name()
                + ": shape "
                + Arrays.toString(shape)
                + " (expected: sizes >= 0, at most 2 GiB in all)");
      }
      bytes *= n;
    }
    return (int) bytes;
  }

  @Override
  public ByteBuffer input(String name) {
    return buffer("input", inputs, name);
  }

  @Override
  public ByteBuffer output(String name) {
    return buffer("output", outputs, name);
  }

  private static ByteBuffer buffer(String kind, Map<String, ByteBuffer> buffers, String name) {
    ByteBuffer buffer = buffers.get(name);
    if (buffer == null) {
      throw new BadInputException(
          kind + " " + name + " is not bound (bound: " + new TreeSet<>(buffers.keySet()) + ")");
    }
    return buffer;
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("this bound run of " + session.name() + " is closed");
    }
    session.runInto(in, out);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      in.values().forEach(OnnxTensor::close);
      out.values().forEach(OnnxTensor::close);
    }
  }
}
