package dev.hasten.study.generate;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Dim;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides shapes and values for a model that comes without data. What the user gives holds, then
 * what the graph demands, then what such axes usually are; the last are tried on the real session,
 * and other usual sizes after them, until the model runs.
 */
public final class InputPlanner {
  private static final Set<String> NAMELESS = Set.of("?", "None", "none", "-1", "unk", "dynamic");

  private final Model model;
  private final GivenShapes given;
  private final Shapes shapes;
  private final Map<String, Axis> axes = new LinkedHashMap<>();

  private InputPlanner(Model model, GivenShapes given) {
    this.model = model;
    this.given = given;
    this.shapes = ShapeInference.infer(model);
  }

  /**
   * A plan with which {@code session} runs.
   *
   * @param model the same as the session's
   * @throws BadInputException if what was given does not fit the model, or no usual size lets it
   *     run: then with the runtime's reason
   */
  public static InputPlan plan(Model model, Session session, GivenShapes given) {
    InputPlanner planner = new InputPlanner(model, given);
    return new PlanTrials(session).firstThatRuns(planner.draft());
  }

  private InputPlan draft() {
    List<Value> open = model.graph().inputs().stream().filter(v -> !v.isInitializer()).toList();
    checkGiven(open);
    List<PlannedInput> inputs = new ArrayList<>();
    for (Value input : open) {
      inputs.add(planned(input));
    }
    return new InputPlan(inputs, List.copyOf(axes.values()), List.of());
  }

  private void checkGiven(List<Value> open) {
    List<String> names = open.stream().map(Value::name).toList();
    for (String name : given.shapes().keySet()) {
      if (!names.contains(name)) {
        throw new BadInputException(
            "--shape " + name + ": no such input (expected: one of " + names + ")");
      }
    }
    Set<String> symbols = new TreeSet<>();
    for (Value input : open) {
      Shape shape = input.shape();
      if (shape != null) {
        shape.dims().forEach(d -> symbols.addAll(d.symbols()));
      }
    }
    symbols.removeIf(s -> s.startsWith("?"));
    for (String symbol : given.dims().keySet()) {
      if (!symbols.contains(symbol)) {
        throw new BadInputException(
            "--dim %s: the inputs have no such size (expected: %s)"
                .formatted(
                    symbol,
                    symbols.isEmpty()
                        ? "none, use --shape NAME=1x3x224x224"
                        : "one of " + symbols));
      }
    }
  }

  private PlannedInput planned(Value input) {
    if (!input.isTensor() || input.type() == null) {
      throw new BadInputException(
          "input %s is a sequence, a map or optional (expected: a tensor); such inputs can't be made up"
              .formatted(input.name()));
    }
    DataType type = input.type();
    ElementType element;
    try {
      element = ElementType.of(type.onnx());
    } catch (BadInputException e) {
      throw new BadInputException(
          "input %s is %s, which the Java runtime can't pass (expected: a number of 8 bits or more, or text)"
              .formatted(input.name(), type),
          e);
    }
    Shape shape = shape(input, type);
    return new PlannedInput(input.name(), element, shape, values(input, element, shape));
  }

  private Shape shape(Value input, DataType type) {
    List<Long> wanted = given.shapes().get(input.name());
    Shape declared = input.shape();
    if (declared == null) {
      if (wanted != null) {
        return Shape.of(wanted.stream().mapToLong(Long::longValue).toArray());
      }
      // Undeclared even in rank: one axis of unknown length is the least that most models take.
      declared = Shape.of("?" + input.name() + ".0");
    }
    if (wanted != null && wanted.size() != declared.rank()) {
      throw new BadInputException(
          "--shape %s=%s: %d sizes (expected: %d, the model declares %s)"
              .formatted(input.name(), wanted, wanted.size(), declared.rank(), declared));
    }
    declared = apart(declared, input.name());
    for (int i = 0; i < declared.rank(); i++) {
      Dim dim = declared.dim(i);
      if (wanted != null && dim.value().isPresent() && dim.value().getAsLong() != wanted.get(i)) {
        throw new BadInputException(
            "--shape %s=%s: size %d is fixed in the model (expected: %d there, the model declares %s)"
                .formatted(input.name(), wanted, i, dim.value().getAsLong(), declared));
      }
      if (dim instanceof Dim.Symbol(String symbol)) {
        axis(input, declared, i, symbol, type, wanted == null ? null : wanted.get(i));
      }
    }
    return declared;
  }

