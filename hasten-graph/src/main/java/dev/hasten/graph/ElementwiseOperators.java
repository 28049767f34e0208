package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.ELEMENTWISE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Operators that compute each element from the elements at its place. */
final class ElementwiseOperators {
  private ElementwiseOperators() {}

  static void addTo(Map<String, Operator> table) {
    for (String name :
        """
        Acos Acosh Asin Asinh Atan Atanh BitwiseNot Celu Clip Cos Cosh Elu Erf Exp Gelu HardSigmoid
        HardSwish LeakyRelu Log Mish Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus
        Softsign Sqrt Swish Tan Tanh ThresholdedRelu
        """
            .split("\\s+")) {
      table.put(name, unary(ElementwiseOperators::same));
    }
    table.put("Abs", unary(content(d -> d.max(d.times(-1)))));
    table.put("Neg", unary(content(d -> d.times(-1))));
    table.put("Ceil", unary(content(d -> d)));
    table.put("Floor", unary(content(d -> d)));
    table.put("Identity", view(site -> site.put(0, site.input(0))));
    table.put("Dropout", view(ElementwiseOperators::dropout));
    table.put("Cast", view(ElementwiseOperators::cast));
    table.put("BitCast", view(ElementwiseOperators::bitCast));
    table.put("CastLike", view(site -> castTo(site, site.type(1))));
    table.put("Not", unary(typed(DataType.BOOL, content(d -> Dim.ONE.minus(d)))));
    table.put("IsNaN", unary(typed(DataType.BOOL, ElementwiseOperators::same)));
    table.put("IsInf", unary(typed(DataType.BOOL, ElementwiseOperators::same)));

    table.put("Add", nary(Dim::plus));
    table.put("Sub", nary(Dim::minus));
    table.put("Mul", nary(Dim::times));
    table.put("Div", Operator.of(ELEMENTWISE, ElementwiseOperators::divide));
    table.put("Mod", nary((a, b) -> isPositive(a) && isPositive(b) ? a.mod(b) : null));
    table.put("Max", nary(Dim::max));
    table.put("Min", nary(Dim::min));
    for (String name : "Pow PRelu Sum Mean BitShift BitwiseAnd BitwiseOr BitwiseXor".split(" ")) {
      table.put(name, nary((_, _) -> null));
    }
    table.put("And", logical((a, b) -> a.min(b)));
    table.put("Or", logical((a, b) -> a.max(b)));
    table.put("Xor", logical((_, _) -> null));
    table.put("Equal", logical(ElementwiseOperators::equal));
    table.put("Less", logical((a, b) -> isLess(a, b)));
    table.put("Greater", logical((a, b) -> isLess(b, a)));
    table.put("LessOrEqual", logical((a, b) -> not(isLess(b, a))));
    table.put("GreaterOrEqual", logical((a, b) -> not(isLess(a, b))));
    table.put("Where", Operator.of(ELEMENTWISE, ElementwiseOperators::where));
  }

  static Operator unary(InferenceRule rule) {
    return Operator.of(ELEMENTWISE, rule).flow(Operator.Flow::first);
  }

  private static Operator view(InferenceRule rule) {
    return unary(rule).flops(Operator.FlopRule.NONE);
  }

  private static Operator nary(BiFunction<Dim, Dim, @Nullable Dim> operation) {
    return Operator.of(ELEMENTWISE, site -> broadcast(site, firstType(site), operation));
  }

  /** All operands are of one type, so that any of them tells it. */
  private static @Nullable DataType firstType(Site site) {
    DataType type = site.type(0);
    for (int i = 1; type == null && i < site.inputCount(); i++) {
      type = site.type(i);
    }
    return type;
  }

  private static void bitCast(Site site) {
    site.put(0, DataType.find((int) site.integer("to", 0)), site.shape(0));
  }

  private static Operator logical(BiFunction<Dim, Dim, @Nullable Dim> operation) {
    return Operator.of(ELEMENTWISE, site -> broadcast(site, DataType.BOOL, operation));
  }

  /** Type and shape of the first input. */
  static void same(Site site) {
    site.put(0, site.type(0), site.shape(0));
  }

  private static InferenceRule content(UnaryOperator<Dim> operation) {
    return site -> {
      Content content = site.content(0);
      // Rounding leaves whole numbers alone; elements that are not whole are not known.
      site.put(0, site.type(0), site.shape(0), content == null ? null : map(content, operation));
    };
  }

