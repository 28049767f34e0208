package dev.hasten.graph.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import java.util.List;
import org.junit.jupiter.api.Test;

class RewriterTest {
  private static Model model() {
    return GraphBuilder.opset(13)
        .input("x", DataType.FLOAT, "n")
        .node("y", "Neg", "x")
        .output("y", DataType.FLOAT, "n")
        .build();
  }

  private static Rule rule(String name, Outcome outcome) {
    return new Rule() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Outcome apply(Node anchor, Rewrite rewrite) {
        return outcome;
      }
    };
  }

  @Test
  void rulesThatDoNotRestAreNamed() {
    assertThatThrownBy(() -> Rewriter.run(model(), List.of(rule("flip", Outcome.changed("x")))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("still firing in pass 64: {flip=1}");
  }

  @Test
  void aRefusalNamesRuleNodeAndReasonOnce() {
    RewriteResult result =
        Rewriter.run(model(), List.of(rule("shy", Outcome.refused("not today"))));
    assertThat(result.refusals()).containsExactly(new Refusal("shy", "y", "not today"));
    assertThat(result.changed()).isFalse();
  }

  @Test
  void aRuleThatFailsIsNamed() {
    Rule broken =
        new Rule() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public Outcome apply(Node anchor, Rewrite rewrite) {
            throw new IllegalArgumentException("no");
          }
        };
    assertThatThrownBy(() -> Rewriter.run(model(), List.of(broken)))
        .hasMessage("rule broken failed at node y");
  }

  @Test
  void aRulesNameComesFromItsClass() {
    assertThat(new FuseLayerNormalization().name()).isEqualTo("fuse-layer-normalization");
  }
}
