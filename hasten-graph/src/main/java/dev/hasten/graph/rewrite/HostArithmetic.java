package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Elementwise operators, each in the arithmetic of its type. */
final class HostArithmetic {
  @FunctionalInterface
  private interface FloatOperator {
    float apply(float a, float b);
  }

  @FunctionalInterface
  private interface Comparison {
    boolean apply(int order);
  }

  private HostArithmetic() {}

  static void register(Map<String, Evaluator.Kernel> kernels) {
    binary(kernels, "Add", (a, b) -> a + b, (a, b) -> a + b, (a, b) -> a + b);
    binary(kernels, "Sub", (a, b) -> a - b, (a, b) -> a - b, (a, b) -> a - b);
    binary(kernels, "Mul", (a, b) -> a * b, (a, b) -> a * b, (a, b) -> a * b);
    binary(kernels, "Div", (a, b) -> a / b, (a, b) -> a / b, HostArithmetic::quotient);
    binary(kernels, "Max", Math::max, Math::max, Math::max);
    binary(kernels, "Min", Math::min, Math::min, Math::min);
    binary(kernels, "Pow", HostArithmetic::power, null, null);
    // A unary operator is a binary one that does not look at its second operand.
    unary(kernels, "Neg", (a, b) -> -a, (a, b) -> -a, (a, b) -> -a);
    unary(kernels, "Abs", (a, b) -> Math.abs(a), (a, b) -> Math.abs(a), (a, b) -> Math.abs(a));
    unary(kernels, "Sqrt", (a, b) -> (float) Math.sqrt(a), (a, b) -> Math.sqrt(a), null);
    unary(kernels, "Floor", (a, b) -> (float) Math.floor(a), (a, b) -> Math.floor(a), null);
    unary(kernels, "Ceil", (a, b) -> (float) Math.ceil(a), (a, b) -> Math.ceil(a), null);
    unary(kernels, "Reciprocal", (a, b) -> 1 / a, (a, b) -> 1 / a, null);
    compare(kernels, "Equal", order -> order == 0);
    compare(kernels, "Less", order -> order < 0);
    compare(kernels, "LessOrEqual", order -> order <= 0);
    compare(kernels, "Greater", order -> order > 0);
    compare(kernels, "GreaterOrEqual", order -> order >= 0);
    kernels.put("And", call -> booleans(call, call.input(1), (a, b) -> a & b));
    kernels.put("Or", call -> booleans(call, call.input(1), (a, b) -> a | b));
    kernels.put("Not", call -> booleans(call, call.input(0), (a, b) -> 1 - a));
    kernels.put("Xor", call -> booleans(call, call.input(1), (a, b) -> a ^ b));
    kernels.put("Cast", call -> cast(call, DataType.of((int) call.node().intAttribute("to", 0))));
    kernels.put("CastLike", call -> cast(call, call.input(1).type()));
    kernels.put("Mod", HostArithmetic::modulo);
  }

  private static void binary(
      Map<String, Evaluator.Kernel> kernels,
      String opType,
      @Nullable FloatOperator floats,
      @Nullable DoubleBinaryOperator doubles,
      @Nullable LongBinaryOperator longs) {
    kernels.put(
        opType,
        call -> {
          if (call.inputs().size() != 2) {
            throw new Unfoldable(call.inputs().size() + " operands (expected: 2)");
          }
          return elementwise(call, call.input(0), call.input(1), floats, doubles, longs);
        });
  }

  private static void unary(
      Map<String, Evaluator.Kernel> kernels,
      String opType,
      FloatOperator floats,
      DoubleBinaryOperator doubles,
      @Nullable LongBinaryOperator longs) {
    kernels.put(
        opType, call -> elementwise(call, call.input(0), call.input(0), floats, doubles, longs));
  }

  private static void compare(
      Map<String, Evaluator.Kernel> kernels, String opType, Comparison comparison) {
    kernels.put(opType, call -> compared(call, comparison));
  }

