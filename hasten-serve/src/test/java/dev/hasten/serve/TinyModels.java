package dev.hasten.serve;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Models small enough to be made on the spot. */
public final class TinyModels {
  private TinyModels() {}

  /** {@code y[n, m] = x[n, m]}, of any type. */
  public static Path identity(Path folder, DataType type) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", type, Shape.of("n", "m"));
    Value y = graph.op("y", "Identity", List.of(x), Map.of());
    graph.setType(y, type, Shape.of("n", "m"));
    graph.addOutput(y);
    return write(model, folder);
  }

  /** {@code y[n, 4] = x[n, 4] + amount}. */
  public static Path add(Path folder, float amount) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of("n", 4L));
    Value a = graph.addInitializer("a", Tensor.floats(new float[] {amount}, 1));
    Value y = graph.op("y", "Add", List.of(x, a), Map.of());
    graph.setType(y, DataType.FLOAT, Shape.of("n", 4L));
    graph.addOutput(y);
    return write(model, folder);
  }

  /** {@code y[n, 3] = } the mean of each channel of {@code x[n, 3, 8, 8]}. */
  public static Path channelMeans(Path folder) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of("n", 3L, 8L, 8L));
    Value pooled = graph.op("pooled", "GlobalAveragePool", List.of(x), Map.of());
    Value y = graph.op("y", "Flatten", List.of(pooled), Map.of());
    graph.setType(y, DataType.FLOAT, Shape.of("n", 3L));
    graph.addOutput(y);
    return write(model, folder);
  }

  /** {@code y[1, 3, 2, 2] = x[1, 3, 2, 2] + amount}, {@code z = x}: no size may vary. */
  public static Path fixed(Path folder, float amount) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Shape shape = Shape.of(1L, 3L, 2L, 2L);
    Value x = graph.addInput("x", DataType.FLOAT, shape);
    Value a = graph.addInitializer("a", Tensor.floats(new float[] {amount}, 1));
    for (Value y :
        List.of(
            graph.op("y", "Add", List.of(x, a), Map.of()),
            graph.op("z", "Identity", List.of(x), Map.of()))) {
      graph.setType(y, DataType.FLOAT, shape);
      graph.addOutput(y);
    }
    return write(model, folder);
  }

  /** A model that is sound and cannot be run: {@code y[n, 3] = Reshape(x[n, 4], [0, 3])}. */
  public static Path failsToRun(Path folder) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of("n", 4L));
    Value to = graph.addInitializer("to", Tensor.longs(new long[] {0, 3}, 2));
    Value y = graph.op("y", "Reshape", List.of(x, to), Map.of());
    graph.setType(y, DataType.FLOAT, Shape.of("n", 3L));
    graph.addOutput(y);
    return write(model, folder);
  }

  /** {@code y[n, m] = x[n, m] + [1, 2, 3]}: declares more than it takes. */
  public static Path addsThree(Path folder) {
    Model model = Model.create(17);
    Graph graph = model.graph();
    Value x = graph.addInput("x", DataType.FLOAT, Shape.of("n", "m"));
    Value a = graph.addInitializer("a", Tensor.floats(new float[] {1, 2, 3}, 3));
    Value y = graph.op("y", "Add", List.of(x, a), Map.of());
    graph.setType(y, DataType.FLOAT, Shape.of("n", "m"));
    graph.addOutput(y);
    return write(model, folder);
  }

  private static Path write(Model model, Path folder) {
    model.validate();
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Path file = folder.resolve("model.onnx");
    model.write(file);
    return file;
  }
}
