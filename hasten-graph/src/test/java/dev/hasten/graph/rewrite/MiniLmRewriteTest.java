package dev.hasten.graph.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.OpsetConverter;
import dev.hasten.graph.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
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

  /** Token ids of sentences in a tokenizer's form: [CLS] … [SEP], padded to the longest. */
  private static List<Map<String, Tensor>> texts() {
    Random random = new Random(7);
    List<Map<String, Tensor>> out = new ArrayList<>();
    for (int[] lengths : List.of(new int[] {5}, new int[] {3, 17, 9}, new int[] {40, 2})) {
      int longest = Arrays.stream(lengths).max().orElseThrow();
      long[] ids = new long[lengths.length * longest];
      long[] mask = new long[ids.length];
      for (int row = 0; row < lengths.length; row++) {
        for (int i = 0; i < lengths[row]; i++) {
          boolean last = i == lengths[row] - 1;
          ids[row * longest + i] = i == 0 ? 101 : last ? 102 : 1000 + random.nextInt(28_000);
          mask[row * longest + i] = 1;
        }
      }
      out.add(
          Map.of(
              "input_ids", Tensor.longs(ids, lengths.length, longest),
              "attention_mask", Tensor.longs(mask, lengths.length, longest),
              "token_type_ids", Tensor.longs(new long[ids.length], lengths.length, longest)));
    }
    return out;
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
        RewriteAssert.assertThatRules(Rules.simplify()).on(MODEL).preservesOutputs(1e-5, TEXTS);
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
            .preservesOutputs(1e-5, TEXTS)
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
            .preservesOutputs(1e-5, TEXTS)
            .isIdempotent();
    assertThat(operators(fused.result().model()))
        .containsEntry("Attention", 6L)
        .doesNotContainKeys("Softmax", "Transpose", "Reshape");
  }

  @Test
  void fusesAll() {
    RewriteAssert fused =
        RewriteAssert.assertThatRules(Rules.fusions())
            .on(at17())
            .preservesOutputs(1e-5, TEXTS)
            .isIdempotent();
    assertThat(operators(fused.result().model()))
        .containsEntry("Attention", 6L)
        .containsEntry("SkipLayerNormalization", 12L)
        .containsEntry("LayerNormalization", 1L)
        .containsEntry("BiasGelu", 6L);
  }

  @Test
  void mergesMatMuls() {
    RewriteAssert merged =
        RewriteAssert.assertThatRules(Rules.mergeMatMuls())
            .on(at17())
            .preservesOutputs(1e-5, TEXTS)
            .isIdempotent();
    assertThat(operators(merged.result().model()))
        .containsEntry("Split", 6L)
        .containsEntry("MatMul", 36L);
  }
}
