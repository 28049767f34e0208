package dev.hasten.graph.rewrite;

import dev.hasten.graph.Model;
import java.util.List;

/** Applies rules to a copy of a model until nothing changes. */
public final class Rewriter {
  private Rewriter() {}

  /**
   * Copies the model, applies the rules in their order again and again until none fires, and
   * validates the result.
   *
   * @throws dev.hasten.graph.ModelException if the rewritten model is not valid
   * @throws IllegalStateException if the rules do not come to rest; the message names those still
   *     firing
   */
  public static RewriteResult run(Model model, List<Rule> rules) {
    throw new UnsupportedOperationException();
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
    throw new UnsupportedOperationException();
  }
}
