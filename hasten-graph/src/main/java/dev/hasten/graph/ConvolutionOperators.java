package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;
import static dev.hasten.graph.OpFacts.Kind.GATHER;
import static dev.hasten.graph.OpFacts.Kind.OTHER;
import static dev.hasten.graph.OpFacts.Kind.REDUCTION;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Convolutions, pooling and resampling: windows over the axes after batch and channels. */
final class ConvolutionOperators {
  private ConvolutionOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("Conv", convolution(0, 1, s -> s.type(0)));
    table.put("ConvInteger", convolution(0, 1, _ -> DataType.INT32));
    table.put("QLinearConv", convolution(0, 3, s -> s.type(7)));
    table.put("DeformConv", convolution(0, 1, s -> s.type(0)));
    table.put(
        "ConvTranspose",
        Operator.of(CONTRACTION, ConvolutionOperators::transposed)
            .flow(ConvolutionOperators::transposedFlow)
            .flops(
                "2 × inputs × weights per input channel", ConvolutionOperators::transposedFlops));
    for (String name : List.of("MaxPool", "AveragePool", "LpPool")) {
      table.put(
          name,
          Operator.of(REDUCTION, ConvolutionOperators::pool)
              .flow(ConvolutionOperators::windows)
              .flops("outputs × window", ConvolutionOperators::poolFlops));
    }
    for (String name : List.of("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")) {
      table.put(
          name,
          Operator.of(REDUCTION, ConvolutionOperators::globalPool)
              .flow((node, flow) -> {
                flow.axis(0, 0, new AxisFlow.Identity(0, 0));
                flow.axis(0, 1, new AxisFlow.Identity(0, 1));
              }));
    }
    table.put(
        "Resize",
        Operator.of(GATHER, s -> resize(s, s.opset() < 11 ? 1 : 2, 3))
            .flow(PickingFlows::resampled)
            .flops(Operator.perOutput(4)));
    table.put(
        "Upsample",
        Operator.of(GATHER, s -> resize(s, 1, 3))
            .flow(PickingFlows::resampled)
            .flops(Operator.perOutput(4)));
    table.put(
        "RoiAlign",
        Operator.of(GATHER, ConvolutionOperators::roiAlign)
            .flow(PickingFlows::regions)
            .flops(Operator.perOutput(8)));
    table.put(
        "MaxRoiPool",
        Operator.of(REDUCTION, ConvolutionOperators::maxRoiPool).flow(PickingFlows::regions));
    table.put(
        "GridSample",
        Operator.of(GATHER, ConvolutionOperators::gridSample)
            .flow(PickingFlows::sampled)
            .flops(Operator.perOutput(8)));
    table.put("AffineGrid", Operator.of(OTHER, ConvolutionOperators::affineGrid));
    table.put("Col2Im", Operator.of(GATHER, ConvolutionOperators::col2Im));
    table.put("MaxUnpool", Operator.of(GATHER, ConvolutionOperators::maxUnpool));
  }

  private static Operator convolution(int input, int weight, MatrixOperators.ResultType type) {
    return Operator.of(
            CONTRACTION, site -> site.put(0, type.of(site), convolved(site, input, weight)))
        .flow((node, flow) -> convolutionFlow(node, flow, input, weight))
        .flops(
            "2 × outputs × weights per output channel",
            node -> {
              Shape weights = node.input(weight);
              Dim perOutput = new Shape(weights.dims().subList(1, weights.rank())).size();
              return node.outputSize(0).times(perOutput).times(2);
            });
  }

  private static @Nullable Shape convolved(Site site, int input, int weight) {
    Shape in = site.shape(input);
    Shape weights = site.shape(weight);
    if (in == null || weights == null || in.rank() < 3) {
      return null;
    }
    List<Dim> dims = new ArrayList<>(List.of(in.dim(0), weights.dim(0)));
    for (int i = 0; i < in.rank() - 2; i++) {
      dims.add(Windows.of(site, i, weights.dim(i + 2)).slide(in.dim(i + 2)));
    }
    return new Shape(dims);
  }

  private static void convolutionFlow(
      Costs.Shaped node, Operator.Flow flow, int input, int weight) {
    int rank = node.input(input).rank();
    flow.axis(0, 0, new AxisFlow.Identity(input, 0));
    flow.axis(0, 1, new AxisFlow.Identity(weight, 0));
    for (int i = 2; i < rank; i++) {
      flow.axis(0, i, new AxisFlow.Mix(input, i));
    }
    if (node.integer("group", 1) == 1) {
      flow.contract(input, 1, weight, 1);
    }
  }

  private static void transposed(Site site) {
    Shape in = site.shape(0);
    Shape weights = site.shape(1);
    if (in == null || weights == null || in.rank() < 3) {
      site.put(0, site.type(0), null);
      return;
    }
    long[] given = site.integers("output_shape");
    long[] extra = site.integers("output_padding");
    List<Dim> dims = new ArrayList<>();
    dims.add(in.dim(0));
    dims.add(weights.dim(1).times(site.integer("group", 1)));
    int spatial = in.rank() - 2;
    for (int i = 0; i < spatial; i++) {
      if (given != null) {
        dims.add(Dim.of(given[given.length - spatial + i]));
      } else {
        Dim grown = Windows.of(site, i, weights.dim(i + 2)).grow(in.dim(i + 2));
        dims.add(extra == null || Windows.isSame(site) ? grown : grown.plus(extra[i]));
      }
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void transposedFlow(Costs.Shaped node, Operator.Flow flow) {
    flow.axis(0, 0, new AxisFlow.Identity(0, 0));
    if (node.integer("group", 1) == 1) {
      flow.axis(0, 1, new AxisFlow.Identity(1, 1));
      flow.contract(0, 1, 1, 0);
    }
    for (int i = 2; i < node.input(0).rank(); i++) {
      flow.axis(0, i, new AxisFlow.Mix(0, i));
    }
  }

  private static Dim transposedFlops(Costs.Shaped node) {
    Shape weights = node.input(1);
    Dim perInput = new Shape(weights.dims().subList(1, weights.rank())).size();
    return node.inputSize(0).times(perInput).times(2);
  }

  private static void pool(Site site) {
    pool(site, 2);
  }

  /** Windows over the axes from {@code first} on: 2, or 1 where channels come last. */
  static void pool(Site site, int first) {
    Shape in = site.shape(0);
    long[] kernel = site.integers("kernel_shape");
    if (in == null || kernel == null) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>(in.dims());
    for (int i = 0; i < kernel.length; i++) {
      int axis = i + first;
      dims.set(axis, Windows.of(site, i, Dim.of(kernel[i])).slide(in.dim(axis)));
    }
    site.put(0, site.type(0), new Shape(dims));
    site.put(1, DataType.INT64, new Shape(dims));
  }

  static Dim poolFlops(Costs.Shaped node) {
    long window = 1;
    for (long length : node.node().intsAttribute("kernel_shape", List.of())) {
      window = Math.multiplyExact(window, length);
    }
    return node.outputSize(0).times(window);
  }

  private static void windows(Costs.Shaped node, Operator.Flow flow) {
    for (int i = 0; i < node.input(0).rank(); i++) {
      flow.axis(0, i, i < 2 ? new AxisFlow.Identity(0, i) : new AxisFlow.Mix(0, i));
    }
  }

  private static void globalPool(Site site) {
    Shape in = site.shape(0);
    if (in != null) {
      List<Dim> dims = new ArrayList<>(in.dims());
      for (int i = 2; i < dims.size(); i++) {
        dims.set(i, Dim.ONE);
      }
      site.put(0, site.type(0), new Shape(dims));
    }
  }

  private static void resize(Site site, int scalesInput, int sizesInput) {
    Shape in = site.shape(0);
    if (in == null) {
      site.put(0, site.type(0), null);
      return;
    }
    long[] axes = site.integers("axes");
    String policy = site.node().stringAttribute("keep_aspect_ratio_policy", "stretch");
    double[] scales = scales(site, scalesInput);
    Content sizes = site.has(sizesInput) ? site.content(sizesInput) : null;
    int count = axes == null ? in.rank() : axes.length;
    List<Dim> dims = new ArrayList<>(in.dims());
    for (int i = 0; i < count; i++) {
      int axis = axes == null ? i : ShapingOperators.axis(axes[i], in.rank());
      Dim length = null;
      if (sizes != null && policy.equals("stretch")) {
        length = i < sizes.size() ? sizes.get(i) : null;
      } else if (scales != null && scales.length == count && !site.has(sizesInput)) {
        length = scaled(in.dim(axis), scales[i]);
      }
      dims.set(axis, length == null ? site.fresh(0, axis) : length);
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static double @Nullable [] scales(Site site, int input) {
    List<Float> attribute = site.node().floatsAttribute("scales", List.of());
    if (!attribute.isEmpty()) {
      return attribute.stream().mapToDouble(Float::doubleValue).toArray();
    }
    Tensor constant = site.constant(input);
    return constant == null ? null : constant.toDoubles();
  }

  private static @Nullable Dim scaled(Dim length, double scale) {
    if (length instanceof Dim.Fixed(long n)) {
      // In single precision, as runtimes compute it.
      return Dim.of((long) Math.floor((float) n * (float) scale));
    }
    return scale == Math.rint(scale) ? length.times((long) scale) : null;
  }

  private static void roiAlign(Site site) {
    Shape in = site.shape(0);
    Shape rois = site.shape(1);
    if (in != null && rois != null) {
      site.put(
          0,
          site.type(0),
          Shape.of(
              rois.dim(0),
              in.dim(1),
              site.integer("output_height", 1),
              site.integer("output_width", 1)));
    }
  }

  private static void maxRoiPool(Site site) {
    Shape in = site.shape(0);
    Shape rois = site.shape(1);
    long[] pooled = site.integers("pooled_shape");
    if (in != null && rois != null && pooled != null) {
      site.put(0, site.type(0), Shape.of(rois.dim(0), in.dim(1), pooled[0], pooled[1]));
    }
  }

  private static void gridSample(Site site) {
    Shape in = site.shape(0);
    Shape grid = site.shape(1);
    if (in != null && grid != null) {
      List<Dim> dims = new ArrayList<>(in.dims().subList(0, 2));
      dims.addAll(grid.dims().subList(1, grid.rank() - 1));
      site.put(0, site.type(0), new Shape(dims));
    }
  }

  /** Size [batch, channels, (depth,) height, width] to coordinates [batch, …, 2 or 3]. */
  private static void affineGrid(Site site) {
    Content size = site.content(1);
    Shape length = site.shape(1);
    int rank = size != null ? size.size() : length == null ? 0 : fixedOr(length.size(), 0);
    if (rank < 4) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>();
    Shape theta = site.shape(0);
    dims.add(theta == null ? site.fresh(0, 0) : theta.dim(0));
    for (int i = 2; i < rank; i++) {
      dims.add(site.length(0, i - 1, size == null ? null : size.get(i)));
    }
    dims.add(Dim.of(rank - 2));
    site.put(0, site.type(0), new Shape(dims));
  }

  private static int fixedOr(Dim dim, int otherwise) {
    return (int) Math.clamp(dim.value().orElse(otherwise), 0, 64);
  }

  /** Columns [batch, channels × block, positions] to an image [batch, channels, …]. */
  private static void col2Im(Site site) {
    Shape columns = site.shape(0);
    Content image = site.content(1);
    Shape length = site.shape(1);
    int spatial = image != null ? image.size() : length == null ? 0 : fixedOr(length.size(), 0);
    if (spatial == 0) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> block = site.known(2);
    List<Dim> dims = new ArrayList<>();
    dims.add(columns == null ? site.fresh(0, 0) : columns.dim(0));
    dims.add(
        columns == null || block == null
            ? site.fresh(0, 1)
            : columns.dim(1).floorDiv(new Shape(block).size()));
    for (int i = 0; i < spatial; i++) {
      dims.add(site.length(0, i + 2, image == null ? null : image.get(i)));
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void maxUnpool(Site site) {
    Shape in = site.shape(0);
    List<Dim> given = site.known(2);
    long[] kernel = site.integers("kernel_shape");
    if (given != null) {
      site.put(0, site.type(0), new Shape(given));
    } else if (in != null && kernel != null && !site.has(2)) {
      List<Dim> dims = new ArrayList<>(in.dims());
      for (int i = 0; i < kernel.length; i++) {
        dims.set(i + 2, Windows.of(site, i, Dim.of(kernel[i])).grow(in.dim(i + 2)));
      }
      site.put(0, site.type(0), new Shape(dims));
    } else {
      site.put(0, site.type(0), null);
    }
  }
}
