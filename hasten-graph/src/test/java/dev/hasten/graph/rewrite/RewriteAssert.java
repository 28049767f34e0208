package dev.hasten.graph.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Dim;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * {@code assertThat(rule).on(model).rewritesTo("Gelu").isIdempotent().preservesOutputs(1e-6)}.
 *
 * <p>Whatever is asserted, the model that was given must come out untouched, and the result must
 * survive a round trip through its bytes.
 */
final class RewriteAssert {
  private final Model before;
  private final RewriteResult result;
  private final List<Rule> rules;

  private RewriteAssert(Model before, List<Rule> rules) {
    this.before = before;
    this.rules = rules;
    String fingerprint = before.fingerprint();
    this.result = Rewriter.run(before, rules);
    assertThat(before.fingerprint()).as("the model that was given").isEqualTo(fingerprint);
    assertThat(Model.read(result.model().toBytes(), "rewritten").fingerprint())
        .as("the rewritten model after a round trip")
        .isEqualTo(result.model().fingerprint());
  }

  /** The rules under test, before the model is given. */
  record Rules(List<Rule> rules) {
    RewriteAssert on(Model model) {
      return new RewriteAssert(model, rules);
    }
  }

  static Rules assertThatRule(Rule... rules) {
    return new Rules(List.of(rules));
  }

  static Rules assertThatRules(List<Rule> rules) {
    return new Rules(rules);
  }

  RewriteResult result() {
    return result;
  }

  /** The operators of the result, in topological order. */
  RewriteAssert rewritesTo(String... opTypes) {
    assertThat(result.changes()).as("changes").isNotEmpty();
    assertThat(result.model().graph().nodes().stream().map(Node::opType)).containsExactly(opTypes);
    return this;
  }

  RewriteAssert doesNotFire() {
    assertThat(result.changes()).as("changes").isEmpty();
    return this;
  }

  RewriteAssert refuses(String reason) {
    assertThat(result.refusals()).extracting(Refusal::reason).anyMatch(r -> r.contains(reason));
    return doesNotFire();
  }

  RewriteAssert isIdempotent() {
    assertThat(Rewriter.run(result.model(), rules).changes())
        .as("changes of a second run")
        .isEmpty();
    return this;
  }

  RewriteAssert fires(String rule) {
    assertThat(result.changes()).extracting(Change::rule).contains(rule);
    return this;
  }

  /**
   * Against the runtime, on two seeded random inputs: differences relative to the largest number of
   * the output, and NaN and infinities at the same places.
   */
  RewriteAssert staysWithin(double relative) {
    for (long seed = 0; seed < 2; seed++) {
      Map<String, Tensor> inputs = randomInputs(before, seed);
      Difference.requireBelow(
          relative,
          Ort.run(before, List.of(inputs)).getFirst(),
          Ort.run(result.model(), List.of(inputs)).getFirst());
    }
    return this;
  }

  /** Against the runtime, on seeded random inputs; symbols become small lengths. */
  RewriteAssert preservesOutputs(double tolerance) {
    List<Map<String, Tensor>> inputs = new ArrayList<>();
    for (int seed = 0; seed < 3; seed++) {
      inputs.add(randomInputs(before, seed));
    }
    return preservesOutputs(tolerance, inputs);
  }

  RewriteAssert preservesOutputs(double tolerance, List<Map<String, Tensor>> inputs) {
    return preservesOutputs(tolerance, inputs, "");
  }

  /**
   * Only where the input {@code mask} is not 0: what a model makes of padding is used by nobody,
   * and differs more.
   */
  RewriteAssert preservesOutputs(double tolerance, List<Map<String, Tensor>> inputs, String mask) {
    List<Map<String, double[]>> expected = Ort.run(before, inputs);
    List<Map<String, double[]>> found = Ort.run(result.model(), inputs);
    for (int i = 0; i < inputs.size(); i++) {
      assertThat(found.get(i).keySet()).isEqualTo(expected.get(i).keySet());
      for (String name : expected.get(i).keySet()) {
        double[] want = Objects.requireNonNull(expected.get(i).get(name));
        double[] got = Objects.requireNonNull(found.get(i).get(name));
        assertThat(got).as(name).hasSameSizeAs(want);
        double worst = 0;
        Tensor masked = inputs.get(i).get(mask);
        long[] counts = masked == null ? new long[] {1} : masked.toLongs();
        for (int k = 0; k < want.length; k++) {
          boolean counted = counts[k / (want.length / counts.length)] != 0;
          worst = Math.max(worst, want[k] == got[k] || !counted ? 0 : Math.abs(want[k] - got[k]));
        }
        assertThat(worst).as("largest difference in %s", name).isLessThanOrEqualTo(tolerance);
      }
    }
    return this;
  }

  /** Seeded inputs of a model; symbols become small lengths. */
  static Map<String, Tensor> randomInputs(Model model, long seed) {
    Random random = new Random(seed);
    Map<String, Long> symbols = new HashMap<>();
    Map<String, Tensor> out = new HashMap<>();
    for (Value input : model.graph().inputs()) {
      Shape shape = Objects.requireNonNull(input.shape());
      for (Dim dim : shape.dims()) {
        dim.symbols().forEach(name -> symbols.computeIfAbsent(name, n -> 1L + random.nextInt(5)));
      }
      long[] dims = shape.eval(symbols).stream().mapToLong(Long::longValue).toArray();
      int size = (int) Call.product(dims, 0, dims.length);
      out.put(input.name(), random(Objects.requireNonNull(input.type()), size, dims, random));
    }
    return out;
  }

  private static Tensor random(DataType type, int size, long[] dims, Random random) {
    if (type == DataType.FLOAT) {
      return Tensor.floats(Tensors.gaussian(size, random), dims);
    }
    // Ones and zeros are right for masks and indexes alike.
    return HostArithmetic.integers(type, random.longs(size, 0, 2).toArray(), dims);
  }
}
