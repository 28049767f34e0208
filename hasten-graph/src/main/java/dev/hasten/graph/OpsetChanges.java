package dev.hasten.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * In which opsets after 7 each standard operator changed, up to {@link OpsetConverter#KNOWN}. Most
 * changes only admit more types or add an optional attribute, so the node stays as it is; a version
 * marked with a star needs an edit by {@link OpsetEdits}.
 */
final class OpsetChanges {
  private static final String CHANGES =
      """
      Abs 13; Acos 22; Acosh 22; Add 13 14; AffineGrid; And; ArgMax 11 12 13; ArgMin 11 12 13
      Asin 22; Asinh 22; Atan 22; Atanh 22; Attention 24 25; AveragePool 10 11 19 22
      BatchNormalization 9* 14* 15; Bernoulli 22; BitCast; BitShift 28; BitwiseAnd; BitwiseNot
      BitwiseOr; BitwiseXor; BlackmanWindow; Cast 9 13 19 21 23 24 25 28; CastLike 19 21 23 24 25
      CausalConvWithState; Ceil 13; Celu 28; CenterCropPad; Clip 11* 12 13; Col2Im; Compress 11 28
      Concat 11 13; ConcatFromSequence; Constant 9 11 12 13 19 21 23 24 25
      ConstantOfShape 20 21 23 24 25; Conv 11 22; ConvInteger; ConvTranspose 11 22; Cos 22; Cosh 22
      CumProd; CumSum 14; DFT 20*; DeformConv 22; DepthToSpace 11 13 28
      DequantizeLinear 13 19 21 23 24 25 28; Det 22; Div 13 14; Dropout 10* 12* 13 22
      DynamicQuantizeLinear; Einsum 28; Elu 22; Equal 11 13 19; Erf 13; Exp 13; Expand 13
      EyeLike 22; Flatten 9 11 13 21 23 24 25; Floor 13; GRU 14 22; Gather 11 13; GatherElements 13
      GatherND 12 13; Gelu; Gemm 9 11 13; GlobalAveragePool 22; GlobalLpPool 22; GlobalMaxPool 22
      Greater 9 13; GreaterOrEqual 16; GridSample 20* 22; GroupNormalization 21*; HammingWindow
      HannWindow; HardSigmoid 22; HardSwish 22; Hardmax 11 13*; Identity 13 14 16 19 21 23 24 25
      If 11 13 16 19 21 23 24 25; ImageDecoder; InstanceNormalization 22; IsInf 20; IsNaN 13 20
      LRN 13; LSTM 14 22; LayerNormalization; LeakyRelu 16; Less 9 13; LessOrEqual 16
      LinearAttention; Log 13; LogSoftmax 11 13*; Loop 11 13 16 19 21 23 24 25; LpNormalization 22
      LpPool 11 18 22; MatMul 9 13; MatMulInteger; Max 8 12 13; MaxPool 8 10 11 12 22
      MaxRoiPool 22; MaxUnpool 11 22; Mean 8 13; MeanVarianceNormalization 13; MelWeightMatrix
      Min 8 12 13; Mish 22; Mod 13 28*; Mul 13 14; Multinomial 22; Neg 13
      NegativeLogLikelihoodLoss 13 22; NonMaxSuppression 11; NonZero 13; Not; OneHot 11 28
      Optional 28; OptionalGetElement 18 28; OptionalHasElement 18 28; Or; PRelu 9 16
      Pad 11* 13 18 19 21 23 24 25; Pow 12 13 15; QLinearConv; QLinearMatMul 21
      QuantizeLinear 13 19 21 23 24 25 28; RMSNormalization; RNN 14 22; RandomNormal 22
      RandomNormalLike 22; RandomUniform 22; RandomUniformLike 22; Range 27; Reciprocal 13
      ReduceL1 11 13 18*; ReduceL2 11 13 18*; ReduceLogSum 11 13 18* 28
      ReduceLogSumExp 11 13 18* 28; ReduceMax 11 12 13 18* 20; ReduceMean 11 13 18*
      ReduceMin 11 12 13 18* 20; ReduceProd 11 13 18*; ReduceSum 11 13*; ReduceSumSquare 11 13 18*
      RegexFullMatch; Relu 13 14; Reshape 13 14 19 21 23 24 25; Resize 11* 13* 18 19
      ReverseSequence 28; RoiAlign 16* 22; RotaryEmbedding; Round 22; STFT
      Scan 9* 11 16 19 21 23 24 25; Scatter 11*; ScatterElements 13 16 18; ScatterND 13 16 18
      Selu 22; SequenceAt; SequenceConstruct; SequenceEmpty; SequenceErase; SequenceInsert
      SequenceLength; SequenceMap; Shape 13 15 19 21 23 24 25; Shrink; Sigmoid 13; Sign 13
      SimplifiedLayerNormalization; Sin 22; Sinh 22; Size 13 19 21 23 24 25; Slice 10* 11 13
      Softmax 11 13*; SoftmaxCrossEntropyLoss 13; Softplus 22; Softsign 22; SpaceToDepth 13 28
      Split 11 13* 18*; SplitToSequence 24; Sqrt 13; Squeeze 11 13* 21 23 24 25; StringConcat
      StringNormalizer; StringSplit; Sub 13 14; Sum 8 13; SwiGLU; Swish; Tan 22; Tanh 13
      TensorScatter; TfIdfVectorizer; ThresholdedRelu 22; Tile 13; TopK 10* 11 24
      Transpose 13 21 23 24 25; Trilu; Unique 28; Unsqueeze 11 13* 21 23 24 25; Upsample 9* 10*
      Where 16; Xor
      """;

  private static final Map<String, NavigableMap<Long, Boolean>> TABLE = read();

  private OpsetChanges() {}

  /**
   * The first version after {@code from}, up to {@code to}, in which an operator changed.
   *
   * @param needsEdit whether the node must be edited for it
   */
  record Change(long version, boolean needsEdit) {}

  static boolean knows(String opType) {
    return TABLE.containsKey(opType);
  }

  static Set<String> names() {
    return TABLE.keySet();
  }

  /** The changes of an operator as text, as in {@code 11 13*}. */
  static String describe(String opType) {
    return TABLE.getOrDefault(opType, new TreeMap<>()).entrySet().stream()
        .map(change -> change.getKey() + (change.getValue() ? "*" : ""))
        .collect(Collectors.joining(" "));
  }

  /** The version that an operator has at an opset: when it last changed or came; 0 if before 8. */
  static long version(String opType, long opset) {
    NavigableMap<Long, Boolean> changes = TABLE.get(opType);
    Long version = changes == null ? null : changes.floorKey(opset);
    return version == null ? OpsetAdditions.introduced(opType) : version;
  }

  static @Nullable Change next(String opType, long from, long to) {
    NavigableMap<Long, Boolean> changes = TABLE.get(opType);
    Map.Entry<Long, Boolean> next = changes == null ? null : changes.higherEntry(from);
    return next == null || next.getKey() > to ? null : new Change(next.getKey(), next.getValue());
  }

  private static Map<String, NavigableMap<Long, Boolean>> read() {
    Map<String, NavigableMap<Long, Boolean>> table = new HashMap<>();
    for (String row : CHANGES.split("[;\n]")) {
      List<String> words = List.of(row.strip().split(" +"));
      if (!words.getFirst().isEmpty()) {
        NavigableMap<Long, Boolean> changes = new TreeMap<>();
        for (String word : words.subList(1, words.size())) {
          changes.put(Long.valueOf(word.replace("*", "")), word.endsWith("*"));
        }
        table.put(words.getFirst(), changes);
      }
    }
    return table;
  }
}
