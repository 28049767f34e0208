package dev.hasten.graph.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.OpsetConverter;
import dev.hasten.graph.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The real model through the rules, its outputs against the runtime's on the original. */
class MiniLmRewriteTest {
  private static final Model MODEL = read();
  private static final List<Map<String, Tensor>> TEXTS = texts();

  private static Model read() {
    try (InputStream in =
        Objects.requireNonNull(
            MiniLmRewriteTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx"))) {
      return Model.read(in.readAllBytes(), "all-minilm-l6-v2.onnx");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Token ids of real sentences, in batches that are padded to their longest. */
  private static List<Map<String, Tensor>> texts() {
    // "Rain." / "The museum keeps a small herd of wooden horses." / "Where does the river begin?"
    int[] rain = {101, 4542, 1012, 102};
    int[] museum = {101, 1996, 2688, 7906, 1037, 2235, 14906, 1997, 4799, 5194, 1012, 102};
    int[] river = {101, 2073, 2515, 1996, 2314, 4088, 1029, 102};
    // "A contract is an agreement between two or more parties, enforceable by law; …"
    int[] contract = {
      101, 1037, 3206, 2003, 2019, 3820, 2090, 2048, 2030, 2062, 4243, 1010, 16306, 3085, 2011,
      2375, 1025, 2302, 9584, 2009, 2003, 2788, 11675, 1012, 102
    };
    // "She measured the voltage twice because the first reading seemed implausibly high."
    int[] voltage = {
      101, 2016, 7594, 1996, 10004, 3807, 2138, 1996, 2034, 3752, 2790, 17727, 28128, 17296, 2152,
      1012, 102
    };
    // "an edible tuber native to South America"
    int[] tuber = {101, 2019, 21006, 7270, 2099, 3128, 2000, 2148, 2637, 102};
    return List.of(
        batch(museum), batch(rain, contract, tuber), batch(voltage, river), batch(river, rain));
  }

  private static Map<String, Tensor> batch(int[]... texts) {
    int longest = Arrays.stream(texts).mapToInt(text -> text.length).max().orElseThrow();
    long[] ids = new long[texts.length * longest];
    long[] mask = new long[ids.length];
    for (int row = 0; row < texts.length; row++) {
      for (int i = 0; i < texts[row].length; i++) {
        ids[row * longest + i] = texts[row][i];
        mask[row * longest + i] = 1;
      }
    }
    return Map.of(
        "input_ids", Tensor.longs(ids, texts.length, longest),
        "attention_mask", Tensor.longs(mask, texts.length, longest),
        "token_type_ids", Tensor.longs(new long[ids.length], texts.length, longest));
  }

  private static Map<String, Long> operators(Model model) {
    return model.graph().nodes().stream()
        .collect(Collectors.groupingBy(Node::opType, TreeMap::new, Collectors.counting()));
  }

  private static Model at17() {
    return Rewriter.simplify(MODEL, 17).model();
  }

  @Test
  void simplifyAtItsOwnOpset() {
    RewriteAssert simplified =
        RewriteAssert.assertThatRules(Rules.simplify())
            .on(MODEL)
            .preservesOutputs(5e-6, TEXTS, "attention_mask");
    assertThat(operators(simplified.result().model()))
        .doesNotContainKeys("Constant", "Erf", "Concat")
        .containsEntry("Gelu", 6L);
    assertThat(simplified.result().refusals())
        .filteredOn(r -> r.rule().equals("fuse-layer-normalization"))
        .hasSize(13)
        .allMatch(r -> r.reason().equals("needs opset 17, the model has 11"));
    simplified.isIdempotent();
  }

  @Test
  void simplifyAtOpset17() {
    RewriteAssert simplified =
        RewriteAssert.assertThatRules(Rules.simplify())
            .on(OpsetConverter.convert(MODEL, 17))
            .preservesOutputs(5e-6, TEXTS, "attention_mask")
            .isIdempotent();
    assertThat(operators(simplified.result().model()))
        .containsEntry("LayerNormalization", 13L)
        .containsEntry("Gelu", 6L)
        .containsEntry("Reshape", 24L)
        .containsEntry("Shape", 1L);
    assertThat(simplified.result().model().graph().nodes()).hasSizeLessThan(200);
  }

  @Test
  void fusesAttention() {
    RewriteAssert fused =
        RewriteAssert.assertThatRules(Rules.fuseAttention())
            .on(at17())
            .preservesOutputs(5e-6, TEXTS, "attention_mask")
            .isIdempotent();
    assertThat(operators(fused.result().model()))
        .containsEntry("Attention", 6L)
        .doesNotContainKeys("Softmax", "Transpose", "Reshape");
  }

  @Test
  void fusesAll() {
    RewriteAssert fused =
        RewriteAssert.assertThatRule(
                new FuseAttention(), new FuseSkipLayerNormalization(), new FuseBiasGelu())
            .on(at17())
            .preservesOutputs(5e-6, TEXTS, "attention_mask")
            .isIdempotent();
    assertThat(operators(fused.result().model()))
        .containsEntry("Attention", 6L)
        .containsEntry("SkipLayerNormalization", 12L)
        .containsEntry("LayerNormalization", 1L)
        .containsEntry("BiasGelu", 6L);
  }

  /** The texts hold batches with padding and one without: both branches run. */
  @Test
  void fusesMultiHeadAttention() {
    RewriteAssert fused =
        RewriteAssert.assertThatRules(Rules.fuseMultiHeadAttention())
            .on(at17())
            .preservesOutputs(5e-6, TEXTS, "attention_mask")
            .isIdempotent();
    assertThat(operators(fused.result().model()))
        .containsEntry("If", 6L)
        .containsEntry("ReduceMin", 1L)
        .doesNotContainKeys("Softmax", "Transpose", "Reshape");
  }

  @Test
  void fusesEmbeddings() {
    RewriteAssert fused =
        RewriteAssert.assertThatRules(Rules.fuseEmbedLayerNormalization())
            .on(at17())
            .preservesOutputs(5e-6, TEXTS, "attention_mask")
            .isIdempotent();
    assertThat(operators(fused.result().model()))
        .containsEntry("EmbedLayerNormalization", 1L)
        .containsEntry("LayerNormalization", 12L)
        .doesNotContainKeys("Gather", "Slice", "Shape");
  }

  @Test
  void mergesMatMuls() {
    RewriteAssert merged =
        RewriteAssert.assertThatRules(Rules.mergeMatMuls())
            .on(at17())
            .preservesOutputs(5e-6, TEXTS, "attention_mask")
            .isIdempotent();
    assertThat(operators(merged.result().model()))
        .containsEntry("Split", 6L)
        .containsEntry("MatMul", 36L);
  }
}
