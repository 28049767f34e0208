package dev.hasten.compress;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.runtime.NdArray;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the rows of a layer's weight are multiplied with: for a Conv the windows of its input, one
 * group of channels at a time, in the weight's order {@code [C/g, k…]}, zeros where it is padded;
 * for a product the rows of its input.
 */
final class Patches {
  /** Hears the patches; the array is used again for the next one. */
  @FunctionalInterface
  interface Visitor {
    void visit(int group, float[] patch);
  }

  private final Node node;
  private final boolean conv;
  private final int groups;
  private final int size;
  private final int[] kernel;

  private Patches(Node node, Tensor weight) {
    this.node = node;
    this.conv = node.is("Conv");
    this.groups = conv ? Math.toIntExact(node.intAttribute("group", 1)) : 1;
    boolean rows = conv || node.intAttribute("transB", 0) == 1;
    this.size = Math.toIntExact(weight.size() / weight.dim(rows ? 0 : 1));
    this.kernel = new int[] {1, 1};
    for (int axis = 2; conv && axis < weight.rank(); axis++) {
      kernel[axis - weight.rank() + 2] = Math.toIntExact(weight.dim(axis));
    }
  }

  /** Why a layer has no patches here, or null. */
  static @Nullable String unfit(Node node) {
    int rank = Targets.constant(node.input(1)).rank();
    return node.is("Conv") && rank > 4
        ? "it convolves over " + (rank - 2) + " axes (expected: 1 or 2)"
        : null;
  }

  static Patches of(Node node) {
    return new Patches(node, Targets.constant(node.input(1)));
  }

  int groups() {
    return groups;
  }

  /** Elements of a patch. */
  int size() {
    return size;
  }

  /**
   * @param most patches shown of each example, evenly spaced
   */
  void forEach(NdArray input, int most, Visitor visitor) {
    float[] x = input.toFloats();
    if (conv) {
      convolve(x, input, most, visitor);
      return;
    }
    float[] row = new float[size];
    int rows = x.length / size;
    int examples = input.rank() > 2 ? Math.max(1, (int) input.dimension(0)) : Math.max(1, rows);
    int step = Math.max(1, rows / examples / most);
    for (int r = 0; r < rows; r += step) {
      System.arraycopy(x, r * size, row, 0, size);
      visitor.visit(0, row);
    }
  }

  private void convolve(float[] x, NdArray input, int most, Visitor visitor) {
    int channels = (int) input.dimension(1);
    int high = input.rank() == 4 ? (int) input.dimension(2) : 1;
    int wide = (int) input.dimension(input.rank() - 1);
    Axis down = input.rank() == 4 ? Axis.of(node, 0, high, kernel[0]) : Axis.NONE;
    Axis across = Axis.of(node, input.rank() - 3, wide, kernel[1]);
    int positions = down.outputs * across.outputs;
    int step = Math.max(1, positions / most);
    int perGroup = channels / groups;
    float[] patch = new float[size];
    for (int n = 0; n < input.dimension(0); n++) {
      // Another example shows other positions.
      for (int p = n % step; p < positions; p += step) {
        int top = p / across.outputs * down.stride - down.pad;
        int left = p % across.outputs * across.stride - across.pad;
        for (int group = 0; group < groups; group++) {
          int at = 0;
          for (int c = 0; c < perGroup; c++) {
            int plane = (n * channels + group * perGroup + c) * high * wide;
            for (int i = 0; i < kernel[0]; i++) {
              int y = top + i * down.dilation;
              for (int j = 0; j < kernel[1]; j++) {
                int z = left + j * across.dilation;
                boolean inside = y >= 0 && y < high && z >= 0 && z < wide;
                patch[at++] = inside ? x[plane + y * wide + z] : 0;
              }
            }
          }
          visitor.visit(group, patch);
        }
      }
    }
  }

  /** How a window walks along one axis. */
  private record Axis(int outputs, int stride, int dilation, int pad) {
    static final Axis NONE = new Axis(1, 1, 1, 0);

    static Axis of(Node node, int axis, int length, int kernel) {
      int stride = at(node.intsAttribute("strides", List.of()), axis, 1);
      int dilation = at(node.intsAttribute("dilations", List.of()), axis, 1);
      int reach = dilation * (kernel - 1) + 1;
      List<Long> pads = node.intsAttribute("pads", List.of());
      int before = at(pads, axis, 0);
      int after = pads.isEmpty() ? 0 : Math.toIntExact(pads.get(pads.size() / 2 + axis));
      String auto = node.stringAttribute("auto_pad", "NOTSET");
      if (auto.startsWith("SAME")) {
        int outputs = (length + stride - 1) / stride;
        int all = Math.max(0, (outputs - 1) * stride + reach - length);
        before = auto.equals("SAME_LOWER") ? (all + 1) / 2 : all / 2;
        after = all - before;
      }
      return new Axis((length + before + after - reach) / stride + 1, stride, dilation, before);
    }

    private static int at(List<Long> values, int axis, int otherwise) {
      return values.isEmpty() ? otherwise : Math.toIntExact(values.get(axis));
    }
  }
}
