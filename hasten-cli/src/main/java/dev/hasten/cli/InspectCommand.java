package dev.hasten.cli;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import dev.hasten.runtime.BadInputException;
import dev.hasten.study.Profile;
import dev.hasten.study.ProfileOptions;
import dev.hasten.study.Progress;
import dev.hasten.study.picture.ModelDiff;
import dev.hasten.study.picture.Picture;
import dev.hasten.study.report.DiffPage;
import dev.hasten.study.report.GraphPage;
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
    footer = {
      "%nExamples:",
      "  hasten inspect model.onnx --nodes",
      "  hasten inspect model.onnx --html graph.html --profile",
      "  hasten inspect --diff model.onnx faster.onnx"
    })
final class InspectCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "MODEL", description = "An ONNX file.")
  private Path model = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "OTHER",
      description = "With --diff: the file to compare with.")
  private @Nullable Path other;

  @Option(names = "--nodes", description = "List every node with the shapes of its outputs.")
  private boolean nodes;

  @Option(names = "--diff", description = "What OTHER has that MODEL has not, and the reverse.")
  private boolean diff;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Draw the graph (or list the difference) in a page, too.")
  private @Nullable Path html;

  @Option(
      names = "--profile",
      description = "With --html: run the model on inputs made up, to colour nodes by time.")
  private boolean profile;

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
    if (diff || other != null) {
      return compare();
    }
    Model read = Model.read(model);
    read.validate();
    Report report = inspect(read);
    if (html != null) {
      GraphPage.write(Picture.of(read, report.file(), times()), html);
    }
    output.print(
        report, () -> InspectText.of(report) + (html == null ? "" : "\nPage  " + html + "\n"));
    return Main.Exit.DONE;
  }

  private Map<String, Double> times() {
    if (!profile) {
      return Map.of();
    }
    return Profile.of(model, ProfileOptions.DEFAULT.operatorsOnly(), Progress.NONE)
        .detail()
        .nodeTimes();
  }

  private Integer compare() {
    Path second = other;
    if (!diff || second == null) {
      throw new BadInputException(
          (diff ? "OTHER is missing" : second + ": a second model without --diff")
              + " (expected: hasten inspect --diff MODEL OTHER)");
    }
    ModelDiff found =
        ModelDiff.of(
            Model.read(model), String.valueOf(model.getFileName()),
            Model.read(second), String.valueOf(second.getFileName()));
    if (html != null) {
      DiffPage.write(found, html);
    }
    output.print(found, () -> DiffText.of(found) + (html == null ? "" : "\nPage  " + html + "\n"));
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
}
