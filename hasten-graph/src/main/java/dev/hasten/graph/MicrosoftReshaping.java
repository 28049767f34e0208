package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;
import static dev.hasten.graph.OpFacts.Kind.GATHER;
import static dev.hasten.graph.OpFacts.Kind.OTHER;
import static dev.hasten.graph.OpFacts.Kind.RESHAPE;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** ONNX Runtime's operators that change shapes, and the odd ones. */
final class MicrosoftReshaping {
  private MicrosoftReshaping() {}

  static void addTo(Map<String, Operator> table) {
    table.put(
        "ExpandDims", Operator.of(RESHAPE, MicrosoftReshaping::expand).flow(Flows::regrouped));
    table.put("UnfoldTensor", Operator.of(GATHER, MicrosoftReshaping::unfold));
    table.put("CropAndResize", Operator.of(GATHER, MicrosoftReshaping::crop));
    table.put("BiasSplitGelu", Operator.of(OTHER, MicrosoftReshaping::halved));
    table.put(
        "CDist",
        Operator.of(
                CONTRACTION,
                s -> {
                  Shape a = s.shape(0);
                  Shape b = s.shape(1);
                  s.put(
                      0,
                      s.type(0),
                      a == null || b == null ? s.freshShape(0, 2) : Shape.of(a.dim(0), b.dim(0)));
                })
            .flow((node, flow) -> {
              flow.axis(0, 0, new AxisFlow.Identity(0, 0));
              flow.axis(0, 1, new AxisFlow.Identity(1, 0));
              flow.contract(0, 1, 1, 1);
            })
            .flops(
                "3 × outputs × width",
                node -> node.outputSize(0).times(node.input(0).dim(1)).times(3)));
    table.put("Rfft", Operator.of(OTHER, s -> spectrum(s, true)));
    table.put("Irfft", Operator.of(OTHER, s -> spectrum(s, false)));
    table.put(
        "MurmurHash3",
        ElementwiseOperators.unary(s ->
            s.put(
                0, s.integer("positive", 1) != 0 ? DataType.UINT32 : DataType.INT32, s.shape(0))));
    table.put("Tokenizer", Operator.of(OTHER, MicrosoftReshaping::tokenize));
  }

  private static void expand(Site site) {
    Shape input = site.shape(0);
    long[] axis = site.numbers(1);
    if (input == null || axis == null || axis.length != 1) {
      site.put(0, site.type(0), input == null ? null : site.freshShape(0, input.rank() + 1));
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    dims.add(ShapingOperators.axis(axis[0], input.rank() + 1), Dim.ONE);
    site.put(0, site.type(0), new Shape(dims), site.content(0));
  }

  private static void unfold(Site site) {
    Shape input = site.shape(0);
    if (input == null) {
      site.put(0, site.type(0), null);
      return;
    }
    int axis = ShapingOperators.axis(site.integer("dim", -1), input.rank());
    long size = site.integer("size", 1);
    List<Dim> dims = new ArrayList<>(input.dims());
    dims.set(axis, dims.get(axis).minus(size).floorDiv(site.integer("step", 1)).plus(1));
    dims.add(Dim.of(size));
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void crop(Site site) {
    Shape input = site.shape(0);
    Shape regions = site.shape(1);
    Content size = site.content(3);
    site.put(
        0,
        site.type(0),
        Shape.of(
            regions == null ? site.fresh(0, 0) : regions.dim(0),
            input == null ? site.fresh(0, 1) : input.dim(1),
            site.length(0, 2, size == null ? null : size.get(0)),
            site.length(0, 3, size == null ? null : size.get(1))));
  }

  private static void halved(Site site) {
    Shape input = site.shape(0);
    if (input == null) {
      site.put(0, site.type(0), null);
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    dims.set(dims.size() - 1, dims.getLast().floorDiv(2));
    site.put(0, site.type(0), new Shape(dims));
  }

  /** Half a spectrum of pairs from a real signal, and back. */
  private static void spectrum(Site site, boolean forward) {
    Shape input = site.shape(0);
    if (input == null || input.rank() < 2) {
      site.put(0, site.type(0), null);
      return;
    }
    boolean half = site.integer("onesided", 1) != 0;
    List<Dim> dims = new ArrayList<>(input.dims());
    if (forward) {
      dims.set(dims.size() - 1, half ? dims.getLast().floorDiv(2).plus(1) : dims.getLast());
      dims.add(Dim.of(2));
    } else {
      dims.removeLast();
      dims.set(dims.size() - 1, half ? dims.getLast().minus(1).times(2) : dims.getLast());
    }
    site.put(0, site.type(0), new Shape(dims));
  }

  private static void tokenize(Site site) {
    Shape input = site.shape(0);
    if (input == null) {
      site.put(0, DataType.STRING, null);
      return;
    }
    List<Dim> dims = new ArrayList<>(input.dims());
    dims.add(site.fresh(0, dims.size()));
    site.put(0, DataType.STRING, new Shape(dims));
  }
}
