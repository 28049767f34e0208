package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.runtime.NdArray;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MiniLmTest {
  private final Model model = Sentences.model();
  private final List<Map<String, NdArray>> texts = Sentences.batches(60, 1);
  private final List<float[]> reference = Sentences.embed(model, texts);
  private final Context context =
      Context.of(Sentences.VNNI).withCalibration(Sentences.batches(60, 2));

  @Test
  void dynamicInt8KeepsTheDirectionOfEmbeddings() {
    Applied applied = Step.of("dynamic-int8").create().apply(model, context);
    applied.model().validate();

    assertThat(applied.changes()).hasSize(36);
    assertThat(applied.refusals())
        .hasSize(12)
        .allSatisfy(refusal -> assertThat(refusal.reason()).contains("not an initializer"));
    assertThat(
            applied.model().graph().nodes().stream()
                .filter(node -> node.is("DynamicQuantizeLinear")))
        .as("query, key and value share one")
        .hasSize(24);
    double cosine = Sentences.meanCosine(reference, Sentences.embed(applied.model(), texts));
    assertThat(cosine).isGreaterThan(0.985);
  }

  @Test
  void smoothingFirstLosesLess() {
    Applied smooth = Step.of("smooth-quant").create().apply(model, context);
    double equal = Sentences.meanCosine(reference, Sentences.embed(smooth.model(), texts));
    assertThat(equal).isGreaterThan(0.99999);
    Applied applied =
        Step.of("dynamic-int8", "embeddings", true).create().apply(smooth.model(), context);
    double cosine = Sentences.meanCosine(reference, Sentences.embed(applied.model(), texts));
    assertThat(cosine).isGreaterThan(0.993);
    assertThat(applied.model().weightBytes()).isLessThan(25_000_000);
  }

  private double cosineOf(Applied applied) {
    applied.model().validate();
    Model back = Model.read(applied.model().toBytes(), "written and read");
    return Sentences.meanCosine(reference, Sentences.embed(back, texts));
  }

  private Applied simplified(Step... steps) {
    java.util.List<Step> all = new java.util.ArrayList<>(List.of(Step.of("simplify")));
    all.addAll(List.of(steps));
    return new Recipe(all).apply(model, context);
  }

  @Test
  void theFirstCandidateKeepsItsPromise() {
    Recipe recipe = Techniques.candidates(Sentences.VNNI, model).get(1).recipe();
    Applied applied = recipe.apply(model, context);
    assertThat(cosineOf(applied)).isGreaterThan(0.993);
    assertThat(recipe.steps().getLast().create().apply(applied.model(), context).changes())
        .as("a second time")
        .isEmpty();
  }

  @Test
  void fusedAttentionIsQuantizedToo() {
    Applied applied =
        simplified(
            Step.of("fuse-attention"),
            Step.of("fuse-skip-layer-norm"),
            Step.of("fuse-bias-gelu"),
            Step.of("dynamic-int8"));
    assertThat(applied.model().graph().nodes().stream().filter(n -> n.is("QAttention"))).hasSize(6);
    assertThat(cosineOf(applied)).isGreaterThan(0.985);
  }

  @Test
  void allFusionsQuantizeToTheSameQuality() {
    for (String attention : List.of("fuse-attention", "fuse-multi-head-attention")) {
      Applied applied =
          simplified(
              Step.of(attention),
              Step.of("fuse-embed-layer-norm"),
              Step.of("fuse-skip-layer-norm"),
              Step.of("gelu-tanh"),
              Step.of("dynamic-int8", "clip", "mse"));
      assertThat(applied.model().graph().nodes().stream().map(Node::opType))
          .contains("FastGelu", "EmbedLayerNormalization", "SkipLayerNormalization")
          .doesNotContain("LayerNormalization", "Gelu", "MatMul", "Gather");
      assertThat(cosineOf(applied)).isGreaterThan(0.985);
    }
  }

  @Test
  void onlyUnsignedWeightsHaveAZeroPoint() {
    for (boolean unsigned : new boolean[] {false, true}) {
      Applied applied =
          Step.of("dynamic-int8", "weights", unsigned ? "uint8" : "int8")
              .create()
              .apply(model, context);
      assertThat(applied.model().graph().nodes().stream().filter(n -> n.is("MatMulInteger")))
          .hasSize(36)
          .allSatisfy(node -> assertThat(node.inputOrNull(3) != null).isEqualTo(unsigned));
    }
  }

  @Test
  void staticRangesComeFromCalibration() {
    Applied applied = simplified(Step.of("smooth-quant"), Step.of("static-int8"));
    assertThat(applied.changes()).filteredOn(c -> c.rule().equals("static-int8")).hasSize(36);
    assertThat(cosineOf(applied)).isGreaterThan(0.9);
  }

  @Test
  void storageOnlyTechniquesKeepTheOutputs() {
    Applied eighth = Step.of("weight-only-int8").create().apply(model, context);
    assertThat(eighth.model().weightBytes()).isLessThan(24_000_000);
    assertThat(cosineOf(eighth)).isGreaterThan(0.999);
    assertThat(Step.of("weight-only-int8").create().apply(eighth.model(), context).changes())
        .isEmpty();
    Applied half = Step.of("fp16").create().apply(model, context);
    assertThat(half.model().weightBytes()).isLessThan(46_000_000);
    assertThat(cosineOf(half)).isGreaterThan(0.99999);
    assertThat(Step.of("fp16").create().apply(half.model(), context).changes()).isEmpty();
  }

  @Test
  void fourBitsAreASixthOfTheSize() {
    Applied nearest = fourBits("rtn");
    assertThat(nearest.changes()).filteredOn(c -> c.rule().equals("weight-only-nbits")).hasSize(39);
    assertThat(nearest.model().weightBytes()).isLessThan(model.weightBytes() / 6);
    double cosine = cosineOf(nearest);
    assertThat(cosine).isGreaterThan(0.95);
    assertThat(cosineOf(fourBits("gptq"))).isGreaterThan(cosine + 0.01);
  }

  private Applied fourBits(String method) {
    return simplified(Step.of("weight-only-nbits", "method", method));
  }
}
