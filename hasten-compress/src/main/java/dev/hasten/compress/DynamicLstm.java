package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * LSTMs with constant weights multiply in 8-bit integers; the scale of inputs and states is found
 * in each step:
 *
 * <pre>{@code
 * LSTM(X, W float[D,4H,I], R float[D,4H,H], B, lengths, h, c, P)   becomes
 * DynamicQuantizeLSTM(X, W' int8[D,I,4H], R' int8[D,H,4H], B, lengths, h, c, P, scales and zeros)
 * }</pre>
 *
 * Gates keep their order; biases, peepholes, states and lengths stay as they are. Nodes inside
 * branches and loops are treated too. ONNX Runtime has no such kernel for GRU and RNN.
 */
record DynamicLstm(boolean perChannel, WeightRange range, Targets.Chosen chosen)
    implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
          "dynamic-lstm",
          Stage.QUANTIZE,
          "Matrix products inside LSTMs in 8-bit integers; activations are scaled in each step,"
              + " without calibration.",
          List.of(
              new Parameter.Choice(
                  "granularity",
                  "one scale per gate and unit, or per weight",
                  List.of("per-channel", "per-tensor")),
              WeightRange.PARAMETER,
              Targets.Chosen.INCLUDE,
              Targets.Chosen.EXCLUDE),
          settings ->
              new DynamicLstm(
                  settings.word("granularity").equals("per-channel"),
                  WeightRange.of(settings),
                  Targets.Chosen.of(settings)));

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    Model result = model.copy();
    WeightRange limit = range.on(context.hardware());
    for (Node node : result.graph().allNodes()) {
      if (chosen.leaves(node)) {
        continue;
      }
      if (node.is("GRU") || node.is("RNN")) {
        evidence.refuse(node, "ONNX Runtime has no integer kernel for " + node.opType());
      } else if (node.is("LSTM")) {
        String reason = chosen.excludes(node) ? "excluded by the recipe" : unfit(node);
        if (reason != null) {
          evidence.refuse(node, reason);
        } else {
          quantize(node, limit, evidence);
        }
      }
    }
    result.graph().removeDead();
    if (!evidence.changedNothing()) {
      result.setOpset(Node.MICROSOFT, 1);
    }
    Targets.noteQuantized(model, evidence);
    return evidence.of(result);
  }

  private static @Nullable String unfit(Node node) {
    for (int i = 1; i <= 2; i++) {
      Tensor weight = node.input(i).constant();
      if (weight == null) {
        return "weight '%s' is computed; put 'simplify' before: it folds constants"
            .formatted(node.input(i).name());
      }
      String reason = Targets.unfitWeight(weight, 3);
      if (reason != null) {
        return reason;
      }
    }
    if (node.intAttribute("layout", 0) != 0) {
      return "layout is 1: batch first, which ONNX Runtime lacks";
    }
    if (node.intAttribute("input_forget", 0) != 0) {
      return "input_forget is set: its gates are coupled";
    }
    return null;
  }

  private void quantize(Node node, WeightRange limit, Evidence evidence) {
    Graph graph = node.graph();
    List<@Nullable Value> inputs = new ArrayList<>();
    List<@Nullable Value> scales = new ArrayList<>();
    inputs.add(node.input(0));
    for (int i = 1; i <= 2; i++) {
      Value weight = node.input(i);
      Stored stored = stored(graph, weight.name(), Targets.constant(weight), limit);
      inputs.add(stored.values());
      scales.addAll(List.of(stored.scales(), stored.zeros()));
    }
    for (int i = 3; i <= 7; i++) { // bias, lengths, states, peepholes
      inputs.add(node.inputOrNull(i));
    }
    inputs.addAll(scales);
    Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
    attributes.remove("layout");
    List<String> outputs =
        node.outputs().stream().map(out -> out.isOmitted() ? "" : out.name() + "_int").toList();
    Node other = graph.add(Node.MICROSOFT, "DynamicQuantizeLSTM", inputs, attributes, outputs);
    for (int i = 0; i < node.outputs().size(); i++) {
      if (!node.output(i).isOmitted()) {
        graph.replaceUses(node.output(i), other.output(i));
      }
    }
    String name = node.name();
    List<Long> dims = Targets.constant(node.input(1)).dims();
    graph.remove(node);
    graph.rename(other, name);
    evidence.changed(
        name,
        "%d × %d gates in int8 %s per %s"
            .formatted(dims.get(0), dims.get(1), limit, perChannel ? "channel" : "tensor"));
  }

  private record Stored(Value values, Value scales, Value zeros) {}

  /**
   * {@code [D, 4H, I]} as {@code int8[D, I, 4H]}; scales and zeros {@code [D, 4H]} or {@code [D]}.
   */
  private Stored stored(Graph graph, String base, Tensor weight, WeightRange limit) {
    int directions = Math.toIntExact(weight.dim(0));
    int gates = Math.toIntExact(weight.dim(1));
    int width = Math.toIntExact(weight.dim(2));
    float[] from = weight.toFloats();
    byte[] values = new byte[from.length];
    int scalesEach = perChannel ? gates : 1;
    float[] scales = new float[directions * scalesEach];
    for (int d = 0; d < directions; d++) {
      float[] matrix = new float[width * gates];
      for (int g = 0; g < gates; g++) {
        for (int k = 0; k < width; k++) {
          matrix[k * gates + g] = from[(d * gates + g) * width + k];
        }
      }
      QuantizedWeight bytes =
          QuantizedWeight.of(matrix, width, gates, perChannel, limit, QuantizedWeight.Clip.NONE);
      System.arraycopy(bytes.values(), 0, values, d * matrix.length, matrix.length);
      System.arraycopy(bytes.scales(), 0, scales, d * scalesEach, scalesEach);
    }
    long[] dims = perChannel ? new long[] {directions, gates} : new long[] {directions};
    return new Stored(
        graph.addInitializer(
            base + "_q", Tensor.bytes(DataType.INT8, values, directions, width, gates)),
        graph.addInitializer(base + "_scale", Tensor.floats(scales, dims)),
        graph.addInitializer(
            base + "_zero", Tensor.bytes(DataType.INT8, new byte[scales.length], dims)));
  }
}
