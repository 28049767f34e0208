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
 * for float16 are few, and it would convert around every operator; for bfloat16 it has none for
 * matrix products on x86-64.
 */
record Float16(DataType type, int smallest) implements Technique {
  private static final Parameter SMALLEST =
      new Parameter.Whole(
          "smallest", "weights with fewer elements stay", 1024L, 1, Integer.MAX_VALUE);

  static final TechniqueInfo INFO =
      TechniqueInfo.lossy(
              "fp16",
              Stage.PRECISION,
              "Stores weights in 16-bit floating point, computes in 32: half of the file's size at the"
                  + " original speed.",
              List.of(SMALLEST),
              settings -> new Float16(DataType.FLOAT16, settings.whole("smallest")))
          .proposing("half of the size at the original speed, no loss");

  static final TechniqueInfo BFLOAT =
      TechniqueInfo.lossy(
          "bf16",
          Stage.PRECISION,
          "As fp16, with the range of 32-bit floating point and an eighth of fp16's precision: for"
              + " weights beyond ±65504.",
          List.of(SMALLEST),
          settings -> new Float16(DataType.BFLOAT16, settings.whole("smallest")));

  private static final float LARGEST = 65504f;
  private static final ValueLayout.OfShort LITTLE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(type == DataType.FLOAT16 ? INFO.name() : BFLOAT.name());
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

  private void store(Graph graph, Value weight, Tensor tensor, Evidence evidence) {
    float[] elements = tensor.toFloats();
    for (float element : elements) {
      if (!(Math.abs(element) <= (type == DataType.FLOAT16 ? LARGEST : Float.MAX_VALUE))) {
        evidence.refuse(
            weight.name(),
            "weight contains %s (expected: %s)"
                .formatted(element, type == DataType.FLOAT16 ? "within ±65504" : "finite"));
        return;
      }
    }
    long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    Value stored =
        graph.addInitializer(
            weight.name() + "_half", Tensor.build(type, dims, segment -> fill(segment, elements)));
    Value real =
        graph.op(
            weight.name() + "_f",
            "Cast",
            List.of(stored),
            Map.of("to", new Attribute.Int(DataType.FLOAT.onnx())));
    graph.replaceUses(weight, real);
    evidence.changed(weight.name(), "%s stored as %s".formatted(tensor.dims(), type));
  }

  private void fill(MemorySegment segment, float[] elements) {
    for (int i = 0; i < elements.length; i++) {
      segment.set(LITTLE, 2L * i, half(elements[i]));
    }
  }

  private short half(float element) {
    if (type == DataType.FLOAT16) {
      return Float.floatToFloat16(element);
    }
    // The upper half of the float, rounded to nearest, ties to even; not beyond the largest.
    int bits = Float.floatToRawIntBits(element);
    int rounded = bits + 0x7fff + (bits >>> 16 & 1);
    boolean overflows = (rounded & 0x7f800000) == 0x7f800000;
    return (short) ((overflows ? bits : rounded) >>> 16);
  }
}
