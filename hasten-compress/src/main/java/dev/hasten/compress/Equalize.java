package dev.hasten.compress;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes the channels between two layers equally large on both sides, so that one scale for a whole
 * weight fits all its channels:
 *
 * <pre>{@code
 * W₂·relu(W₁·x + b₁)   becomes   (W₂·S)·relu(S⁻¹·W₁·x + S⁻¹·b₁),   S = diag(s)
 * s[c] = √(r₁[c] / r₂[c]),  r₁[c] = max|W₁[c,:]|,  r₂[c] = max|W₂[:,c]|
 * }</pre>
 *
 * Equal in floating point, since what lies between lets a positive factor pass. All pairs are gone
 * through again until the factors settle, as a layer belongs to two pairs. Nagel et al., Data-Free
 * Quantization Through Weight Equalization and Bias Correction, 2019, section 4.1. A bounded
 * activation (ReLU6), which the original replaces by an unbounded one, keeps its bound, one per
 * channel. The paper's absorption of high biases (4.1.3) is left out: it is exact for no input that
 * lies outside of what was seen, nor in the padding.
 */
record Equalize(boolean clips, Targets.Chosen chosen) implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.equivalent(
          "equalize",
          Stage.BALANCE,
          "Balances the channels between two layers so that one scale per weight fits all of"
              + " them; outputs stay equal. Use before per-tensor int8 techniques.",
          List.of(
              new Parameter.Flag(
                  "clips",
                  "pass bounded activations (ReLU6) too; they become Min and Max per channel",
                  true),
              Targets.Chosen.INCLUDE,
              Targets.Chosen.EXCLUDE),
          settings -> new Equalize(settings.flag("clips"), Targets.Chosen.of(settings)));

  /** Channels this much smaller than the largest are dead: a factor would only blow up noise. */
  private static final double DEAD = 1e-5;

  private static final long LOWEST_OPSET = 8; // Min and Max broadcast

  private static final int SWEEPS = 200;

  /** Below this a factor's logarithm has settled. */
  private static final double SETTLED = 1e-4;

  /** Factors within 1 % are as good as none. */
  private static final double WORTH = 0.01;

  @Override
  public Applied apply(Model model, Context context) {
    Evidence evidence = new Evidence(INFO.name());
    if (model.opset() < LOWEST_OPSET) {
      throw new ModelException(
          "%s: opset %d (expected: >= %d). Put 'simplify' before equalize: it converts."
              .formatted(model.source(), model.opset(), LOWEST_OPSET));
    }
    Model result = model.copy();
    List<Bridge> bridges = bridges(result.graph(), evidence);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      double moved = 0;
      for (Bridge bridge : bridges) {
        moved = Math.max(moved, bridge.balance(DEAD));
      }
      if (moved < SETTLED) {
        break;
      }
    }
    if (bridges.stream().noneMatch(bridge -> bridge.largest() > WORTH)) {
      Targets.noteQuantized(model, evidence);
      return evidence.of(result);
    }
    Set<Layer> touched = new LinkedHashSet<>();
    for (Bridge bridge : bridges) {
      bridge.store();
      touched.add(bridge.from());
      touched.addAll(bridge.readers());
      evidence.changed(
          bridge.from().node().name(),
          "%d channels balanced with %s, factors up to %.3g"
              .formatted(
                  bridge.from().outputs(),
                  String.join(", ", bridge.readers().stream().map(l -> l.node().name()).toList()),
                  Math.exp(bridge.largest())));
    }
    touched.forEach(layer -> layer.store(result.graph()));
    result.graph().removeDead();
    return evidence.of(result);
  }

  private List<Bridge> bridges(Graph graph, Evidence evidence) {
    Map<Node, Layer> layers = new LinkedHashMap<>();
    for (Node node : graph.allNodes()) {
      if (Layer.isOne(node) && !chosen.leaves(node)) {
        String reason =
            node.graph() != graph
                ? "inside a subgraph, which is left alone"
                : chosen.excludes(node) ? "excluded by the recipe" : Layer.unfit(node);
        if (reason == null) {
          layers.put(node, Layer.of(node));
        } else {
          evidence.refuse(node, reason);
        }
      }
    }
    List<Bridge> bridges = new ArrayList<>();
    for (Layer layer : layers.values()) {
      Bridge bridge = Bridge.from(layer, layers, clips, evidence);
      if (bridge != null && bridge.hasReaders()) {
        bridges.add(bridge);
      }
    }
    return bridges;
  }
}
