package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.TensorShape;
import dev.hasten.measure.Placement.Bound;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RooflineTest {
  /** 100 Gflop/s fp32, 400 Gop/s int8, 10 GB/s. */
  private static final Peaks PEAKS = new Peaks(1, 100e9, 400e9, 10e9);

  private static TensorShape shape(String type, long... dims) {
    return new TensorShape(type, Arrays.stream(dims).boxed().toList());
  }

  private static Placement place(String opType, int micros, List<TensorShape> in, TensorShape out) {
    NodeTime node =
        new NodeTime("n", opType, Duration.ofNanos(micros * 1_000L), 1, in, List.of(out));
    OperatorProfile profile =
        new OperatorProfile(1, Duration.ofMillis(1), List.of(), List.of(node));
    return Roofline.place(profile, PEAKS).get(0);
  }

  @Test
  void aProductWithPackedWeightsCountsThem() {
    Placement placement =
        place("MatMul", 1_000, List.of(shape("float", 1, 128, 384)), shape("float", 1, 128, 1536));
    assertThat(placement.flops()).isEqualTo(2.0 * 128 * 384 * 1536);
    assertThat(placement.bytes()).isEqualTo(4.0 * (128 * 384 + 384 * 1536 + 128 * 1536));
    assertThat(placement.bound()).isEqualTo(Bound.COMPUTE);
    assertThat(placement.limitSeconds()).isCloseTo(2.0 * 128 * 384 * 1536 / 100e9, within(1e-9));
    assertThat(placement.share()).isCloseTo(1.51, within(0.01));
  }

  @Test
  void aProductOfTwoTensorsCountsEachOnce() {
    Placement placement =
        place(
            "FusedMatMul",
            10,
            List.of(shape("float", 1, 12, 16, 32), shape("float", 1, 12, 32, 16)),
            shape("float", 1, 12, 16, 16));
    assertThat(placement.flops()).isEqualTo(2.0 * 12 * 16 * 32 * 16);
    assertThat(placement.bytes()).isEqualTo(4.0 * (2 * 12 * 16 * 32 + 12 * 16 * 16));
  }

  @Test
  void bytesAreHeldAgainstTheIntegerPeak() {
    Placement placement =
        place(
            "DynamicQuantizeMatMul",
            100,
            List.of(shape("float", 128, 384), shape("float", 384)),
            shape("float", 128, 384));
    double flops = 2.0 * 128 * 384 * 384;
    assertThat(placement.flops()).isEqualTo(flops);
    assertThat(placement.limitSeconds()).isCloseTo(flops / 400e9, within(1e-12));
    assertThat(placement.bytes()).isEqualTo(4.0 * (128 * 384 + 384 + 128 * 384) + 384 * 384);
  }

  @Test
  void whatOnlyMovesDataIsBoundByMemory() {
    TensorShape tensor = shape("float", 1, 128, 384);
    assertThat(place("Transpose", 10, List.of(tensor), tensor).bound()).isEqualTo(Bound.MEMORY);
    assertThat(place("Add", 10, List.of(tensor, tensor), tensor).bytes())
        .isEqualTo(12.0 * 128 * 384);
    assertThat(place("Reshape", 1, List.of(tensor), tensor).bound()).isEqualTo(Bound.UNKNOWN);
    // A look-up reads the rows it returns, not the table of 30,522.
    Placement gather =
        place("Gather", 5, List.of(shape("float", 30522, 384), shape("int64", 1, 16)), tensor);
    assertThat(gather.bytes()).isEqualTo(8.0 * 128 * 384);
  }

  @Test
  void aConvolutionReadsItsKernel() {
    Placement placement =
        place(
            "Conv",
            100,
            List.of(shape("float", 1, 8, 32, 32), shape("float", 16, 8, 3, 3)),
            shape("float", 1, 16, 30, 30));
    assertThat(placement.flops()).isEqualTo(2.0 * 16 * 30 * 30 * 8 * 9);
    assertThat(
            place("Conv", 1, List.of(shape("float", 1, 8, 4, 4)), shape("float", 1, 8, 4, 4))
                .flops())
        .isZero();
  }

  @Test
  void attentionCountsProjectionsAndScores() {
    Placement placement =
        place(
            "Attention",
            100,
            List.of(shape("float", 2, 64, 384), shape("float", 1152)),
            shape("float", 2, 64, 384));
    assertThat(placement.flops()).isEqualTo(2.0 * 128 * 384 * 1152 + 2 * 2.0 * 2 * 64 * 64 * 384);
  }
}
