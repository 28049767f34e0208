package dev.hasten.graph.rewrite;

import java.util.List;

/** The lists of rules, each in the order in which they run. */
public final class Rules {
  private Rules() {}

  /**
   * What keeps the outputs within rounding and never makes a graph slower. The order matters little
   * for the result, since the rules run to a fixed point, but much for the work: what shrinks the
   * graph most comes first.
   */
  public static List<Rule> simplify() {
    return List.of(
        // Constants first: nearly every other rule asks whether an input is one.
        new InlineConstants(),
        new ResolveCastLikes(),
        new FoldConstants(),
        new InlineConstantIfs(),
        // Then shapes, which turns chains of Shape, Gather and Concat into constants as well.
        new FoldShapes(),
        new FixReshapeTargets(),
        new ShareEqualShapes(),
        new ShortenShapes(),
        // Now it shows which nodes do nothing, and which follow on each other directly.
        new DropIdentities(),
        new DropNeutralOperands(),
        new DropZeroStates(),
        new ResolveWheres(),
        new MergeCasts(),
        new MergeClips(),
        new MergeReshapes(),
        new MergeSlices(),
        new SplitSlices(),
        new SplitSequences(),
        new EinsumToMatMul(),
        // Transposes: merged where they meet, then brought together.
        new MergeTransposes(),
        new UnwrapTransposes(),
        new CancelTransposes(),
        new JoinTransposes(),
        new ReduceTransposed(),
        // Sharing before the patterns: exporters write x - mean(x) twice, the pattern has it once.
        // Initializers before nodes: equal nodes read the same values.
        new ShareEqualInitializers(),
        new ShareEqualNodes(),
        new RemoveDeadNodes(),
        // What a convolution or product can do on the way.
        new FoldPads(),
        new FoldBatchNormalization(),
        new FoldAffine(),
        new FoldAffineIntoConv(),
        // Larger patterns last, on a graph without noise.
        new FuseLayerNormalization(),
        new FuseRmsNormalization(),
        new FuseGelu(),
        new FuseTanhGelu(),
        new FuseSwish(),
        new FuseHardSwish(),
        new FuseMish());
  }

  /**
   * Self-attention of exporters becomes {@code com.microsoft.Attention}. Its inputs: 0 the hidden
   * states {@code [batch, seq, hidden]}, 1 the weights of query, key and value side by side {@code
   * [hidden, 3*hidden]} (an initializer), 2 their biases {@code [3*hidden]}, 3 the raw mask {@code
   * [batch, total]} int32 (1 attends, 0 does not). Attribute {@code num_heads}; the scale is
   * 1/sqrt(head size). Output 0 {@code [batch, seq, hidden]}.
   */
  public static List<Rule> fuseAttention() {
    return List.of(new FuseAttention());
  }

  /**
   * The same self-attention with its projections kept: {@code com.microsoft.MultiHeadAttention} of
   * 0 query, 1 key, 2 value, each {@code [batch, seq, hidden]}, in both branches of an {@code If};
   * with 4 the raw mask {@code [batch, total]} int32 where the batch has padding, without where it
   * has none.
   */
  public static List<Rule> fuseMultiHeadAttention() {
    return List.of(new FuseMultiHeadAttention());
  }

  /**
   * Lookups of words, positions and token types, their sum and its LayerNormalization become {@code
   * com.microsoft.EmbedLayerNormalization}: inputs 0 ids, 1 (optional) token types, both {@code
   * [batch, seq]} int32, 2 the table of words, 3 of positions, 4 (optional) of types, 5 gamma, 6
   * beta. Attribute {@code epsilon}.
   */
  public static List<Rule> fuseEmbedLayerNormalization() {
    return List.of(new FuseEmbedLayerNormalization());
  }

  /**
   * {@code Add → LayerNormalization} becomes {@code com.microsoft.SkipLayerNormalization}: inputs 0
   * the block's output, 1 the skip connection, 2 gamma, 3 beta, 4 (optional) the bias that was
   * added to input 0. Attribute {@code epsilon}.
   */
  public static List<Rule> fuseSkipLayerNormalization() {
    return List.of(new FuseSkipLayerNormalization());
  }

  /**
   * {@code Add(bias) → Gelu} becomes {@code com.microsoft.BiasGelu}: inputs 0 {@code [..., n]}, 1
   * bias {@code [n]}.
   */
  public static List<Rule> fuseBiasGelu() {
    return List.of(new FuseBiasGelu());
  }

  /**
   * {@code Gelu} and {@code BiasGelu} become {@code com.microsoft.FastGelu}: the form with tanh,
   * which differs by up to 5e-4. Inputs 0 {@code [..., n]}, 1 (optional) bias {@code [n]}; a bias
   * that stands apart is left there, since integer products add it on the way.
   */
  public static List<Rule> approximateGelu() {
    return List.of(new ApproximateGelu());
  }

  /** MatMuls with constant weights that read the same input become one MatMul and a Split. */
  public static List<Rule> mergeMatMuls() {
    return List.of(new MergeMatMuls());
  }

  /** {@code MatMul → Add(bias)} of matrices becomes {@code Gemm}. */
  public static List<Rule> fuseGemm() {
    return List.of(new FuseGemm());
  }
}
