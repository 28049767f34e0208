package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Random;
import java.util.function.LongBinaryOperator;
import org.junit.jupiter.api.Test;

class DimTest {
  private static final Dim B = Dim.of("batch");
  private static final Dim S = Dim.of("seq");

  @Test
  void equalExpressionsAreEqual() {
    assertThat(B.plus(S).times(2)).isEqualTo(S.times(2).plus(B).plus(B));
    assertThat(B.plus(S).times(B.minus(S))).isEqualTo(B.times(B).minus(S.times(S)));
    assertThat(S.times(4).floorDiv(2)).isEqualTo(S.times(2));
    assertThat(S.plus(1).floorDiv(2).floorDiv(3)).isEqualTo(S.plus(1).floorDiv(6));
    assertThat(S.minus(S)).isEqualTo(Dim.ZERO);
    assertThat(B.times(S).times(384).floorDiv(B.times(S).times(12))).isEqualTo(Dim.of(32));
    assertThat(B.max(S)).isEqualTo(S.max(B)).isEqualTo(S.max(B).max(B));
    assertThat(S.max(Dim.ZERO)).isEqualTo(S);
    assertThat(S.min(S.plus(3))).isEqualTo(S);
    assertThat(S.mod(Dim.of(8)).plus(S.floorDiv(8).times(8))).isEqualTo(S);
  }

  @Test
  void readsWell() {
    assertThat(B.times(S).times(12).plus(S).minus(3)).hasToString("12*batch*seq + seq - 3");
    assertThat(S.plus(1).floorDiv(2)).hasToString("floor((seq + 1)/2)");
    assertThat(Shape.of("batch", "seq", 384)).hasToString("[batch,seq,384]");
  }

  @Test
  void overflowAndMissingValuesAreTold() {
    assertThatThrownBy(() -> Dim.of(Long.MAX_VALUE).plus(1))
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> S.times(Long.MAX_VALUE).eval(Map.of("seq", 2L)))
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> S.eval(Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("seq");
    assertThatThrownBy(() -> S.floorDiv(0)).isInstanceOf(ArithmeticException.class);
  }

  /** Random expressions evaluate to what plain arithmetic gives, however they were simplified. */
  @Test
  void evaluatesAsPlainArithmetic() {
    Random random = new Random(11);
    for (int trial = 0; trial < 20_000; trial++) {
      long b = random.nextInt(7);
      long s = random.nextInt(40);
      Pair pair = expression(random, 4, b, s);
      assertThat(pair.dim().eval(Map.of("batch", b, "seq", s)))
          .as("%s at batch=%s seq=%s", pair.dim(), b, s)
          .isEqualTo(pair.value());
      assertThat(pair.dim().substitute(Map.of("batch", Dim.of(b), "seq", Dim.of(s))))
          .isEqualTo(Dim.of(pair.value()));
    }
  }

  private record Pair(Dim dim, long value) {}

  private static Pair expression(Random random, int depth, long b, long s) {
    if (depth == 0 || random.nextInt(5) == 0) {
      return switch (random.nextInt(3)) {
        case 0 -> new Pair(B, b);
        case 1 -> new Pair(S, s);
        default -> {
          long n = random.nextInt(9) - 2;
          yield new Pair(Dim.of(n), n);
        }
      };
    }
    Pair x = expression(random, depth - 1, b, s);
    Pair y = expression(random, depth - 1, b, s);
    long divisor = 1 + random.nextInt(6);
    return switch (random.nextInt(7)) {
      case 0 -> apply(x, y, x.dim().plus(y.dim()), Long::sum);
      case 1 -> apply(x, y, x.dim().minus(y.dim()), (p, q) -> p - q);
      case 2 -> apply(x, y, x.dim().times(y.dim()), (p, q) -> p * q);
      case 3 -> apply(x, y, x.dim().max(y.dim()), Math::max);
      case 4 -> apply(x, y, x.dim().min(y.dim()), Math::min);
      case 5 -> apply(x, y, x.dim().floorDiv(divisor), (p, _) -> Math.floorDiv(p, divisor));
      default -> apply(x, y, x.dim().ceilDiv(Dim.of(divisor)), (p, _) -> Math.ceilDiv(p, divisor));
    };
  }

  private static Pair apply(Pair x, Pair y, Dim dim, LongBinaryOperator operation) {
    return new Pair(dim, operation.applyAsLong(x.value(), y.value()));
  }
}
