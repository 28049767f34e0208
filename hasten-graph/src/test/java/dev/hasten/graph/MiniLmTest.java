package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real model through the file and back. */
class MiniLmTest {
  @TempDir static Path folder;
  private static Path original;

  @BeforeAll
  static void unpack() throws IOException {
    original = Files.write(folder.resolve("minilm.onnx"), TestModels.miniLm());
  }

  @Test
  void survivesUnchanged() throws IOException {
    Path written = folder.resolve("written.onnx");
    Model model = Model.read(original);
    model.validate();
    model.write(written);
    assertThat(ModelProto.parseFrom(Files.readAllBytes(written)))
        .isEqualTo(ModelProto.parseFrom(Files.readAllBytes(original)));
  }

  @Test
  void weightsStayOffTheHeap() throws IOException {
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Model.read(original);
    long before = threads.getCurrentThreadAllocatedBytes();
    Model model = Model.read(original);
    model.copy();
    model.write(folder.resolve("streamed.onnx"));
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(model.weightBytes()).isGreaterThan(80_000_000);
    assertThat(allocated).isLessThan(20_000_000);
  }

  @Test
  void externalDataGiveTheSameModel() throws Exception {
    Path written = Files.createDirectory(folder.resolve("external")).resolve("m.onnx");
    Model model = Model.read(original);
    model.write(written, WriteOptions.external());
    assertThat(Files.size(written)).isLessThan(1_000_000);
    assertThat(Model.read(written).fingerprint()).isEqualTo(model.fingerprint());
    assertThat(run(written)).isEqualTo(run(original));
  }

  /** The raw outputs of ONNX Runtime on one fixed input. */
  private static float[] run(Path file) throws OrtException {
    OrtEnvironment env = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = env.createSession(file.toString(), options)) {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (String name : session.getInputNames()) {
          long[] ids = {101, 7592, 2088, 102};
          Arrays.setAll(
              ids, i -> name.equals("input_ids") ? ids[i] : name.contains("mask") ? 1 : 0);
          inputs.put(name, OnnxTensor.createTensor(env, new long[][] {ids}));
        }
        try (OrtSession.Result result = session.run(inputs)) {
          return ((OnnxTensor) result.get(0)).getFloatBuffer().array();
        } finally {
          inputs.values().forEach(OnnxTensor::close);
        }
      }
    }
  }
}
