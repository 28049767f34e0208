package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.OTHER;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Random numbers, windows, spectra, losses. */
final class SignalOperators {
  private SignalOperators() {}

  static void addTo(Map<String, Operator> table) {
    for (String name : List.of("RandomNormal", "RandomUniform")) {
      table.put(name, Operator.of(OTHER, SignalOperators::random).flow(Operator.Flow::fresh));
    }
    for (String name : List.of("RandomNormalLike", "RandomUniformLike", "Bernoulli")) {
      table.put(
          name,
          Operator.of(OTHER, site -> site.put(0, given(site, site.type(0)), site.shape(0)))
              .flow(Operator.Flow::first));
    }
    for (String name : List.of("HannWindow", "HammingWindow", "BlackmanWindow")) {
      table.put(name, Operator.of(OTHER, SignalOperators::window));
    }
    table.put("DFT", Operator.of(OTHER, SignalOperators::dft));
    table.put("NegativeLogLikelihoodLoss", Operator.of(OTHER, SignalOperators::loss));
    table.put("SoftmaxCrossEntropyLoss", Operator.of(OTHER, SignalOperators::loss));
    table.put("STFT", Operator.of(OTHER, SignalOperators::stft));
    table.put("Multinomial", Operator.of(OTHER, SignalOperators::multinomial));
    table.put("MelWeightMatrix", Operator.of(OTHER, SignalOperators::mel));
  }

  private static @Nullable DataType given(Site site, @Nullable DataType otherwise) {
    DataType given = DataType.find((int) site.integer("dtype", 0));
    return given == null ? otherwise : given;
  }

  private static void random(Site site) {
    long[] shape = site.integers("shape");
    List<Dim> dims = shape == null ? List.of() : Arrays.stream(shape).mapToObj(Dim::of).toList();
    site.put(0, given(site, DataType.FLOAT), new Shape(dims));
  }

  private static void window(Site site) {
    Content size = site.content(0);
    DataType type = DataType.find((int) site.integer("output_datatype", 1));
    site.put(0, type, Shape.of(site.length(0, 0, size == null ? null : size.get(0))));
  }

  private static void dft(Site site) {
    Shape in = site.shape(0);
    long[] axis = site.opset() < 20 ? new long[] {site.integer("axis", 1)} : site.numbers(2);
    if (axis == null && !site.has(2)) {
      axis = new long[] {-2};
    }
    if (in == null) {
      site.put(0, site.type(0), null);
      return;
    }
    if (axis == null) {
      // Whichever axis it is, only a new length or half a spectrum changes its length.
      boolean keeps = !site.has(1) && site.integer("onesided", 0) == 0;
      List<Dim> kept = new ArrayList<>(keeps ? in.dims() : site.freshShape(0, in.rank()).dims());
      boolean toReal = !keeps && site.integer("inverse", 0) != 0;
      kept.set(kept.size() - 1, Dim.of(toReal && site.integer("onesided", 0) != 0 ? 1 : 2));
      site.put(0, site.type(0), new Shape(kept));
      return;
    }
    int along = ShapingOperators.axis(axis[0], in.rank());
    List<Dim> dims = new ArrayList<>(in.dims());
    if (site.has(1)) {
      Content length = site.content(1);
      dims.set(along, site.length(0, along, length == null ? null : length.get(0)));
    }
    boolean half = site.integer("onesided", 0) != 0;
    boolean toReal = half && site.integer("inverse", 0) != 0;
    if (toReal && !site.has(1)) {
      dims.set(along, dims.get(along).minus(1).times(2));
    } else if (half && !toReal) {
      dims.set(along, dims.get(along).floorDiv(2).plus(1));
    }
    dims.set(dims.size() - 1, Dim.of(toReal ? 1 : 2));
    site.put(0, site.type(0), new Shape(dims));
  }

  /** Signal [batch, length, 1 or 2] to [batch, frames, bins, 2]. */
  private static void stft(Site site) {
    Shape signal = site.shape(0);
    Shape window = site.has(2) ? site.shape(2) : null;
    Content step = site.content(1);
    Content given = site.content(3);
    Dim frame =
        given != null ? given.get(0) : window != null && window.rank() == 1 ? window.dim(0) : null;
    Dim hop = step == null ? null : step.get(0);
    boolean half = site.integer("onesided", 1) != 0;
    Dim frames = site.fresh(0, 1);
    if (signal != null && hop != null && !hop.is(0) && frame != null) {
      frames = signal.dim(1).minus(frame).floorDiv(hop).plus(1);
    }
    Dim bins = frame == null ? site.fresh(0, 2) : half ? frame.floorDiv(2).plus(1) : frame;
    Dim batch = signal == null ? site.fresh(0, 0) : signal.dim(0);
    site.put(0, site.type(0), Shape.of(batch, frames, bins, 2));
  }

  private static void multinomial(Site site) {
    Shape input = site.shape(0);
    Dim batch = input == null ? site.fresh(0, 0) : input.dim(0);
    DataType type = given(site, DataType.INT32);
    site.put(0, type, Shape.of(batch, site.integer("sample_size", 1)));
  }

  private static void loss(Site site) {
    boolean folded = !site.node().stringAttribute("reduction", "mean").equals("none");
    site.put(0, site.type(0), folded ? Shape.SCALAR : site.shape(1));
    site.put(1, site.type(0), site.shape(0));
  }

  private static void mel(Site site) {
    List<Dim> bins = site.known(0);
    List<Dim> length = site.known(1);
    DataType type = DataType.find((int) site.integer("output_datatype", 1));
    site.put(
        0,
        type,
        Shape.of(
            length == null ? site.fresh(0, 0) : length.getFirst().floorDiv(2).plus(1),
            bins == null ? site.fresh(0, 1) : bins.getFirst()));
  }
}
