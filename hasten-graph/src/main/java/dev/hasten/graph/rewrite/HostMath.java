package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/**
 * Functions of reals, computed in double precision and rounded once: tables of positions and angles
 * that exporters leave to be computed again on each run.
 */
final class HostMath {
  /** More multiplications are left to the runtime. */
  private static final long MAX_PRODUCTS = 1 << 26;

  private HostMath() {}

  static void register(Map<String, Evaluator.Kernel> kernels) {
    unary(kernels, "Exp", Math::exp);
    unary(kernels, "Log", Math::log);
    unary(kernels, "Sin", Math::sin);
    unary(kernels, "Cos", Math::cos);
    unary(kernels, "Tanh", Math::tanh);
    unary(kernels, "Sigmoid", x -> 1 / (1 + Math.exp(-x)));
    unary(kernels, "Round", Math::rint);
    unary(kernels, "Sign", Math::signum);
    kernels.put("MatMul", HostMath::matMul);
  }

  private static void unary(
      Map<String, Evaluator.Kernel> kernels, String opType, DoubleUnaryOperator function) {
    kernels.put(
        opType,
        call -> {
          Tensor x = call.input(0);
          requireReal(opType, x.type());
          call.requireSize(x.type(), Call.dims(x));
          double[] values = Arrays.stream(x.toDoubles()).map(function).toArray();
          return real(x.type(), values, Call.dims(x));
        });
  }

  private static void requireReal(String opType, DataType type) {
    if (type != DataType.FLOAT && type != DataType.DOUBLE) {
      throw new Unfoldable(opType + " of " + type + " is not computed on the host");
    }
  }

  static Tensor real(DataType type, double[] values, long[] dims) {
    if (type == DataType.DOUBLE) {
      return Tensor.doubles(values, dims);
    }
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return Tensor.floats(floats, dims);
  }

  /** Matrices {@code [m,k] · [k,n]}, the leading axes broadcast. */
  private static Tensor matMul(Call call) {
    Tensor a = call.input(0);
    Tensor b = call.input(1);
    requireReal("MatMul", a.type());
    if (a.rank() < 2 || b.rank() < 2 || a.dim(-1) != b.dim(-2) || a.type() != b.type()) {
      throw new Unfoldable("a product of " + a + " and " + b + " is not computed on the host");
    }
    int m = (int) a.dim(-2);
    int k = (int) a.dim(-1);
    int n = (int) b.dim(-1);
    long[] left = Arrays.copyOf(Call.dims(a), a.rank() - 2);
    long[] right = Arrays.copyOf(Call.dims(b), b.rank() - 2);
    long[] batch = Call.broadcast(left, right);
    long[] out = Arrays.copyOf(batch, batch.length + 2);
    out[batch.length] = m;
    out[batch.length + 1] = n;
    call.requireSize(a.type(), out);
    long products = Call.product(out, 0, out.length) * k;
    if (products > MAX_PRODUCTS) {
      throw new Unfoldable(products + " multiplications are left to the runtime");
    }
    int[] lefts = Call.indexes(batch, Call.broadcastStrides(left, batch), 0);
    int[] rights = Call.indexes(batch, Call.broadcastStrides(right, batch), 0);
    double[] x = a.toDoubles();
    double[] y = b.toDoubles();
    double[] z = new double[lefts.length * m * n];
    for (int i = 0; i < lefts.length; i++) {
      for (int row = 0; row < m; row++) {
        for (int inner = 0; inner < k; inner++) {
          double factor = x[(lefts[i] * m + row) * k + inner];
          for (int column = 0; column < n; column++) {
            z[(i * m + row) * n + column] += factor * y[(rights[i] * k + inner) * n + column];
          }
        }
      }
    }
    return real(a.type(), z, out);
  }
}
