package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Weights are stored in a quarter of the size and computed with in floating point:
 *
 * <pre>{@code
 * W float[K,N]   becomes   Mul(Cast(W int8[K,N]), scales float[1,N])
 * }</pre>
 *
 * Cast and Mul instead of DequantizeLinear, since ONNX Runtime folds them once when it loads the
 * model, where it would dequantize in every run: the speed stays, the file shrinks, the memory does
 * not. Embedding tables stay small in memory too.
 */
record WeightOnlyInt8(boolean embeddings, int smallest, Targets.Chosen chosen)
    implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
              "weight-only-int8",
              Stage.PRECISION,
              "Stores weights in 8 bits, a scale per channel, and computes in floating point: a quarter"
                  + " of the file's size at the original speed.",
              List.of(
                  new Parameter.Flag("embeddings", "embedding tables too", true),
                  new Parameter.Whole(
                      "smallest", "weights with fewer elements stay", 1024L, 1, Integer.MAX_VALUE),
                  Targets.Chosen.INCLUDE,
                  Targets.Chosen.EXCLUDE),
              settings ->
                  new WeightOnlyInt8(
                      settings.flag("embeddings"),
                      settings.whole("smallest"),
                      Targets.Chosen.of(settings)))
          .proposing("a quarter of the size at the original speed, nearly no loss");

  private static final Set<String> OPERATORS = Set.of("MatMul", "Gemm", "Conv");

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    Model result = model.copy();
    Graph graph = result.graph();
    for (Value weight : List.copyOf(graph.initializers())) {
      Tensor tensor = weight.constant();
      if (tensor == null || tensor.type() != DataType.FLOAT || tensor.size() < smallest) {
        continue;
      }
      Node reader = reader(weight);
      if (reader == null || chosen.leaves(reader)) {
        continue;
      }
      String reason =
          chosen.excludes(reader)
              ? "excluded by the recipe"
              : weight.isInput() || weight.isOutput()
                  ? "weight '" + weight.name() + "' is an input or output of the model"
                  : Targets.unfitWeight(tensor, 0);
      if (reason != null) {
        evidence.refuse(reader, reason);
      } else {
        store(graph, weight, tensor, axis(reader, tensor));
        evidence.changed(
            reader.name(), "weight %s %s stored as int8".formatted(weight.name(), tensor.dims()));
      }
    }
    if (embeddings) {
      Embeddings.quantize(graph, chosen, evidence);
    }
    graph.removeDead();
    Targets.noteQuantized(model, evidence);
    return evidence.of(result);
  }

  /** The first node that multiplies by this weight, if all its readers do. */
  private static @Nullable Node reader(Value weight) {
    for (Use use : weight.users()) {
      if (use.input() != 1 || !OPERATORS.contains(use.node().opType())) {
        return null;
      }
    }
    return weight.users().isEmpty() ? null : weight.users().getFirst().node();
  }

  /** The axis of output channels. */
  private static int axis(Node reader, Tensor weight) {
    boolean first = reader.is("Conv") || reader.intAttribute("transB", 0) == 1;
    return first ? 0 : weight.rank() - 1;
  }

  private static void store(Graph graph, Value weight, Tensor tensor, int axis) {
    float[] elements = tensor.toFloats();
    int channels = tensor.rank() == 0 ? 1 : Math.toIntExact(tensor.dim(axis));
    int inner = 1;
    for (int i = axis + 1; i < tensor.rank(); i++) {
      inner *= Math.toIntExact(tensor.dim(i));
    }
    float[] scales = new float[channels];
    for (int i = 0; i < elements.length; i++) {
      int channel = i / inner % channels;
      scales[channel] = Math.max(scales[channel], Math.abs(elements[i]));
    }
    for (int channel = 0; channel < channels; channel++) {
      scales[channel] =
          scales[channel] == 0 ? 1f : Math.max(scales[channel] / 127, Float.MIN_NORMAL);
    }
    byte[] values = new byte[elements.length];
    for (int i = 0; i < elements.length; i++) {
      double value = Math.rint(elements[i] / scales[i / inner % channels]);
      values[i] = (byte) Math.max(-127, Math.min(127, value));
    }
    long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    long[] scaleDims = new long[dims.length];
    java.util.Arrays.fill(scaleDims, 1);
    scaleDims[axis] = channels;
    Value stored =
        graph.addInitializer(weight.name() + "_q", Tensor.bytes(DataType.INT8, values, dims));
    Value scale = graph.addInitializer(weight.name() + "_scale", Tensor.floats(scales, scaleDims));
    Value real =
        graph.op(
            weight.name() + "_f",
            "Cast",
            List.of(stored),
            Map.of("to", new Attribute.Int(DataType.FLOAT.onnx())));
    graph.replaceUses(
        weight, graph.op(weight.name() + "_real", "Mul", List.of(real, scale), Map.of()));
  }
}
