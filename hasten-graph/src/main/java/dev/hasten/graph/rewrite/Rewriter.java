package dev.hasten.graph.rewrite;

import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.Node;
import dev.hasten.graph.OpsetConverter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Applies rules to a copy of a model until nothing changes.
 *
 * <pre>{@code
 * RewriteResult result = Rewriter.run(model, Rules.simplify());
 * result.changes().forEach(System.out::println);
 * result.model().write(Path.of("simple.onnx"));
 * }</pre>
 */
public final class Rewriter {
  /** Rules build on each other's results; real models settle in three to five passes. */
  private static final int MAX_PASSES = 64;

  private Rewriter() {}

  /**
   * Copies the model, applies the rules in their order to every node (nested graphs included) again
   * and again until none fires, removes what is dead, and validates the result. The model that was
   * given is not touched.
   *
   * @throws ModelException if the rewritten model is not valid
   * @throws IllegalStateException if the rules do not come to rest, or one fails; the message names
   *     the rule
   */
  public static RewriteResult run(Model model, List<Rule> rules) {
    Model copy = model.copy();
    Rewrite rewrite = new Rewrite(copy);
    List<Change> changes = new ArrayList<>();
    Set<Refusal> refusals = new LinkedHashSet<>();
    for (int pass = 1; ; pass++) {
      // Only the last pass, in which nothing changes, says what is really refused.
      refusals.clear();
      Map<String, Integer> fired = new LinkedHashMap<>();
      for (Rule rule : rules) {
        for (Node node : copy.graph().allNodes()) {
          if (!node.isRemoved()) {
            apply(rule, node, rewrite, changes, refusals, fired);
          }
        }
      }
      if (fired.isEmpty()) {
        break;
      }
      if (pass == MAX_PASSES) {
        throw new IllegalStateException(
            "the rules do not come to rest: still firing in pass %d: %s (expected: none)"
                .formatted(pass, fired));
      }
    }
    copy.graph().removeDead();
    copy.validate();
    return new RewriteResult(copy, changes, List.copyOf(refusals));
  }

  private static void apply(
      Rule rule,
      Node node,
      Rewrite rewrite,
      List<Change> changes,
      Set<Refusal> refusals,
      Map<String, Integer> fired) {
    String name = nameOf(node);
    Outcome outcome;
    try {
      outcome = rule.apply(node, rewrite);
    } catch (ModelException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new IllegalStateException("rule " + rule.name() + " failed at node " + name, e);
    }
    switch (outcome) {
      case Outcome.None n -> {}
      case Outcome.Refused(String reason) -> refusals.add(new Refusal(rule.name(), name, reason));
      case Outcome.Changed(String what) -> {
        changes.add(new Change(rule.name(), name, what));
        fired.merge(rule.name(), 1, Integer::sum);
      }
    }
  }

  private static String nameOf(Node node) {
    return !node.name().isEmpty() || node.outputs().isEmpty() ? node.name() : node.output().name();
  }

  /**
   * Converts to {@code opset} where the model has a lower one (the single-operator
   * LayerNormalization needs 17, Gelu of ai.onnx 20), then runs {@link Rules#simplify()}. Where the
   * conversion is not possible the model keeps its opset, the reason stands among the refusals, and
   * the rules do what they can.
   *
   * @param opset the lowest opset of ai.onnx that the result should have; 0 leaves it as it is
   */
  public static RewriteResult simplify(Model model, long opset) {
    Model start = model;
    List<Change> changes = new ArrayList<>();
    List<Refusal> refusals = new ArrayList<>();
    if (model.opset() < opset) {
      Graph graph = model.graph();
      try {
        start = OpsetConverter.convert(model, opset);
        changes.add(
            new Change(
                "convert-opset",
                graph.name(),
                "opset %d becomes %d".formatted(model.opset(), start.opset())));
      } catch (ModelException e) {
        refusals.add(new Refusal("convert-opset", graph.name(), String.valueOf(e.getMessage())));
      }
    }
    return run(start, Rules.simplify()).after(new RewriteResult(start, changes, refusals));
  }
}
