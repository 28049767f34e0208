package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.runtime.BadInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TextMetricsTest {
  private static Outputs texts(String... texts) {
    return new Outputs(OutputKind.TEXT, Arrays.stream(texts).map(Texts::row).toList());
  }

  @Test
  void errorRatesCountEditsPerUnitOfTheLabels() {
    // "kitten" to "sitting" takes 3 edits (Levenshtein's classic), 𝄞 is one character.
    Outputs original = texts("kitten", "a b c", "𝄞x", "");
    List<String> labels = List.of("sitting", "a b c", "𝄞y", "zz");
    Sample sample = Sample.labeled(original, texts("sitting", "ab c", "𝄞y", "zz"), labels);
    Comparison letters = Metrics.compare(Metrics.byName("cer"), sample);
    assertThat(letters.original()).isCloseTo((3 + 0 + 1 + 2) / 16.0, within(1e-12));
    assertThat(letters.candidate()).isCloseTo(1 / 16.0, within(1e-12));
    assertThat(letters.drop()).isCloseTo(-5 / 16.0, within(1e-12));
    assertThat(Arrays.stream(letters.drops().orElseThrow()).average().orElseThrow())
        .isCloseTo(letters.drop(), within(1e-12));
    Comparison words = Metrics.compare(Metrics.byName("wer"), sample);
    assertThat(words.original()).isCloseTo(3 / 6.0, within(1e-12));
    assertThat(words.candidate()).isCloseTo(2 / 6.0, within(1e-12));
    Comparison same = Metrics.compare(Metrics.byName("text-agreement"), sample);
    assertThat(same.candidate()).isZero();
  }

  @Test
  void editDistanceIsAMetric() {
    Random random = new Random(5);
    for (int i = 0; i < 300; i++) {
      List<Integer> a = random.ints(random.nextInt(9), 0, 3).boxed().toList();
      List<Integer> b = random.ints(random.nextInt(9), 0, 3).boxed().toList();
      List<Integer> c = random.ints(random.nextInt(9), 0, 3).boxed().toList();
      int ab = EditDistance.of(a, b);
      assertThat(ab).isEqualTo(EditDistance.of(b, a)).isEqualTo(slowDistance(a, b));
      assertThat(ab).isLessThanOrEqualTo(EditDistance.of(a, c) + EditDistance.of(c, b));
    }
  }

  /** The definition, by recursion. */
  private static int slowDistance(List<Integer> a, List<Integer> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.size() + b.size();
    }
    List<Integer> restA = a.subList(1, a.size());
    List<Integer> restB = b.subList(1, b.size());
    if (a.getFirst().equals(b.getFirst())) {
      return slowDistance(restA, restB);
    }
    int shorter = Math.min(slowDistance(restA, b), slowDistance(a, restB));
    return 1 + Math.min(shorter, slowDistance(restA, restB));
  }

  @Test
  void textsAndNumbersAreNotMixedUp() {
    Outputs numbers = new Outputs(OutputKind.SCORES, List.of(new float[] {1, 2}));
    Sample sample = Sample.labeled(numbers, numbers, List.of("a"));
    assertThatThrownBy(() -> Metrics.compare(Metrics.byName("cer"), sample))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("metric cer: can't score SCORES (expected: [TEXT])");
    Sample texts = Sample.labeled(texts("a"), texts("b"), List.of("1"));
    assertThatThrownBy(() -> Metrics.compare(Metrics.byName("accuracy"), texts))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("take one of text-agreement, cer, wer");
    assertThat(Metrics.suggest(OutputKind.TEXT, 0, true).name()).isEqualTo("cer");
    assertThat(Metrics.suggest(OutputKind.TEXT, 0, false).name()).isEqualTo("text-agreement");
  }
}
