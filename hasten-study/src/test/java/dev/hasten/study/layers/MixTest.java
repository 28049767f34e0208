package dev.hasten.study.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.compress.Recipe;
import dev.hasten.compress.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MixTest {
  private static final List<Step> BEFORE = List.of(Step.of("simplify"), Step.of("smooth-quant"));
  private static final List<Step> FORMATS =
      List.of(Step.of("dynamic-int8", "clip", "mse"), Step.of("static-int8"));

  private static List<Probe> probes() {
    List<Probe> probes = new ArrayList<>();
    for (int block = 0; block < 12; block++) {
      for (String name : List.of("attention/query", "attention/output", "ffn/up", "ffn/down")) {
        String node = "/encoder/layer." + block + "/" + name + "/MatMul";
        probes.add(
            new Probe(
                new Layer(node, List.of(node), "MatMul", "", 4),
                Duration.ofMillis(1),
                FORMATS.stream()
                    .map(f -> new Probe.Effect(f.technique(), 0, 0, Duration.ofMillis(1), 1))
                    .toList()));
      }
    }
    return probes;
  }

  private static String recipe(Map<String, String> formats) {
    return new Recipe(Mix.recipe(BEFORE, FORMATS, probes(), formats)).toYaml();
  }

  @Test
  void whatRepeatsAcrossBlocksIsOnePattern() {
    Map<String, String> formats = new TreeMap<>();
    for (Probe probe : probes()) {
      String name = probe.layer().name();
      if (name.contains("/ffn/up/")) {
        formats.put(name, "static-int8");
      } else if (!name.contains("/ffn/down/")) {
        formats.put(name, "dynamic-int8");
      }
    }
    assertThat(recipe(formats))
        .isEqualTo(
            """
            - simplify
            - smooth-quant:
                exclude: ["/encoder/layer.*/ffn/down/MatMul"]
            - static-int8:
                include: ["/encoder/layer.*/ffn/up/MatMul"]
            - dynamic-int8:
                clip: mse
                exclude: ["/encoder/layer.*/ffn/down/MatMul"]
            """);
  }

  @Test
  void aFewExceptionsAreNamed() {
    Map<String, String> formats = new TreeMap<>();
    probes().forEach(p -> formats.put(p.layer().name(), "dynamic-int8"));
    formats.remove("/encoder/layer.3/ffn/down/MatMul");
    assertThat(recipe(formats))
        .isEqualTo(
            """
            - simplify
            - smooth-quant:
                exclude: [/encoder/layer.3/ffn/down/MatMul]
            - dynamic-int8:
                clip: mse
                exclude: [/encoder/layer.3/ffn/down/MatMul]
            """);
  }

  @Test
  void allLayersAlikeNeedNoNames() {
    Map<String, String> formats = new TreeMap<>();
    probes().forEach(p -> formats.put(p.layer().name(), "static-int8"));
    assertThat(recipe(formats)).isEqualTo("- simplify\n- smooth-quant\n- static-int8\n");
  }

  @Test
  void patternsFitWhatIsWantedAndNothingElse() {
    assertThat(Patterns.of(List.of("a/1/x", "a/2/x", "b"), List.of("a/1/y", "c")))
        .containsExactly("a/*/x", "b");
    assertThat(Patterns.of(List.of("MatMul_12", "MatMul_15"), List.of("MatMul_13")))
        .containsExactly("MatMul_12", "MatMul_15");
    assertThat(Patterns.of(List.of("q.1+x", "q.2+x"), List.of("q11+x"))).containsExactly("q.*+x");
  }
}
