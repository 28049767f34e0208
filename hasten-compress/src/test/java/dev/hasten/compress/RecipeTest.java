package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeTest {
  private static final String TEXT =
      """
      - simplify
      - dynamic-int8:
          granularity: per-tensor
          exclude: ["*output/dense*", head]
      """;

  @Test
  void readsAndWritesTheSame(@TempDir Path folder) {
    Recipe recipe = Recipe.parse(TEXT, "r.yaml");
    assertThat(recipe.steps()).hasSize(2);
    assertThat(recipe.steps().get(1).params())
        .containsEntry("granularity", "per-tensor")
        .containsEntry("exclude", List.of("*output/dense*", "head"));
    assertThat(recipe.toYaml()).isEqualTo(TEXT);
    recipe.write(folder.resolve("recipe.yaml"));
    assertThat(Recipe.read(folder.resolve("recipe.yaml"))).isEqualTo(recipe);
    assertThat(Recipe.parse(new Recipe(List.of()).toYaml(), "empty").steps()).isEmpty();
  }

  @Test
  void errorsNameLineAndRemedy() {
    assertBad("- simplfy", "r.yaml:1: unknown technique 'simplfy' (did you mean 'simplify'?");
    assertBad(
        "- simplify\n- dynamic-int8:\n    clip: none\n    rnage: full\n",
        "r.yaml:4: dynamic-int8: unknown parameter 'rnage' (did you mean 'range'?");
    assertBad(
        "- smooth-quant:\n    strength: 1.7\n",
        "r.yaml:2: smooth-quant: strength: 1.7 (expected: 0 < strength <= 1)");
    assertBad("simplify: yes", "r.yaml:1: a list of techniques was expected");
    assertBad("- a: [", "r.yaml:1: not YAML");
    assertBad("- dynamic-int8:\n    clip: mse\n    clip: none\n", "clip is given twice");
  }

  private static void assertBad(String text, String message) {
    assertThatThrownBy(() -> Recipe.parse(text, "r.yaml"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void sortsUnsoundOrders() {
    Recipe recipe = Recipe.of(Step.of("dynamic-int8"), Step.of("simplify"));
    assertThat(recipe.warnings()).singleElement().asString().contains("simplify, dynamic-int8");
    assertThat(recipe.sorted().steps()).extracting(Step::technique).startsWith("simplify");
    assertThat(recipe.sorted().warnings()).isEmpty();
  }

  @Test
  void everyTechniqueIsMadeFromItsDefaultsAndFromThemWrittenOut() {
    for (TechniqueInfo info : Techniques.all()) {
      Technique technique = info.create(java.util.Map.of());
      assertThat(info.create(info.settings(java.util.Map.of()).values())).isEqualTo(technique);
    }
  }

  @Test
  void candidatesAreSoundAndDistinct() {
    List<Candidate> candidates = Techniques.candidates(Sentences.AVX2, Sentences.model());
    assertThat(candidates).extracting(Candidate::name).doesNotHaveDuplicates();
    assertThat(candidates)
        .extracting(c -> c.recipe().steps().stream().map(Step::create).toList())
        .doesNotHaveDuplicates();
    assertThat(candidates).allSatisfy(c -> assertThat(c.recipe().warnings()).isEmpty());
  }
}
