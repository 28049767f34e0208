package dev.hasten.bench;

import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import dev.hasten.graph.wire.OnnxWire.TypeProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A model of 4 GB and more, and how long Hasten takes with it in a heap of 1 GB, against {@code
 * cp}.
 *
 * <p>{@code bench/run.sh LargeModel FOLDER [LAYERS [ROUNDS]]}: 64 MiB of weights in each of 64
 * layers, some of whose nodes simplify. The folder is made; it needs three times the model's size.
 */
public final class LargeModel {
  private static final int WIDTH = 4096;
  private static final long LAYER_BYTES = 4L * WIDTH * WIDTH;
  private static final int BLOCK_BYTES = 1 << 20;

  private LargeModel() {}

  /** Prints a table: median seconds and the most memory that was resident, of each command. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    int layers = args.length > 1 ? Integer.parseInt(args[1]) : 64;
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 3;
    Path model = folder.resolve("large.onnx");
    if (!Files.exists(model)) {
      make(model, layers);
    }
    Path simplify = Files.writeString(folder.resolve("simplify.yaml"), "- simplify\n");
    Path int8 = Files.writeString(folder.resolve("int8.yaml"), "- simplify\n- weight-only-int8\n");
    Path data = folder.resolve("large.onnx.data");
    List<List<String>> commands =
        List.of(
            List.of("cp", data.toString(), folder.resolve("copy").toString()),
            List.of("sh", "-c", "cp " + data + " " + folder + "/copy && sync " + folder + "/copy"),
            hasten("inspect", model.toString()),
            hasten("apply", simplify.toString(), model.toString(), "--output", out(folder, "s")),
            hasten("apply", int8.toString(), model.toString(), "--output", out(folder, "q")));
    List<String> names =
        List.of("cp", "cp and sync", "hasten inspect", "apply simplify", "apply int8");
    double[][] seconds = new double[commands.size()][rounds];
    long[] resident = new long[commands.size()];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < commands.size(); i++) {
        clean(folder);
        long start = System.nanoTime();
        resident[i] = Math.max(resident[i], run(commands.get(i), folder));
        seconds[i][round] = (System.nanoTime() - start) / 1e9;
      }
    }
    System.out.printf(
        "%n%d layers, %.2f GB of weights, heap 1 GB, %d rounds%n%n",
        layers, layers * LAYER_BYTES / 1e9, rounds);
    System.out.println("| command | median s | all | resident MiB |\n|---|---:|---|---:|");
    for (int i = 0; i < names.size(); i++) {
      double[] sorted = seconds[i].clone();
      Arrays.sort(sorted);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.1f | %s | %d |%n",
          names.get(i),
          sorted[rounds / 2],
          Arrays.stream(sorted).mapToObj(s -> "%.1f".formatted(s)).toList(),
          resident[i] >> 10);
    }
    clean(folder);
  }

  private static String out(Path folder, String name) {
    return folder.resolve("out-" + name + ".onnx").toString();
  }

  private static List<String> hasten(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-Xmx1g", "-XX:MaxDirectMemorySize=2g", "--enable-native-access=ALL-UNNAMED"));
    command.add("dev.hasten.cli.Main");
    command.addAll(List.of(arguments));
    return command;
  }

  private static void clean(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = String.valueOf(file.getFileName());
        if (name.startsWith("out-") || name.equals("copy")) {
          Files.delete(file);
        }
      }
    }
  }

  /**
   * Runs a command to its end; returns the most KiB that it had resident, mapped files included.
   */
  private static long run(List<String> command, Path folder)
      throws IOException, InterruptedException {
    Path log = folder.resolve("log.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    // In the arguments it would be too long for the runtime.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    Process process = builder.start();
    Path status = Path.of("/proc/" + process.pid() + "/status");
    long most = 0;
    while (!process.waitFor(100, java.util.concurrent.TimeUnit.MILLISECONDS)) {
      try {
        for (String line : Files.readAllLines(status)) {
          if (line.startsWith("RssAnon:")) {
            most = Math.max(most, Long.parseLong(line.replaceAll("\\D", "")));
          }
        }
      } catch (IOException e) {
        // It has just ended.
      }
    }
    if (process.exitValue() != 0) {
      throw new IllegalStateException(command + ": " + Files.readString(log));
    }
    return most;
  }

  /** Writes the weights first, a layer at a time, then the model that refers to them. */
  private static void make(Path model, int layers) throws IOException {
    Path data = model.resolveSibling("large.onnx.data");
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(5);
    try (FileChannel channel =
        FileChannel.open(data, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int layer = 0; layer < layers; layer++) {
        block.clear();
        while (block.hasRemaining()) {
          block.putFloat((float) random.nextGaussian() * 0.01f);
        }
        for (long at = 0; at < LAYER_BYTES; at += BLOCK_BYTES) {
          block.flip();
          while (block.hasRemaining()) {
            channel.write(block);
          }
        }
      }
    }
    Files.write(model, graph(layers).toByteArray());
  }

  private static ModelProto graph(int layers) {
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
    model.addOpsetImportBuilder().setVersion(17);
    GraphProto.Builder graph = model.getGraphBuilder().setName("large");
    TypeProto.Tensor.Builder type = TypeProto.Tensor.newBuilder().setElemType(1);
    type.getShapeBuilder().addDimBuilder().setDimParam("batch");
    type.getShapeBuilder().addDimBuilder().setDimValue(WIDTH);
    graph.addInputBuilder().setName("x").getTypeBuilder().setTensorType(type);
    String last = "x";
    for (int layer = 0; layer < layers; layer++) {
      String weight = "w" + layer;
      TensorProto.Builder tensor =
          graph
              .addInitializerBuilder()
              .setName(weight)
              .setDataType(1)
              .addDims(WIDTH)
              .addDims(WIDTH);
      tensor.setDataLocation(TensorProto.DataLocation.EXTERNAL_VALUE);
      tensor.addExternalDataBuilder().setKey("location").setValue("large.onnx.data");
      tensor.addExternalDataBuilder().setKey("offset").setValue(Long.toString(layer * LAYER_BYTES));
      tensor.addExternalDataBuilder().setKey("length").setValue(Long.toString(LAYER_BYTES));
      last = node(graph, "MatMul", "product" + layer, last, weight);
      last = node(graph, "Identity", "same" + layer, last);
      last = node(graph, "Relu", "y" + layer, last);
    }
    graph.addOutputBuilder().setName(last).getTypeBuilder().setTensorType(type);
    return model.build();
  }

  private static String node(
      GraphProto.Builder graph, String operator, String output, String... inputs) {
    NodeProto.Builder node = graph.addNodeBuilder().setOpType(operator).setName(output);
    node.addAllInput(List.of(inputs)).addOutput(output);
    return output;
  }
}
