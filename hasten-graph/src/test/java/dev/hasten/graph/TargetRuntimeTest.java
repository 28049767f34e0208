package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.OperatorSetIdProto;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models made for an older ONNX Runtime load in that very release and compute the same. */
class TargetRuntimeTest {
  @TempDir Path folder;

  private static Model newest(String activation) {
    return OpsetConverter.convert(
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 4)
            .floats("w", new float[] {1, -2, 3, -4, 5, -6, 7, -8}, 4, 2)
            .node("product", "MatMul", "x", "w")
            .node("active", activation, "product")
            .longs("axes", 1)
            .node("most", "ReduceMax", "active")
            .ints("axes", 1)
            .output("active", DataType.FLOAT, "batch", 2)
            .outputs("most")
            .build(),
        26);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.16.3", "1.19.2"})
  void fittedModelsLoadAndComputeTheSame(String version) throws Exception {
    Map<String, Model> models = new LinkedHashMap<>();
    models.put("small", newest("Sigmoid"));
    models.put("minilm", OpsetConverter.convert(MiniLmShapesTest.read(), 26));
    models.put("branch", OpsetConverter.convert(TestModels.small(), 26));
    models.put("contributed", contributed());
    TargetRuntime target = TargetRuntime.of(version);
    List<Path> files = new ArrayList<>();
    Map<String, String> expected = new LinkedHashMap<>();
    for (Map.Entry<String, Model> entry : models.entrySet()) {
      Path original = folder.resolve(entry.getKey() + "-26.onnx");
      entry.getValue().write(original);
      Path fitted = folder.resolve(entry.getKey() + ".onnx");
      target.fit(entry.getValue()).write(fitted);
      files.add(original);
      files.add(fitted);
      expected.put(fitted.toString(), OldRuntime.describe(original.toString()));
    }
    Map<String, String> found = run(version, files, "run");
    expected.forEach((file, outputs) -> {
      assertThat(outputs).startsWith("OK");
      assertSame(found.get(file), outputs);
    });
    // The release refuses what was not fitted: otherwise this test would prove nothing.
    assertThat(found.get(folder.resolve("small-26.onnx").toString())).startsWith("FAIL");
  }

  private static Model contributed() {
    return OpsetConverter.convert(
        GraphBuilder.opset(17)
            .domain(Node.MICROSOFT, 1)
            .input("x", DataType.FLOAT, "batch", 4)
            .input("skip", DataType.FLOAT, "batch", 4)
            .floats("gamma", new float[] {1, 2, 1, 2}, 4)
            .node(
                Node.MICROSOFT,
                "SkipSimplifiedLayerNormalization",
                List.of("x", "skip", "gamma"),
                List.of("normed"))
            .node(Node.MICROSOFT, "Gelu", List.of("normed"), List.of("y"))
            .output("y", DataType.FLOAT, "batch", 4)
            .build(),
        26);
  }

  /** The ONNX project's node models, raised to the newest opset and made to fit again. */
  @ParameterizedTest
  @ValueSource(strings = {"1.16.3", "1.19.2"})
  void nodeModelsFit(String version) throws Exception {
    TargetRuntime target = TargetRuntime.of(version);
    List<Path> files = new ArrayList<>();
    Map<String, String> originals = new LinkedHashMap<>();
    for (Path source : TestModels.onnxTestData()) {
      Model model;
      Model raised;
      try {
        model = Model.read(source);
        raised = OpsetConverter.convert(model, OpsetConverter.NEWEST);
      } catch (ModelException e) {
        continue;
      }
      if (model.opset() > target.opset() || !model.opsets().keySet().equals(Set.of(""))) {
        continue;
      }
      Path file = folder.resolve(files.size() + ".onnx");
      try {
        target.fit(raised).write(file);
      } catch (ModelException e) {
        continue;
      }
      files.add(file);
      originals.put(file.toString(), source.toString());
    }
    assertThat(files).hasSizeGreaterThan(600);
    Map<String, String> found = run(version, files, "load");
    List<String> wrong = new ArrayList<>();
    int loaded = 0;
    for (Map.Entry<String, String> entry : originals.entrySet()) {
      String actual = Objects.requireNonNull(found.get(entry.getKey()));
      if (actual.startsWith("OK")) {
        loaded++;
      } else if (OldRuntime.load(entry.getValue()).startsWith("OK") && !lacksKernel(actual)) {
        wrong.add(entry.getValue() + ": " + actual);
      }
    }
    System.out.println(
        "node models raised to %d and fitted to ONNX Runtime %s: %d of %d load"
            .formatted(OpsetConverter.NEWEST, version, loaded, files.size()));
    assertThat(wrong).isEmpty();
    assertThat(loaded).isGreaterThan(600);
  }

  /**
   * An old release may lack the kernel for a type, which no other opset would bring; and it asks
   * the machine for locales.
   */
  private static boolean lacksKernel(String message) {
    return message.contains("locale")
        || message.contains("NOT_IMPLEMENTED")
        || message.contains("is not a registered function");
  }

