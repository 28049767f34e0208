package dev.hasten.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.measure.Interval;
import dev.hasten.measure.Split;
import dev.hasten.study.Quality;
import dev.hasten.study.Step;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void aRatioBelowOneIsTurnedRound() {
    assertThat(Figures.compared(2.7, "faster", "slower")).isEqualTo("2.70× faster");
    assertThat(Figures.compared(0.5, "faster", "slower")).isEqualTo("2.00× slower");
  }

  @Test
  void theScoreMovesAgainstItsDrop() {
    Interval drop = new Interval(0.02, 0.01, 0.04, 0.95);
    Quality accuracy = quality(0.9, 0.88, drop);
    assertThat(Figures.score(accuracy, true).low()).isEqualTo(0.9 - 0.04);
    assertThat(Figures.score(accuracy, true).high()).isEqualTo(0.9 - 0.01);
    Quality error = quality(0.1, 0.12, drop);
    assertThat(Figures.score(error, false).low()).isEqualTo(0.1 + 0.01);
    assertThat(Figures.score(error, false).high()).isEqualTo(0.1 + 0.04);
  }

  @Test
  void aRecipeReadsLikeItsFile() {
    var params = new LinkedHashMap<String, Object>();
    params.put("granularity", "per-channel");
    params.put("rules", List.of("a", "b"));
    assertThat(
            Figures.yaml(
                List.of(
                    new Step("simplify", new LinkedHashMap<>()), new Step("dynamic-int8", params))))
        .isEqualTo(
            """
            - simplify
            - dynamic-int8:
                granularity: per-channel
                rules: [a, b]
            """);
  }

  private static Quality quality(double original, double candidate, Interval drop) {
    return new Quality(
        Split.TEST, "m", original, candidate, drop, Quality.Verdict.KEPT, 0, 100, "", List.of());
  }
}
