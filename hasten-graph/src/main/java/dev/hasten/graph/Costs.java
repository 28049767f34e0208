package dev.hasten.graph;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Fills {@link OpFacts} from the operator table. */
final class Costs {
  private Costs() {}

  /** Thrown inside a rule when a shape it needs is not known. */
  static final class Unknown extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unknown(String what) {
      super(what, null, false, false);
    }
  }

  /** A node with its inferred shapes. */
  record Shaped(Node node, Shapes shapes) {
    int inputCount() {
      return node.inputs().size();
    }

    @Nullable Shape inputOrNull(int index) {
      Value value = node.inputOrNull(index);
      return value == null ? null : shapes.shape(value);
    }

    Shape input(int index) {
      Shape shape = inputOrNull(index);
      if (shape == null) {
        throw new Unknown("input " + index);
      }
      return shape;
    }

    Shape output(int index) {
      Shape shape = index < node.outputs().size() ? shapes.shape(node.outputs().get(index)) : null;
      if (shape == null) {
        throw new Unknown("output " + index);
      }
      return shape;
    }

    Dim inputSize(int index) {
      return input(index).size();
    }

    Dim outputSize(int index) {
      return output(index).size();
    }

    long integer(String attribute, long otherwise) {
      return node.intAttribute(attribute, otherwise);
    }

    @Nullable List<Dim> content(int input) {
      Value value = node.inputOrNull(input);
      return value == null ? null : shapes.content(value);
    }
  }

  static OpFacts facts(Node node, Shapes shapes) {
    Graph body = shapes.body(node);
    if (body != null) {
      return ofFunction(new Shaped(node, shapes), body);
    }
    Operator operator = OperatorTable.find(node);
    if (operator == null) {
      return new OpFacts(OpFacts.Kind.OTHER, List.of(), List.of(), Dim.ZERO, Dim.ZERO, false);
    }
    Shaped shaped = new Shaped(node, shapes);
    List<AxisFlow> flows = new ArrayList<>();
    Operator.Flow flow = new Operator.Flow(flows);
    try {
      operator.flow().flow(shaped, flow);
    } catch (Unknown | IndexOutOfBoundsException | ArithmeticException _) {
      flows.clear();
      flow.contractions().clear();
    }
    Dim flops = Dim.ZERO;
    Dim bytes = Dim.ZERO;
    boolean known = true;
    try {
      flops = operator.flops().flops(shaped);
      bytes = operator.kind() == OpFacts.Kind.RESHAPE ? Dim.ZERO : bytes(shaped);
    } catch (Unknown | IndexOutOfBoundsException | ArithmeticException _) {
      flops = Dim.ZERO;
      known = false;
    }
    return new OpFacts(operator.kind(), flows, flow.contractions(), flops, bytes, known);
  }

  /** A call of one of the model's functions: the arithmetic of its body, its own operands. */
  private static OpFacts ofFunction(Shaped node, Graph body) {
    try {
      Dim flops = BodyCosts.of(body, node.shapes());
      return new OpFacts(OpFacts.Kind.CONTROL, List.of(), List.of(), flops, bytes(node), true);
    } catch (Unknown | IndexOutOfBoundsException | ArithmeticException _) {
      return new OpFacts(OpFacts.Kind.CONTROL, List.of(), List.of(), Dim.ZERO, Dim.ZERO, false);
    }
  }

  /** Every operand read once and every result written once. */
  private static Dim bytes(Shaped node) {
    Dim total = Dim.ZERO;
    boolean picks = PICKS.contains(node.node().opType());
    for (int i = 0; i < node.inputCount(); i++) {
      Value value = node.node().inputOrNull(i);
      if (value != null && value.isTensor()) {
        // A lookup reads only the rows that it picks, not the whole table.
        Dim size = picks && i == 0 ? node.outputSize(0) : node.inputSize(i);
        total = total.plus(bytes(size, node.shapes().type(value)));
      }
    }
    for (Value value : node.node().outputs()) {
      if (!value.isOmitted() && value.isTensor()) {
        Shape shape = node.shapes().shape(value);
        if (shape == null) {
          throw new Unknown(value.name());
        }
        total = total.plus(bytes(shape.size(), node.shapes().type(value)));
      }
    }
    return total;
  }

  private static final java.util.Set<String> PICKS =
      java.util.Set.of("Gather", "GatherElements", "GatherND", "Slice", "Split");

  static Dim bytes(Dim elements, @Nullable DataType type) {
    if (type == null) {
      throw new Unknown("type");
    }
    return type.bits() % 8 == 0
        ? elements.times(type.bits() / 8)
        : elements.times(type.bits()).ceilDiv(Dim.of(8));
  }
}
