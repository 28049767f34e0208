package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTROL;

import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sequences of tensors and optional values. */
final class SequenceOperators {
  private SequenceOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("SequenceConstruct", Operator.of(CONTROL, SequenceOperators::construct));
    table.put("SequenceEmpty", Operator.of(CONTROL, SequenceOperators::empty));
    table.put("SequenceInsert", Operator.of(CONTROL, SequenceOperators::insert));
    table.put("SequenceErase", Operator.of(CONTROL, site -> site.put(0, site.input(0))));
    table.put("SequenceAt", Operator.of(CONTROL, site -> site.put(0, unwrapped(site.input(0)))));
    table.put(
        "SequenceLength", Operator.of(CONTROL, site -> site.put(0, DataType.INT64, Shape.SCALAR)));
    table.put("SequenceMap", Operator.of(CONTROL, SequenceOperators::map));
    table.put("ConcatFromSequence", Operator.of(CONTROL, SequenceOperators::concat));
    table.put("SplitToSequence", Operator.of(CONTROL, SequenceOperators::split));
    table.put("Optional", Operator.of(CONTROL, SequenceOperators::optional));
    table.put(
        "OptionalGetElement",
        Operator.of(
            CONTROL,
            site -> {
              Fact input = site.input(0);
              boolean wrapped =
                  input.form() == Form.OPTIONAL || input.form() == Form.OPTIONAL_SEQUENCE;
              site.put(0, wrapped ? unwrapped(input) : input);
            }));
    table.put(
        "OptionalHasElement",
        Operator.of(CONTROL, site -> site.put(0, DataType.BOOL, Shape.SCALAR)));
  }

  private static Fact unwrapped(Fact fact) {
    return fact.as(fact.form().unwrapped());
  }

  private static void construct(Site site) {
    Fact all = site.input(0);
    for (int i = 1; i < site.inputCount(); i++) {
      all = ControlOperators.join(site, 0, all, site.input(i));
    }
    site.put(0, all.as(Form.SEQUENCE));
  }

  private static void empty(Site site) {
    DataType type = DataType.find((int) site.integer("dtype", 1));
    site.put(0, new Fact(type, null, null, Form.SEQUENCE));
  }

  private static void insert(Site site) {
    Fact tensor = site.input(1);
    Fact both = ControlOperators.join(site, 0, unwrapped(site.input(0)), tensor);
    site.put(0, new Fact(tensor.type(), both.shape(), null, Form.SEQUENCE));
  }

  /** The body sees one element of each sequence, and what is no sequence as it is. */
  private static void map(Site site) {
    if (!(site.node().attribute("body") instanceof Attribute.GraphAttr(Graph body))) {
      return;
    }
    List<Fact> inputs = new ArrayList<>();
    for (int i = 0; i < site.inputCount(); i++) {
      Fact input = site.input(i);
      inputs.add(input.form() == Form.SEQUENCE ? unwrapped(input) : input);
    }
    List<Fact> outputs = site.body(body, inputs);
    for (int i = 0; i < outputs.size(); i++) {
      Fact out = outputs.get(i);
      site.put(i, out.as(out.form().inSequence()));
    }
  }

  private static void concat(Site site) {
    Shape element = site.shape(0);
    if (element == null) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>(element.dims());
    boolean stacks = site.integer("new_axis", 0) != 0;
    int rank = element.rank() + (stacks ? 1 : 0);
    int axis = ShapingOperators.axis(site.integer("axis", 0), rank);
    if (stacks) {
      dims.add(axis, site.fresh(0, axis));
    } else {
      dims.set(axis, site.fresh(0, axis));
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void split(Site site) {
    Shape input = site.shape(0);
    Shape shape = null;
    if (input != null) {
      int axis = ShapingOperators.axis(site.integer("axis", 0), input.rank());
      List<Dim> dims = new ArrayList<>(input.dims());
      Dim part = site.has(1) ? part(site, input.dim(axis)) : Dim.ONE;
      if (!site.has(1) && site.integer("keepdims", 1) == 0) {
        dims.remove(axis);
      } else {
        dims.set(axis, part == null ? site.fresh(0, axis) : part);
      }
      shape = new Shape(dims);
    }
    site.put(0, new Fact(site.type(0), shape, null, Form.SEQUENCE));
  }

  /** The length that all parts have; null if they differ or it is not known. */
  private static @Nullable Dim part(Site site, Dim length) {
    List<Dim> given = site.known(1);
    Shape shape = site.shape(1);
    if (given == null || given.isEmpty() || shape == null) {
      return null;
    }
    Dim first = given.getFirst();
    if (shape.rank() == 0) {
      return !first.is(0) && length.mod(first).is(0) ? first : null;
    }
    return given.stream().allMatch(first::equals) ? first : null;
  }

  private static void optional(Site site) {
    if (site.has(0)) {
      Fact input = site.input(0);
      site.put(0, input.as(input.form().optional()));
    } else if (site.node().attribute("type") instanceof Attribute.Opaque opaque
        && opaque.proto.getType() == AttributeProto.AttributeType.TYPE_PROTO.getNumber()) {
      Fact element = Types.fact(opaque.proto.getTp(), site.node().output().name());
      site.put(0, element.as(element.form().optional()));
    }
  }
}
