package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A form that the expression behind a value can have, matched from its result towards its inputs.
 *
 * <p>Patterns are written as the expression reads. A name that occurs twice must stand for the same
 * value; {@code Add} and {@code Mul} match in either order of their operands.
 *
 * <pre>{@code
 * // x * 0.5 * (1 + erf(x / √2))
 * Pattern x = any("x");
 * Pattern gelu = op("Mul", op("Mul", x, op("Add", op("Erf", op("Div", x, number(Math.sqrt(2)))), number(1))),
 *     number(0.5));
 * }</pre>
 */
sealed interface Pattern {
  Set<String> COMMUTATIVE = Set.of("Add", "Mul", "Max", "Min", "Sum");

  /** Any value. */
  record Any(String name) implements Pattern {}

  /** A value with constant content. */
  record Constant(String name) implements Pattern {}

  /** A constant of one element, within one part in 10⁶ of {@code number}. */
  record Number(double number) implements Pattern {}

  /** The first output of an operator; {@code name} captures it where not empty. */
  record Op(String opType, List<Pattern> inputs, String name, Predicate<Node> check)
      implements Pattern {
    public Op {
      inputs = List.copyOf(inputs);
    }

    /** This pattern, its value captured under a name. */
    Op as(String newName) {
      return new Op(opType, inputs, newName, check);
    }

    /**
     * This pattern with a condition on the node, which may not look beyond its attributes and
     * constants.
     */
    Op where(Predicate<Node> condition) {
      return new Op(opType, inputs, name, check.and(condition));
    }
  }

  /** The first of several forms that matches. */
  record OneOf(List<Pattern> forms) implements Pattern {
    public OneOf {
      forms = List.copyOf(forms);
    }
  }

  static Pattern any(String name) {
    return new Any(name);
  }

  static Pattern constant(String name) {
    return new Constant(name);
  }

  static Pattern number(double number) {
    return new Number(number);
  }

  static Op op(String opType, Pattern... inputs) {
    return new Op(opType, List.of(inputs), "", node -> true);
  }

  static Pattern oneOf(Pattern... forms) {
    return new OneOf(List.of(forms));
  }

  /** The first way in which the expression behind {@code value} has this form, or null. */
  default @Nullable Match match(Value value) {
    List<Match> matches = matches(value, Match.EMPTY);
    return matches.isEmpty() ? null : matches.getFirst();
  }

  private List<Match> matches(Value value, Match so) {
    return switch (this) {
      case Any(String name) -> so.capture(name, value);
      case Constant(String name) -> value.constant() == null ? List.of() : so.capture(name, value);
      case Number(double number) -> isNumber(value, number) ? List.of(so) : List.of();
      case OneOf(List<Pattern> forms) -> {
        List<Match> out = new ArrayList<>();
        for (Pattern form : forms) {
          out.addAll(form.matches(value, so));
        }
        yield out;
      }
      case Op op -> matchOp(op, value, so);
    };
  }

  private static List<Match> matchOp(Op op, Value value, Match so) {
    Node node = value.producer();
    if (node == null
        || !node.is(op.opType)
        || node.outputs().getFirst() != value
        || node.inputs().size() < op.inputs.size()
        || !op.check.test(node)) {
      return List.of();
    }
    List<Match> out = new ArrayList<>();
    for (Match start : op.name.isEmpty() ? List.of(so) : so.capture(op.name, value)) {
      out.addAll(matchInputs(op.inputs, node, start.through(node)));
      if (op.inputs.size() == 2 && COMMUTATIVE.contains(op.opType)) {
        out.addAll(matchInputs(op.inputs.reversed(), node, start.through(node)));
      }
    }
    return out;
  }

  private static List<Match> matchInputs(List<Pattern> patterns, Node node, Match start) {
    List<Match> now = List.of(start);
    for (int i = 0; i < patterns.size(); i++) {
      Value input = node.inputOrNull(i);
      if (input == null) {
        return List.of();
      }
      List<Match> next = new ArrayList<>();
      for (Match match : now) {
        next.addAll(patterns.get(i).matches(input, match));
      }
      now = next;
    }
    return now;
  }

  private static boolean isNumber(Value value, double number) {
    Double found = single(value);
    return found != null && Math.abs(found - number) <= 1e-6 * Math.abs(number);
  }

  /** The number in a constant with one element of a numeric type, or null. */
  static @Nullable Double single(Value value) {
    Tensor tensor = value.constant();
    if (tensor == null
        || tensor.size() != 1
        || !(tensor.type().isFloating() || tensor.type().isInteger())
        || tensor.type().bits() < 8
        || tensor.type() == DataType.UINT64) {
      return null;
    }
    return tensor.toDoubles()[0];
  }
}
