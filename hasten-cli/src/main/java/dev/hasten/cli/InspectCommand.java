package dev.hasten.cli;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hasten inspect}. */
@Command(
    name = "inspect",
    description = "What a model consists of: inputs, outputs, operators, weights, inferred shapes.",
    mixinStandardHelpOptions = true,
    footer = {"%nExamples:%n  hasten inspect model.onnx%n  hasten inspect model.onnx --nodes"})
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "An ONNX file.")
  private Path model = Path.of("");

  @Option(names = "--nodes", description = "List every node with the shapes of its outputs.")
  private boolean nodes;

  @Mixin private Output output;

  record Port(String name, String type, String shape) {}

  record Weight(String name, String type, String shape, long bytes) {}

  record NodeLine(String name, String opType, List<String> inputs, List<Port> outputs) {}

  record Report(
      String file,
      long irVersion,
      Map<String, Long> opsets,
      String producer,
      Map<String, String> metadata,
      List<Port> inputs,
      List<Port> outputs,
      int nodes,
      Map<String, Long> operators,
      long parameters,
      long weightBytes,
      Map<String, Long> weightBytesByType,
      List<Weight> largestWeights,
      boolean shapesComplete,
      List<String> unknownShapes,
      List<String> contradictions,
      @Nullable List<NodeLine> nodeList) {}

  @Override
  public Integer call() {
    Model read = Model.read(model);
    read.validate();
    Report report = inspect(read);
    output.print(report, () -> text(report));
    return Main.Exit.DONE;
  }

  private Report inspect(Model read) {
    Shapes shapes = ShapeInference.infer(read);
    List<Node> all = read.graph().allNodes();
    List<Tensor> weights =
        read.graph().initializers().stream()
            .map(Value::initializer)
            .filter(t -> t != null)
            .toList();
    return new Report(
        String.valueOf(model.getFileName()),
        read.irVersion(),
        read.opsets(),
        read.producer(),
        read.metadata(),
        read.graph().inputs().stream()
            .filter(v -> !v.isInitializer())
            .map(v -> port(v, shapes))
            .toList(),
        read.graph().outputs().stream().map(v -> port(v, shapes)).toList(),
        all.size(),
        byCount(all, InspectCommand::operator),
        read.parameters(),
        read.weightBytes(),
        weights.stream()
            .collect(
                Collectors.groupingBy(
                    t -> t.type().name(),
                    LinkedHashMap::new,
                    Collectors.summingLong(Tensor::byteSize))),
        largest(read),
        shapes.complete(),
        shapes.unknown().stream().map(Value::name).toList(),
        shapes.contradictions(),
        nodes ? read.graph().nodes().stream().map(node -> line(node, shapes)).toList() : null);
  }

  private static String operator(Node node) {
    return node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
  }

  private static <T> Map<String, Long> byCount(List<T> items, Function<T, String> key) {
    Map<String, Long> counts =
        items.stream().collect(Collectors.groupingBy(key, Collectors.counting()));
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, Map.Entry::getValue, (a, _) -> a, LinkedHashMap::new));
  }

  private static List<Weight> largest(Model read) {
    return read.graph().initializers().stream()
        .filter(v -> v.initializer() != null)
        .map(v -> weight(v.name(), java.util.Objects.requireNonNull(v.initializer())))
        .sorted(Comparator.comparingLong(Weight::bytes).reversed())
        .limit(5)
        .toList();
  }

  private static Weight weight(String name, Tensor tensor) {
    return new Weight(name, tensor.type().name(), tensor.dims().toString(), tensor.byteSize());
  }

  private static Port port(Value value, Shapes shapes) {
    @Nullable DataType type = shapes.type(value);
    @Nullable Shape shape = shapes.shape(value);
    return new Port(
        value.name(), type == null ? "?" : type.name(), shape == null ? "?" : shape.toString());
  }

  private static NodeLine line(Node node, Shapes shapes) {
    return new NodeLine(
        node.name(),
        operator(node),
        node.inputs().stream().map(v -> v == null ? "" : v.name()).toList(),
        node.outputs().stream().map(v -> port(v, shapes)).toList());
  }

  private static String text(Report r) {
    StringBuilder text = new StringBuilder();
    text.append(r.file())
        .append(": IR ")
        .append(r.irVersion())
        .append(", opsets ")
        .append(
            r.opsets().entrySet().stream()
                .map(e -> (e.getKey().isEmpty() ? "ai.onnx" : e.getKey()) + " " + e.getValue())
                .collect(Collectors.joining(", ")))
        .append(r.producer().isBlank() ? "" : ", made by " + r.producer())
        .append("\n\n");
    Table ports = new Table("", "name", "type", "shape");
    r.inputs().forEach(p -> ports.row("input", p.name(), p.type(), p.shape()));
    r.outputs().forEach(p -> ports.row("output", p.name(), p.type(), p.shape()));
    text.append(ports).append('\n');
    text.append(Units.count(r.parameters(), "parameters"))
        .append(", ")
        .append(Units.bytes(r.weightBytes()))
        .append(" of weights ")
        .append(
            r.weightBytesByType().entrySet().stream()
                .map(e -> e.getKey() + " " + Units.bytes(e.getValue()))
                .collect(Collectors.joining(", ", "(", ")")))
        .append('\n');
    Table weights = new Table("largest weight", "type", "shape", "size");
    r.largestWeights()
        .forEach(w -> weights.row(w.name(), w.type(), w.shape(), Units.bytes(w.bytes())));
    text.append(weights).append('\n').append(r.nodes()).append(" nodes\n");
    Table operators = new Table("operator", "count");
    r.operators().forEach(operators::row);
    text.append(operators).append('\n');
    text.append(
        r.shapesComplete()
            ? "All shapes are known.\n"
            : r.unknownShapes().size()
                + " shapes are not known, for example of "
                + r.unknownShapes().stream().limit(5).collect(Collectors.joining(", "))
                + "\n");
    r.contradictions().forEach(c -> text.append("! ").append(c).append('\n'));
    if (r.nodeList() != null) {
      Table nodes = new Table("node", "operator", "outputs");
      r.nodeList()
          .forEach(n ->
              nodes.row(
                  n.name(),
                  n.opType(),
                  n.outputs().stream()
                      .map(p -> p.type() + p.shape())
                      .collect(Collectors.joining(" "))));
      text.append('\n').append(nodes);
    }
    return text.toString();
  }
}
