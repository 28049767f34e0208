package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.rewrite.RewriteResult;
import dev.hasten.graph.rewrite.Rewriter;
import dev.hasten.graph.rewrite.Rule;
import dev.hasten.graph.rewrite.Rules;
import java.util.List;
import java.util.function.Supplier;

/**
 * Groups of operators become one operator that ONNX Runtime contributes. Whether that is faster
 * depends on the runtime's version, the processor, and on what is quantized: measure.
 */
record Fuse(Supplier<List<Rule>> rules) implements Technique {
  private static final String WHY = "which fused operators are faster flips between runtimes";

  static final TechniqueInfo ATTENTION =
      info(
          "fuse-attention",
          "Self-attention becomes one Attention operator of ONNX Runtime.",
          Rules::fuseAttention);
  static final TechniqueInfo MULTI_HEAD_ATTENTION =
      info(
          "fuse-multi-head-attention",
          "Self-attention becomes MultiHeadAttention, its projections apart; a batch without"
              + " padding runs without the mask.",
          Rules::fuseMultiHeadAttention);
  static final TechniqueInfo EMBED_LAYER_NORM =
      info(
          "fuse-embed-layer-norm",
          "Embeddings, their sum and LayerNormalization become EmbedLayerNormalization.",
          Rules::fuseEmbedLayerNormalization);
  static final TechniqueInfo SKIP_LAYER_NORM =
      info(
          "fuse-skip-layer-norm",
          "Add and LayerNormalization become SkipLayerNormalization.",
          Rules::fuseSkipLayerNormalization);
  static final TechniqueInfo BIAS_GELU =
      info("fuse-bias-gelu", "Add and Gelu become BiasGelu.", Rules::fuseBiasGelu);
  static final TechniqueInfo MERGE_QKV =
      info(
          "merge-qkv",
          "MatMuls that read the same input, such as query, key and value, become one.",
          Rules::mergeMatMuls);

  static final TechniqueInfo GELU_TANH =
      TechniqueInfo.lossy(
              "gelu-tanh",
              Stage.FUSE,
              "Gelu and BiasGelu become FastGelu: the form with tanh, off by up to 0.0005.",
              List.of(),
              settings -> new Fuse(Rules::approximateGelu))
          .proposing(WHY);

  /**
   * What goes together before a quantization: one of the two forms of attention, and what neither
   * takes operators from the other nor a bias from an integer product, which adds it on the way.
   */
  static final List<List<TechniqueInfo>> TOGETHER =
      List.of(
          List.of(MULTI_HEAD_ATTENTION, EMBED_LAYER_NORM, SKIP_LAYER_NORM, GELU_TANH),
          List.of(ATTENTION, EMBED_LAYER_NORM, SKIP_LAYER_NORM, GELU_TANH));

  private static TechniqueInfo info(String name, String summary, Supplier<List<Rule>> rules) {
    return TechniqueInfo.equivalent(
            name, Stage.FUSE, summary, List.of(), settings -> new Fuse(rules))
        .proposing(WHY);
  }

  @Override
  public Applied apply(Model model, Context context) {
    RewriteResult result = Rewriter.run(model, rules.get());
    return new Applied(result.model(), result.changes(), result.refusals());
  }
}
