package dev.hasten.compress;

import dev.hasten.graph.Attribute;
import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/**
 * Weights are stored in half the size: {@code W float[…]} becomes {@code Cast(W float16[…])}. The
 * runtime folds the Cast when it loads the model and computes in float32 as before: its CPU kernels
 * for float16 are few, and it would convert around every operator.
 */
record Float16(int smallest) implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
              "fp16",
              Stage.PRECISION,
              "Stores weights in 16-bit floating point, computes in 32: half of the file's size at the"
                  + " original speed.",
              List.of(
                  new Parameter.Whole(
                      "smallest", "weights with fewer elements stay", 1024L, 1, Integer.MAX_VALUE)),
              settings -> new Float16(settings.whole("smallest")))
          .proposing("half of the size at the original speed, no loss");

  private static final float LARGEST = 65504f;
  private static final ValueLayout.OfShort LITTLE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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
      if (weight.isInput() || weight.isOutput()) {
        evidence.refuse(weight.name(), "weight is an input or output of the model");
      } else if (tensor.size() > Integer.MAX_VALUE) {
        evidence.refuse(weight.name(), "weight has " + tensor.size() + " elements");
      } else {
        store(graph, weight, tensor, evidence);
      }
    }
    graph.removeDead();
    return evidence.of(result);
  }

  private static void store(Graph graph, Value weight, Tensor tensor, Evidence evidence) {
    float[] elements = tensor.toFloats();
    for (float element : elements) {
      if (!(Math.abs(element) <= LARGEST)) {
        evidence.refuse(
            weight.name(), "weight contains %s (expected: within ±65504)".formatted(element));
        return;
      }
    }
    long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    Value stored =
        graph.addInitializer(
            weight.name() + "_half",
            Tensor.build(DataType.FLOAT16, dims, segment -> fill(segment, elements)));
    Value real =
        graph.op(
            weight.name() + "_f",
            "Cast",
            List.of(stored),
            Map.of("to", new Attribute.Int(DataType.FLOAT.onnx())));
    graph.replaceUses(weight, real);
    evidence.changed(weight.name(), "%s stored as float16".formatted(tensor.dims()));
  }

  private static void fill(MemorySegment segment, float[] elements) {
    for (int i = 0; i < elements.length; i++) {
      segment.set(LITTLE, 2L * i, Float.floatToFloat16(elements[i]));
    }
  }
}