  private static Tensor elementwise(
      Call call,
      Tensor a,
      Tensor b,
      @Nullable FloatOperator floats,
      @Nullable DoubleBinaryOperator doubles,
      @Nullable LongBinaryOperator longs) {
    DataType type = a.type();
    long[] out = Call.broadcast(Call.dims(a), Call.dims(b));
    call.requireSize(type, out);
    int[] left = Call.indexes(out, Call.broadcastStrides(Call.dims(a), out), 0);
    int[] right = Call.indexes(out, Call.broadcastStrides(Call.dims(b), out), 0);
    if (type == DataType.FLOAT && b.type() == type && floats != null) {
      float[] x = a.toFloats();
      float[] y = b.toFloats();
      float[] z = new float[left.length];
      for (int i = 0; i < z.length; i++) {
        z[i] = floats.apply(x[left[i]], y[right[i]]);
      }
      return Tensor.floats(z, out);
    }
    if (type == DataType.FLOAT16 && b.type() == type && floats != null) {
      // As runtimes do it: in float, rounded to half precision.
      float[] x = a.toFloats();
      float[] y = b.toFloats();
      float[] z = new float[left.length];
      for (int i = 0; i < z.length; i++) {
        z[i] = floats.apply(x[left[i]], y[right[i]]);
      }
      return halves(z, out);
    }
    if (type == DataType.DOUBLE && b.type() == type && doubles != null) {
      double[] x = a.toDoubles();
      double[] y = b.toDoubles();
      double[] z = new double[left.length];
      for (int i = 0; i < z.length; i++) {
        z[i] = doubles.applyAsDouble(x[left[i]], y[right[i]]);
      }
      return Tensor.doubles(z, out);
    }
    if ((type == DataType.INT64 || type == DataType.INT32) && b.type() == type && longs != null) {
      long[] x = a.toLongs();
      long[] y = b.toLongs();
      long[] z = new long[left.length];
      for (int i = 0; i < z.length; i++) {
        z[i] = longs.applyAsLong(x[left[i]], y[right[i]]);
      }
      return integers(type, z, out);
    }
    throw new Unfoldable(
        "%s of %s and %s is not computed on the host"
            .formatted(call.node().opType(), type, b.type()));
  }

  private static Tensor compared(Call call, Comparison comparison) {
    Tensor a = call.input(0);
    Tensor b = call.input(1);
    long[] out = Call.broadcast(Call.dims(a), Call.dims(b));
    call.requireSize(DataType.BOOL, out);
    int[] left = Call.indexes(out, Call.broadcastStrides(Call.dims(a), out), 0);
    int[] right = Call.indexes(out, Call.broadcastStrides(Call.dims(b), out), 0);
    long[] z = new long[left.length];
    if (a.type() == DataType.FLOAT || a.type() == DataType.DOUBLE) {
      double[] x = a.toDoubles();
      double[] y = b.toDoubles();
      for (int i = 0; i < z.length; i++) {
        double p = x[left[i]];
        double q = y[right[i]];
        // No comparison with NaN holds; and -0 equals 0, unlike in Double.compare.
        boolean ordered = !Double.isNaN(p) && !Double.isNaN(q);
        z[i] = ordered && comparison.apply(p < q ? -1 : p > q ? 1 : 0) ? 1 : 0;
      }
    } else if (a.type() == DataType.INT64
        || a.type() == DataType.INT32
        || a.type() == DataType.BOOL) {
      long[] x = a.toLongs();
      long[] y = b.toLongs();
      for (int i = 0; i < z.length; i++) {
        z[i] = comparison.apply(Long.compare(x[left[i]], y[right[i]])) ? 1 : 0;
      }
    } else {
      throw new Unfoldable("a comparison of " + a.type() + " is not computed on the host");
    }
    return integers(DataType.BOOL, z, out);
  }

