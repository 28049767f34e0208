package dev.hasten.graph.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Model;
import dev.hasten.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The whole list of rules against ONNX Runtime, on graphs that nobody thought of. {@code
 * bench/random-graphs.sh} runs thousands.
 */
class RandomGraphsTest {
  private static final int SEEDS = Integer.getInteger("hasten.random.graphs", 100);
  private static final int FIRST = Integer.getInteger("hasten.random.first", 0);

  @Test
  void simplifiedGraphsComputeTheSame() {
    List<String> wrong = new ArrayList<>();
    long before = 0;
    long after = 0;
    for (int seed = FIRST; seed < FIRST + SEEDS; seed++) {
      Model model = RandomGraphs.of(seed);
      try {
        RewriteResult result = Rewriter.run(model, Rules.simplify());
        before += model.graph().nodes().size();
        after += result.model().graph().nodes().size();
        for (long draw = 0; draw < 2; draw++) {
          Map<String, Tensor> inputs = RewriteAssert.randomInputs(model, draw);
          Difference.requireBelow(
              1e-4,
              Ort.run(model, List.of(inputs)).getFirst(),
              Ort.run(result.model(), List.of(inputs)).getFirst());
        }
        assertThat(Rewriter.run(result.model(), Rules.simplify()).changes())
            .as("changes of a second run")
            .isEmpty();
      } catch (AssertionError | RuntimeException e) {
        wrong.add("seed " + seed + ": " + e);
      }
    }
    System.out.printf("%d random graphs: %d nodes became %d%n", SEEDS, before, after);
    assertThat(wrong).isEmpty();
    assertThat(after).isLessThan(before);
  }
}