  /**
   * Sizes that an exporter calls {@code ?} or {@code None} have no name in common: each its own.
   */
  private static Shape apart(Shape shape, String input) {
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < shape.rank(); i++) {
      boolean nameless =
          shape.dim(i) instanceof Dim.Symbol(String symbol) && NAMELESS.contains(symbol);
      dims.add(nameless ? Dim.of("?" + input + "." + i) : shape.dim(i));
    }
    return new Shape(dims);
  }

  private void axis(
      Value input, Shape shape, int at, String symbol, DataType type, @Nullable Long wanted) {
    String where = input.name() + "[" + at + "]";
    Long size = wanted != null ? wanted : given.dims().get(symbol);
    AxisRole role = AxisGuesser.role(input.name(), symbol, shape, at, type.isFloating());
    Axis known = axes.get(symbol);
    if (size != null) {
      if (known != null && known.origin() == Axis.Origin.GIVEN && known.size() != size) {
        throw new BadInputException(
            "%s = %d, but %s is %d, and the model calls both %s (expected: equal sizes)"
                .formatted(where, size, known.where(), known.size(), symbol));
      }
      axes.put(symbol, new Axis(symbol, role, size, Axis.Origin.GIVEN, where));
      return;
    }
    if (known != null) {
      return;
    }
    OptionalLong demanded = demanded(input, at, shape.rank());
    axes.put(
        symbol,
        demanded.isPresent()
            ? new Axis(symbol, role, demanded.getAsLong(), Axis.Origin.WEIGHTS, where)
            : new Axis(symbol, role, guess(symbol, role), Axis.Origin.GUESSED, where));
  }

  /** Sums such as {@code past_sequence_length + sequence_length} are the sums of their parts. */
  private long guess(String symbol, AxisRole role) {
    if (!symbol.contains("+")) {
      return role.sizes().getFirst();
    }
    return Arrays.stream(symbol.split("\\+"))
        .map(String::strip)
        .mapToLong(part -> {
          Axis known = axes.get(part);
          if (known != null) {
            return known.size();
          }
          Long told = given.dims().get(part);
          return told != null
              ? told
              : part.matches("\\d+")
                  ? Long.parseLong(part)
                  : AxisGuesser.role("", part, Shape.of(part, part), 1, false).sizes().getFirst();
        })
        .sum();
  }

  /** The size that a convolution's or a product's weights demand of an axis. */
  private static OptionalLong demanded(Value input, int axis, int rank) {
    for (Use use : input.users()) {
      Node node = use.node();
      if (node.is("Cast") || node.is("Identity")) {
        OptionalLong behind = demanded(node.output(), axis, rank);
        if (behind.isPresent()) {
          return behind;
        }
      }
      Value second = use.input() == 0 ? node.inputOrNull(1) : null;
      Tensor weight = second == null ? null : second.constant();
      if (weight == null || weight.rank() < 2) {
        continue;
      }
      if (node.is("Conv") && axis == 1) {
        return OptionalLong.of(weight.dim(1) * node.intAttribute("group", 1));
      }
      if (node.is("MatMul") && axis == rank - 1) {
        return OptionalLong.of(weight.dim(-2));
      }
      if (node.is("Gemm") && axis == 1 && node.intAttribute("transA", 0) == 0) {
        return OptionalLong.of(weight.dim(node.intAttribute("transB", 0) == 1 ? 1 : 0));
      }
    }
    return OptionalLong.empty();
  }

  private ValueRule values(Value input, ElementType type, Shape shape) {
    String name = input.name().toLowerCase(Locale.ROOT);
    if (type == ElementType.STRING) {
      return new ValueRule.Words();
    }
    if (name.contains("mask") || type == ElementType.BOOL) {
      return new ValueRule.Same(1);
    }
    ValueRule traced = ValueTracer.trace(input, shapes);
    if (type.isFloating()) {
      if (traced instanceof ValueRule.Same && shape.rank() <= 1) {
        return traced;
      }
      boolean pixels = shape.rank() == 4 && (channels(shape.dim(1)) || channels(shape.dim(3)));
      return pixels ? new ValueRule.Uniform() : new ValueRule.Normal();
    }
    boolean segments = name.contains("token_type") || name.contains("segment");
    if (traced instanceof ValueRule.Ids(long bound, String table)) {
      return segments
          ? new ValueRule.Same(0)
          : name.contains("position") ? new ValueRule.Counting(bound) : traced;
    }
    if (traced != null) {
      return traced;
    }
    if (name.contains("len")) {
      return new ValueRule.InputLength();
    }
    return switch (type) {
      case UINT8 -> new ValueRule.Whole(0, 256);
      case INT8 -> new ValueRule.Whole(-127, 128);
      // Not 0, by which nothing may be divided.
      default -> segments ? new ValueRule.Same(0) : new ValueRule.Whole(1, 10);
    };
  }

  private boolean channels(Dim dim) {
    return dim.value().isPresent()
        ? dim.value().getAsLong() <= 4
        : dim instanceof Dim.Symbol(String symbol)
            && axes.containsKey(symbol)
            && axes.get(symbol).size() <= 4;
  }
}