  private static Tensor booleans(Call call, Tensor b, LongBinaryOperator operator) {
    Tensor a = call.input(0);
    long[] out = Call.broadcast(Call.dims(a), Call.dims(b));
    call.requireSize(DataType.BOOL, out);
    int[] left = Call.indexes(out, Call.broadcastStrides(Call.dims(a), out), 0);
    int[] right = Call.indexes(out, Call.broadcastStrides(Call.dims(b), out), 0);
    long[] x = a.toLongs();
    long[] y = b.toLongs();
    long[] z = new long[left.length];
    for (int i = 0; i < z.length; i++) {
      z[i] = operator.applyAsLong(x[left[i]], y[right[i]]);
    }
    return integers(DataType.BOOL, z, out);
  }

  /** Of integers the sign is that of the divisor, or with fmod that of the dividend. */
  private static Tensor modulo(Call call) {
    boolean asC = call.node().intAttribute("fmod", 0) != 0;
    return elementwise(
        call,
        call.input(0),
        call.input(1),
        null,
        null,
        (a, b) -> {
          if (b == 0) {
            throw new Unfoldable("division by zero");
          }
          return asC ? a % b : Math.floorMod(a, b);
        });
  }

  private static Tensor cast(Call call, DataType to) {
    Tensor data = call.input(0);
    long[] dims = Call.dims(data);
    if (to == data.type()) {
      return data;
    }
    if (!(data.type().isFloating() || data.type().isInteger() || data.type() == DataType.BOOL)
        || data.type().bits() < 8
        || data.type() == DataType.UINT64) {
      throw new Unfoldable("a cast from " + data.type() + " is not computed on the host");
    }
    call.requireSize(to, dims);
    boolean real = data.type().isFloating();
    if (to == DataType.FLOAT) {
      return Tensor.floats(real ? data.toFloats() : rounded(data.toLongs()), dims);
    }
    if (to == DataType.DOUBLE) {
      return Tensor.doubles(data.toDoubles(), dims);
    }
    if (to == DataType.FLOAT16 && data.type() == DataType.FLOAT) {
      return halves(data.toFloats(), dims);
    }
    if (to == DataType.BOOL) {
      double[] values = data.toDoubles();
      long[] out = new long[values.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = values[i] != 0 ? 1 : 0;
      }
      return integers(to, out, dims);
    }
    if (to == DataType.INT64 || to == DataType.INT32) {
      if (real) {
        double limit = to == DataType.INT32 ? 0x1p31 : 0x1p63;
        for (double value : data.toDoubles()) {
          if (!(Math.abs(value) < limit)) {
            throw new Unfoldable(value + " does not fit " + to);
          }
        }
      }
      return integers(to, data.toLongs(), dims);
    }
    throw new Unfoldable("a cast to " + to + " is not computed on the host");
  }

  /** Rounds each number to half precision. */
  static Tensor halves(float[] values, long[] dims) {
    byte[] bytes = new byte[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      short half = Float.floatToFloat16(values[i]);
      bytes[2 * i] = (byte) half;
      bytes[2 * i + 1] = (byte) (half >> 8);
    }
    return Tensor.bytes(DataType.FLOAT16, bytes, dims);
  }

  private static float[] rounded(long[] values) {
    float[] out = new float[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = values[i];
    }
    return out;
  }

  /** A tensor of INT64, INT32 (wrapping around) or BOOL. */
  static Tensor integers(DataType type, long[] values, long[] dims) {
    return switch (type) {
      case INT64 -> Tensor.longs(values, dims);
      case INT32 -> Tensor.ints(LongStream.of(values).mapToInt(v -> (int) v).toArray(), dims);
      case BOOL -> {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) values[i];
        }
        yield Tensor.bytes(DataType.BOOL, bytes, dims);
      }
      default -> throw new Unfoldable("integers of type " + type + " are not computed on the host");
    };
  }

  private static long quotient(long a, long b) {
    if (b == 0) {
      throw new Unfoldable("division by zero");
    }
    return a / b;
  }

  private static float power(float base, float exponent) {
    return exponent == 2 ? base * base : (float) Math.pow(base, exponent);
  }
}