  @Test
  void refusesWhatTheReleaseDoesNotHave() {
    Model gelu =
        GraphBuilder.opset(20)
            .input("x", DataType.FLOAT, "n")
            .node("y", "Gelu", "x")
            .output("y", DataType.FLOAT, "n")
            .build();
    assertThatThrownBy(() -> TargetRuntime.of("1.16").fit(gelu))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("ONNX Runtime 1.16")
        .hasMessageContaining("Gelu 'y'")
        .hasMessageContaining("came with opset 20");
    assertThat(TargetRuntime.of("1.17").fit(gelu).opset()).isEqualTo(20);

    Model grouped =
        GraphBuilder.opset(17)
            .domain(Node.MICROSOFT, 1)
            .input("q", DataType.FLOAT, "batch", "length", 64)
            .input("lengths", DataType.INT32, "batch")
            .input("total", DataType.INT32)
            .node(
                Node.MICROSOFT,
                "GroupQueryAttention",
                List.of("q", "", "", "", "", "lengths", "total"),
                List.of("y", "keys", "values"))
            .attribute("num_heads", 2)
            .attribute("kv_num_heads", 1)
            .outputs("y")
            .build();
    assertThatThrownBy(() -> TargetRuntime.of("1.17.3").fit(grouped))
        .hasMessageContaining("GroupQueryAttention")
        .hasMessageContaining("needs ONNX Runtime 1.18");
    assertThat(TargetRuntime.of("1.18").fit(grouped).opsets()).containsEntry("", 17L);
  }

  @Test
  void functionsThatUseContributedOperatorsAreRefused() throws Exception {
    Model calling =
        GraphBuilder.opset(17)
            .domain("local", 1)
            .input("x", DataType.FLOAT, "n")
            .node("local", "soft", List.of("x"), List.of("y"))
            .outputs("y")
            .build();
    FunctionProto soft =
        FunctionProto.newBuilder()
            .setDomain("local")
            .setName("soft")
            .addInput("a")
            .addOutput("b")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(Node.MICROSOFT).setVersion(1))
            .addNode(
                NodeProto.newBuilder()
                    .setDomain(Node.MICROSOFT)
                    .setOpType("Gelu")
                    .addInput("a")
                    .addOutput("b"))
            .build();
    ModelProto proto =
        ModelProto.parseFrom(calling.toBytes()).toBuilder().addFunctions(soft).build();
    Model model = Model.read(proto.toByteArray(), "soft.onnx");
    assertThatThrownBy(() -> TargetRuntime.of("1.17").fit(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("function soft: node com.microsoft.Gelu");
  }

  @Test
  void typesOfLaterOpsetsAreRefused() {
    Model model =
        GraphBuilder.opset(20)
            .input("x", DataType.BOOL, "n")
            .node("y", "ReduceMax", "x")
            .output("y", DataType.BOOL, 1)
            .build();
    assertThatThrownBy(() -> OpsetConverter.convert(model, 19))
        .hasMessageContaining("ReduceMax")
        .hasMessageContaining("type bool needs opset 20");
  }

  @Test
  void versionsAreReadAndChecked() {
    assertThat(TargetRuntime.of("1.16.1").opset()).isEqualTo(19);
    assertThat(TargetRuntime.of("1.29").opset()).isEqualTo(OpsetConverter.NEWEST);
    assertThat(TargetRuntime.of("1.99").release()).isEqualTo("1.29");
    for (String bad : List.of("1.15", "2.0", "latest", "1", "")) {
      assertThatThrownBy(() -> TargetRuntime.of(bad))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("expected: 1.16 to 1.29");
    }
  }

  private static void assertSame(@org.jspecify.annotations.Nullable String found, String expected) {
    assertThat(found).isNotNull();
    String[] left = Objects.requireNonNull(found).split("[ =,]");
    String[] right = expected.split("[ =,]");
    assertThat(left).as(found).hasSameSizeAs(right);
    for (int i = 0; i < left.length; i++) {
      if (!left[i].equals(right[i])) {
        double a = Double.parseDouble(left[i]);
        double b = Double.parseDouble(right[i]);
        assertThat(a)
            .as(found)
            .isCloseTo(b, org.assertj.core.data.Offset.offset(1e-3 * Math.max(1, Math.abs(b))));
      }
    }
  }

  /** One process of the old release for all files. */
  private Map<String, String> run(String version, List<Path> files, String mode) throws Exception {
    Path jar =
        Path.of(System.getProperty("basedir", "."), "target", "runtimes")
            .resolve("onnxruntime-" + version + ".jar");
    assumeThat(Files.exists(jar))
        .as("no %s: run the tests through Maven, which fetches it", jar)
        .isTrue();
    Path classes =
        Path.of(OldRuntime.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path list = Files.write(folder.resolve("files"), files.stream().map(Path::toString).toList());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(classes + java.io.File.pathSeparator + jar);
    command.add("dev.hasten.graph.OldRuntime");
    command.add(list.toString());
    command.add(mode);
    Path log = folder.resolve("out-" + version);
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(log.toFile())
            .redirectError(folder.resolve("err").toFile())
            .start();
    assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
    Map<String, String> out = new LinkedHashMap<>();
    for (String line : Files.readAllLines(log, StandardCharsets.UTF_8)) {
      String[] parts = line.split("\t", 2);
      if (parts.length == 2) {
        out.put(parts[0], parts[1]);
      }
    }
    assertThat(out).as(() -> read(folder.resolve("err"))).hasSize(files.size());
    return out;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