  private static Content map(Content content, UnaryOperator<Dim> operation) {
    List<@Nullable Dim> out = new ArrayList<>();
    for (Dim element : content.toList()) {
      out.add(element == null ? null : operation.apply(element));
    }
    return Content.of(out);
  }

  private static InferenceRule typed(DataType type, InferenceRule rule) {
    return site -> {
      rule.infer(site);
      Fact found = site.found().getFirst();
      site.put(0, type, found.shape(), found.content());
    };
  }

  private static void broadcast(
      Site site, @Nullable DataType type, BiFunction<Dim, Dim, @Nullable Dim> operation) {
    Shape shape = site.shape(0);
    Content content = site.content(0);
    for (int i = 1; i < site.inputCount(); i++) {
      shape = site.broadcast(shape, site.shape(i));
      Content other = site.content(i);
      content =
          content == null || other == null || !isFlat(site.shape(i))
              ? null
              : site.combine(content, other, operation);
    }
    site.put(0, type, shape, isFlat(site.shape(0)) ? content : null);
  }

  /** Element-wise pairing by index is broadcasting only for scalars and vectors. */
  private static boolean isFlat(@Nullable Shape shape) {
    return shape != null && shape.rank() <= 1;
  }

  private static void divide(Site site) {
    DataType type = site.type(0);
    boolean whole = type != null && type.isInteger();
    broadcast(
        site,
        type,
        (a, b) -> {
          if (b.is(0)) {
            return null;
          }
          Dim quotient = a.floorDiv(b);
          // Integer division truncates, which is the floor where nothing is negative.
          return (whole && isPositive(a) && isPositive(b)) || quotient.times(b).equals(a)
              ? quotient
              : null;
        });
  }

  private static boolean isPositive(Dim dim) {
    return DimRules.isAtLeastZero(dim);
  }

  private static @Nullable Dim equal(Dim a, Dim b) {
    if (a.equals(b)) {
      return Dim.ONE;
    }
    Dim difference = a.minus(b);
    // x + 1 and -1 differ for every length x.
    boolean differ =
        difference.isFixed()
            || DimRules.isAtLeastZero(difference.minus(1))
            || DimRules.isAtLeastZero(difference.times(-1).minus(1));
    return differ ? Dim.ZERO : null;
  }

  private static @Nullable Dim isLess(Dim a, Dim b) {
    Dim difference = b.minus(a);
    if (DimRules.isAtLeastZero(difference.minus(1))) {
      return Dim.ONE;
    }
    return DimRules.isAtLeastZero(difference.times(-1)) ? Dim.ZERO : null;
  }

  private static @Nullable Dim not(@Nullable Dim truth) {
    return truth == null ? null : Dim.ONE.minus(truth);
  }

  private static void where(Site site) {
    Shape shape = site.broadcast(site.shape(0), site.broadcast(site.shape(1), site.shape(2)));
    DataType type = site.type(1) != null ? site.type(1) : site.type(2);
    site.put(0, type, shape, chosen(site));
  }

  private static @Nullable Content chosen(Site site) {
    Content condition = site.content(0);
    Content yes = site.content(1);
    Content no = site.content(2);
    if (condition == null
        || yes == null
        || no == null
        || !isFlat(site.shape(0))
        || !isFlat(site.shape(1))
        || !isFlat(site.shape(2))) {
      return null;
    }
    int size = Math.max(condition.size(), Math.max(yes.size(), no.size()));
    List<@Nullable Dim> out = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Dim a = yes.get(yes.size() == 1 ? 0 : i);
      Dim b = no.get(no.size() == 1 ? 0 : i);
      Dim c = condition.get(condition.size() == 1 ? 0 : i);
      out.add(c == null ? (a != null && a.equals(b) ? a : null) : c.is(1) ? a : c.is(0) ? b : null);
    }
    return Content.of(out);
  }

  private static void cast(Site site) {
    castTo(site, DataType.find((int) site.integer("to", 0)));
  }

  private static void castTo(Site site, @Nullable DataType type) {
    Content content = site.content(0);
    if (content != null && type == DataType.BOOL) {
      content = map(content, d -> d.isFixed() ? (d.is(0) ? Dim.ZERO : Dim.ONE) : d.min(Dim.ONE));
    }
    boolean keeps = type != null && (type.bits() >= 32 || type == DataType.BOOL);
    site.put(0, type, site.shape(0), keeps ? content : null);
  }

  private static void dropout(Site site) {
    site.put(0, site.type(0), site.shape(0), site.content(0));
    site.put(1, site.opset() >= 10 ? DataType.BOOL : site.type(0), site.shape(0));
  }
}
