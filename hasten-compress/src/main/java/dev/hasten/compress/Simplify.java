package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.graph.rewrite.RewriteResult;
import dev.hasten.graph.rewrite.Rewriter;
import java.util.List;

/**
 * The same function with fewer operators: constants and shapes folded, dead and repeated parts
 * removed, batch normalization and factors worked into weights, the operator groups that exporters
 * write for normalizations and activations made one operator. Converts the model to a newer opset
 * first, where those operators exist.
 */
record Simplify(int opset) implements Technique {
  static final TechniqueInfo INFO =
      TechniqueInfo.equivalent(
              "simplify",
              Stage.SIMPLIFY,
              "Folds constants, shapes and batch normalization, removes dead, repeated and idle"
                  + " nodes, restores normalizations and activations. Outputs stay equal within"
                  + " rounding.",
              List.of(
                  new Parameter.Whole(
                      "opset", "lowest opset of the result; 0 keeps the model's", 17L, 0, 20)),
              settings -> new Simplify(settings.whole("opset")))
          .proposing("the same function with fewer operators: what everything builds on");

  @Override
  public Applied apply(Model model, Context context) {
    RewriteResult result = Rewriter.simplify(model, opset);
    return new Applied(result.model(), result.changes(), result.refusals());
  }
}
