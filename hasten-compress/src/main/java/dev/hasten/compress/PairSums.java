package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;
import dev.hasten.runtime.NdArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What the sums of two byte products of a layer come to on calibration data, as a processor without
 * VNNI adds them ({@link WeightRange}): how many leave 16 bits with weights of full range, and what
 * weights that cannot leave them cost in the layer's output.
 *
 * @param sums how many were looked at
 * @param cut how many of these lie outside 16 bits
 * @param largest the largest magnitude among them; the bound is 32,767
 * @param fullError squared error of the layer's output with weights of full range, added without
 *     loss, as with uint8 weights: {@code Σ (ŷ − y)²}, activations quantized too
 * @param pairedError the same with {@link WeightRange#PAIRED}
 */
record PairSums(long sums, long cut, long largest, double fullError, double pairedError) {
  /** Patches kept of a layer: bounds memory and time, whatever the data. */
  private static final int KEPT = 64;

  private static final int PER_EXAMPLE = 4;

  /** Batches looked at. */
  private static final int BATCHES = 32;

  /** Above this, relative to the error at full range, unsigned weights are the better price. */
  static final double COSTLY = 2;

  /** What becomes of layers whose sums of two products could saturate. */
  enum Remedy {
    /** {@link #PAIRED}, or {@link #UINT8} where that has less than half the error. */
    AUTO,
    /** Weights of which no two that meet can saturate, in every layer. */
    PAIRED,
    /** Unsigned weights, which other and slower kernels take, where calibration data saturates. */
    UINT8,
    /** Floating point where calibration data saturates. */
    EXCLUDE;

    static final Parameter.Choice PARAMETER =
        new Parameter.Choice(
            "saturating",
            "what becomes of layers where sums of two products saturate on processors without VNNI,"
                + " at range: auto; paired: weights in which none can; uint8, exclude: unsigned"
                + " weights or floating point where calibration data really saturates, paired"
                + " elsewhere; auto: paired, or uint8 where that has less than half the error",
            List.of("auto", "paired", "uint8", "exclude"));

    static Remedy of(Settings settings) {
      return valueOf(settings.word(PARAMETER.name()).toUpperCase(Locale.ROOT));
    }
  }

  /**
   * What a row of weights is multiplied with, in the weight's order.
   *
   * @param low smallest value of the batch it comes from, for codes found in each run
   * @param high the largest
   */
  record Sample(int group, float[] patch, float low, float high) {}

  /**
   * A layer as kernels see it.
   *
   * @param weights {@code [K, N]}, the k in the order in which products meet
   * @param order where the k-th element stands in a {@link Sample}
   */
  record Product(
      float[] weights,
      QuantizedWeight full,
      QuantizedWeight paired,
      int groups,
      IntUnaryOperator order) {}

  /** Samples of the inputs of some layers; those of forms that {@link Patches} lacks have none. */
  static Map<Node, List<Sample>> sample(
      Model model, List<Node> nodes, Context context, String technique) {
    Map<Node, List<Sample>> samples = new LinkedHashMap<>();
    Map<String, List<Node>> readers = new LinkedHashMap<>();
    for (Node node : nodes) {
      Value input = node.input(0);
      if (Patches.unfit(node) == null && input.constant() == null) {
        samples.put(node, new ArrayList<>());
        readers.computeIfAbsent(input.name(), name -> new ArrayList<>()).add(node);
      }
    }
    Iterable<Map<String, NdArray>> first =
        () ->
            StreamSupport.stream(context.calibration().spliterator(), false)
                .limit(BATCHES)
                .iterator();
    Calibration.observe(
        model,
        List.copyOf(readers.keySet()),
        context.withCalibration(first),
        technique,
        (name, batch) -> {
          float low = 0;
          float high = 0;
          for (float x : batch.toFloats()) {
            low = Math.min(low, x);
            high = Math.max(high, x);
          }
          for (Node node : Objects.requireNonNull(readers.get(name))) {
            add(Objects.requireNonNull(samples.get(node)), node, batch, low, high);
          }
        });
    return samples;
  }

  private static void add(List<Sample> kept, Node node, NdArray batch, float low, float high) {
    if (kept.size() < KEPT && batch.size() > 0) {
      Patches.of(node)
          .forEach(
              batch,
              PER_EXAMPLE,
              (group, patch) -> {
                if (kept.size() < KEPT) {
                  kept.add(new Sample(group, patch.clone(), low, high));
                }
              });
    }
  }

  /**
   * @param coded the code of the activations; null for samples to leave out
   */
  static PairSums of(
      Product product, List<Sample> samples, Function<Sample, @Nullable ActivationCode> coded) {
    Counter counter = new Counter(product);
    for (Sample sample : samples) {
      ActivationCode code = coded.apply(sample);
      if (code != null) {
        counter.add(sample, code);
      }
    }
    return new PairSums(
        counter.sums, counter.cut, counter.largest, counter.fullError, counter.pairedError);
  }

  /** What to do: {@link Remedy#PAIRED}, {@link Remedy#UINT8} or {@link Remedy#EXCLUDE}. */
  Remedy choose(Remedy asked) {
    return switch (asked) {
      case AUTO -> pairedError > COSTLY * fullError ? Remedy.UINT8 : Remedy.PAIRED;
      case PAIRED -> Remedy.PAIRED;
      case UINT8, EXCLUDE -> cut > 0 ? asked : Remedy.PAIRED;
    };
  }

  /** For reports: {@code at full range 3.1 % of its sums of two products saturate…}. */
  @Override
  public String toString() {
    return cut == 0
        ? "at full range no sum of two products saturates on calibration data (the largest is %,d)"
            .formatted(largest)
        : "at full range %.2g %% of its sums of two products saturate on calibration data (the largest is %,d)"
            .formatted(100.0 * cut / sums, largest);
  }

  /** Adds up samples. */
  private static final class Counter {
    private final Product product;
    private final int rows;
    private final int columns;
    private long sums;
    private long cut;
    private long largest;
    private double fullError;
    private double pairedError;

    Counter(Product product) {
      this.product = product;
      this.rows = product.full.rows();
      this.columns = product.full.columns();
    }

    void add(Sample sample, ActivationCode code) {
      int[] codes = new int[rows];
      float[] real = new float[rows];
      for (int r = 0; r < rows; r++) {
        real[r] = sample.patch[product.order.applyAsInt(r)];
        codes[r] = code.code(real[r]);
      }
      int width = columns / product.groups;
      for (int c = sample.group * width; c < (sample.group + 1) * width; c++) {
        addColumn(codes, real, code, c);
      }
    }

    private void addColumn(int[] codes, float[] real, ActivationCode code, int c) {
      byte[] full = product.full.values();
      byte[] paired = product.paired.values();
      double exact = 0;
      long fullSum = 0;
      long pairedSum = 0;
      for (int r = 0; r < rows; r += 2) {
        int at = r * columns + c;
        int sum = codes[r] * full[at];
        fullSum += (long) (codes[r] - code.zero()) * full[at];
        pairedSum += (long) (codes[r] - code.zero()) * paired[at];
        exact += (double) real[r] * product.weights[at];
        if (r + 1 < rows) {
          int next = at + columns;
          sum += codes[r + 1] * full[next];
          fullSum += (long) (codes[r + 1] - code.zero()) * full[next];
          pairedSum += (long) (codes[r + 1] - code.zero()) * paired[next];
          exact += (double) real[r + 1] * product.weights[next];
        }
        sums++;
        largest = Math.max(largest, Math.abs(sum));
        cut += sum > Short.MAX_VALUE || sum < Short.MIN_VALUE ? 1 : 0;
      }
      fullError += square(code.scale() * (double) product.full.scale(c) * fullSum - exact);
      pairedError += square(code.scale() * (double) product.paired.scale(c) * pairedSum - exact);
    }

    private static double square(double x) {
      return x * x;
    }
  }
}
