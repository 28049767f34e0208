package dev.hasten.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.OperatorSetIdProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import dev.hasten.graph.wire.OnnxWire.ValueInfoProto;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Runs a test model before and after, on the inputs stored beside it. */
final class OnnxTestRun implements AutoCloseable {
  /** What the ONNX project's own runner allows. */
  private static final double RELATIVE = 1e-3;

  private static final double ABSOLUTE = 1e-7;

  private final OrtEnvironment environment;
  private final OrtSession.SessionOptions options;

  /**
   * How it went.
   *
   * @param isFailure whether that is the round trip's fault
   */
  record Outcome(String what, boolean isFailure) {}

  /** A reason not to run a model. */
  private static final class NotRun extends Exception {
    private static final long serialVersionUID = 1L;

    NotRun(String reason) {
      super(reason, null, false, false);
    }
  }

  OnnxTestRun(OrtEnvironment environment) {
    this.environment = environment;
    this.options = new OrtSession.SessionOptions();
    try {
      options.setIntraOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    options.close();
  }

  Outcome compare(Path file, byte[] before, byte[] after) throws IOException {
    try (OrtSession original = session(before)) {
      List<Path> sets = dataSets(file);
      if (sets.isEmpty()) {
        try (OrtSession written = environment.createSession(after, options)) {
          boolean same =
              written.getInputInfo().toString().equals(original.getInputInfo().toString())
                  && written.getOutputInfo().toString().equals(original.getOutputInfo().toString());
          return new Outcome("loads as before; no inputs are stored beside it", !same);
        }
      }
      String expectation = "same outputs as before; as expected";
      try (OrtSession written = environment.createSession(after, options)) {
        for (Path set : sets) {
          List<Object> left = run(original, set);
          List<Object> right = run(written, set);
          if (!Objects.deepEquals(left.toArray(), right.toArray())) {
            boolean random = !Objects.deepEquals(run(original, set).toArray(), left.toArray());
            if (!random) {
              return new Outcome("other outputs than before", true);
            }
            return new Outcome("random outputs, which differ from run to run", false);
          }
          if (!isExpected(left, set)) {
            expectation = "same outputs as before; not the expected ones, before nor after";
          }
        }
      }
      return new Outcome(expectation, false);
    } catch (NotRun e) {
      return new Outcome("not run: " + e.getMessage(), false);
    } catch (OrtException e) {
      return new Outcome("the original runs, the written one fails: " + e.getMessage(), true);
    }
  }

  private OrtSession session(byte[] model) throws NotRun {
    try {
      return environment.createSession(model, options);
    } catch (OrtException e) {
      String message = String.valueOf(e.getMessage());
      String reason =
          message.contains("NOT_IMPLEMENTED")
                  || message.contains("Could not find an implementation")
              ? "the runtime has no kernel for it"
              : message.contains("is not a registered")
                      || message.contains("No Op registered")
                      || message.contains("No opset import")
                  ? "the runtime does not know the operator"
                  : message.contains("opset") || message.contains("IR version")
                      ? "the runtime does not take this opset or IR version"
                      : "the runtime refuses to load it";
      throw new NotRun(reason);
    }
  }

  private static List<Path> dataSets(Path file) throws IOException {
    List<Path> out = new ArrayList<>();
    Path folder = Objects.requireNonNull(file.getParent());
    if (file.endsWith("model.onnx")) {
      try (var all = Files.list(folder)) {
        all.filter(f -> String.valueOf(f.getFileName()).startsWith("test_data_set_"))
            .sorted()
            .forEach(out::add);
      }
    }
    return out;
  }

  private List<Object> run(OrtSession session, Path set) throws NotRun, IOException {
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try {
      int index = 0;
      for (String name : session.getInputNames()) {
        Path file = set.resolve("input_" + index++ + ".pb");
        if (Files.exists(file)) {
          inputs.put(name, input(read(file)));
        }
      }
      List<Object> out = new ArrayList<>();
      try (OrtSession.Result result = session.run(inputs)) {
        for (Map.Entry<String, OnnxValue> entry : result) {
          out.add(content(entry.getValue()));
        }
      }
      return out;
    } catch (OrtException e) {
      String message = String.valueOf(e.getMessage());
      throw new NotRun(
          message.contains("NOT_IMPLEMENTED")
              ? "the runtime has no kernel for it"
              : "the runtime fails on the stored inputs");
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  /** A stored tensor, read as an initializer is. */
  private static Tensor read(Path file) throws IOException, NotRun {
    try {
      TensorProto proto =
          TensorProto.parseFrom(Files.readAllBytes(file)).toBuilder().setName("t").build();
      ModelProto model =
          ModelProto.newBuilder()
              .setIrVersion(8)
              .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
              .setGraph(
                  GraphProto.newBuilder()
                      .addInitializer(proto)
                      .addOutput(ValueInfoProto.newBuilder().setName("t")))
              .build();
      Model read = Model.read(model.toByteArray(), file.toString());
      return Objects.requireNonNull(read.graph().value("t").initializer());
    } catch (InvalidProtocolBufferException | ModelException e) {
      throw new NotRun("an input is no tensor, which the Java interface cannot make");
    }
  }

  private OnnxTensor input(Tensor tensor) throws OrtException, NotRun {
    long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    if (tensor.type() == DataType.STRING) {
      return OnnxTensor.createTensor(environment, tensor.strings().toArray(new String[0]), dims);
    }
    OnnxJavaType type =
        switch (tensor.type()) {
          case FLOAT -> OnnxJavaType.FLOAT;
          case DOUBLE -> OnnxJavaType.DOUBLE;
          case INT64 -> OnnxJavaType.INT64;
          case INT32 -> OnnxJavaType.INT32;
          case INT16 -> OnnxJavaType.INT16;
          case INT8 -> OnnxJavaType.INT8;
          case UINT8 -> OnnxJavaType.UINT8;
          case BOOL -> OnnxJavaType.BOOL;
          case FLOAT16 -> OnnxJavaType.FLOAT16;
          case BFLOAT16 -> OnnxJavaType.BFLOAT16;
          default ->
              throw new NotRun(
                  "the Java interface cannot make inputs of this type (uint16 to 64, complex,"
                      + " float8, 4 and 2 bits)");
        };
    ByteBuffer data = ByteBuffer.allocateDirect(Math.toIntExact(tensor.byteSize()));
    data.order(ByteOrder.LITTLE_ENDIAN).put(tensor.data().asByteBuffer()).flip();
    return OnnxTensor.createTensor(environment, data, dims, type);
  }

  /** Something that compares with {@code deepEquals}. */
  private static Object content(OnnxValue value) throws OrtException, NotRun {
    return switch (value) {
      case OnnxTensor tensor when tensor.getInfo().type == OnnxJavaType.STRING ->
          List.of(tensor.getInfo().toString(), flat(tensor.getValue()));
      case OnnxTensor tensor -> tensor(tensor);
      case OnnxSequence sequence -> {
        List<Object> items = new ArrayList<>();
        for (OnnxValue item : sequence.getValue()) {
          try (item) {
            items.add(content(item));
          }
        }
        yield items;
      }
      case OnnxMap map -> map.getValue().toString();
      default -> throw new NotRun("the Java interface cannot read outputs of this kind");
    };
  }

  private static List<String> flat(Object strings) {
    List<String> out = new ArrayList<>();
    if (strings instanceof Object[] array) {
      for (Object item : array) {
        out.addAll(flat(item));
      }
    } else {
      out.add(String.valueOf(strings));
    }
    return out;
  }

  private static TensorContent tensor(OnnxTensor tensor) throws NotRun {
    TensorInfo info = tensor.getInfo();
    ByteBuffer data = tensor.getByteBuffer();
    DataType type = type(info);
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return new TensorContent(Tensor.of(type, MemorySegment.ofArray(bytes), info.getShape()));
  }

  private static DataType type(TensorInfo info) throws NotRun {
    try {
      return DataType.valueOf(info.onnxType.name().replace("ONNX_TENSOR_ELEMENT_DATA_TYPE_", ""));
    } catch (IllegalArgumentException e) {
      throw new NotRun("the Java interface cannot read outputs of this type");
    }
  }

  /** A tensor that equals another of the same bits. */
  private record TensorContent(Tensor tensor) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof TensorContent(Tensor that) && tensor.contentEquals(that);
    }

    @Override
    public int hashCode() {
      return tensor.dims().hashCode();
    }
  }

  private static boolean isExpected(List<Object> outputs, Path set) throws IOException, NotRun {
    for (int i = 0; i < outputs.size(); i++) {
      Path file = set.resolve("output_" + i + ".pb");
      Object found = outputs.get(i);
      if (!Files.exists(file)) {
        continue;
      }
      if (found instanceof TensorContent(Tensor tensor)) {
        if (!isClose(tensor, read(file))) {
          return false;
        }
      } else if (found instanceof List<?> list
          && list.size() == 2
          && list.getFirst() instanceof String
          && !list.getLast().equals(read(file).strings())) {
        return false;
      }
    }
    return true;
  }

  private static boolean isClose(Tensor found, Tensor expected) {
    if (found.type() != expected.type() || !found.dims().equals(expected.dims())) {
      return false;
    }
    double[] a = found.toDoubles();
    double[] b = expected.toDoubles();
    for (int i = 0; i < a.length; i++) {
      boolean same = Double.compare(a[i], b[i]) == 0 || a[i] == b[i];
      if (!same && !(Math.abs(a[i] - b[i]) <= ABSOLUTE + RELATIVE * Math.abs(b[i]))) {
        return false;
      }
    }
    return true;
  }
}
