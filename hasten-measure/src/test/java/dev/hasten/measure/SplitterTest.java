package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitterTest {
  private static final List<LabeledExample> EXAMPLES =
      IntStream.range(0, 5_000)
          .mapToObj(i -> new LabeledExample("" + i, Example.text("text " + i), null, Map.of()))
          .toList();

  @Test
  void everyExampleGoesToOneSplitInTheAskedShares() {
    Splits splits = Splitter.of(1).withFractions(0.1, 0.3, 0.6).split(Dataset.of("d", EXAMPLES));
    assertThat(splits.seen()).isEqualTo(5_000);
    List<LabeledExample> all = new ArrayList<>();
    for (Split split : Split.values()) {
      all.addAll(splits.of(split));
    }
    assertThat(all).containsExactlyInAnyOrderElementsOf(EXAMPLES);
    assertThat(splits.calibrate().size() / 5000.0).isCloseTo(0.1, within(0.02));
    assertThat(splits.validate().size() / 5000.0).isCloseTo(0.3, within(0.03));
  }

  @Test
  void theFilesOrderDoesNotMatter() {
    List<LabeledExample> shuffled = new ArrayList<>(EXAMPLES);
    Collections.shuffle(shuffled, new Random(3));
    Splitter splitter = Splitter.of(5).withLimit(Split.TEST, 50).withLimit(Split.VALIDATE, 20);
    assertThat(splitter.split(Dataset.of("d", shuffled)))
        .isEqualTo(splitter.split(Dataset.of("d", EXAMPLES)));
  }

  @Test
  void aLimitKeepsAUniformSampleAndItsHeadIsOneToo() {
    Splits splits = Splitter.of(9).withLimit(Split.TEST, 400).split(Dataset.of("d", EXAMPLES));
    assertThat(splits.test()).hasSize(400);
    assertThat(mean(splits.test().stream())).isCloseTo(2500, within(250.0));
    assertThat(mean(splits.test().stream().limit(100))).isCloseTo(2500, within(500.0));
    assertThat(splits.test())
        .startsWith(
            Splitter.of(9)
                .withLimit(Split.TEST, 30)
                .split(Dataset.of("d", EXAMPLES))
                .test()
                .toArray(LabeledExample[]::new));
  }

  private static double mean(Stream<LabeledExample> examples) {
    return examples.mapToInt(e -> Integer.parseInt(e.id())).average().orElseThrow();
  }

  @Property(tries = 200)
  void duplicatesGoTogether(@ForAll String text, @ForAll long seed) {
    Splitter splitter = Splitter.of(seed);
    assertThat(splitter.splitOf(Example.text(text)))
        .isEqualTo(splitter.splitOf(Example.text(new String(text))));
  }

  @Test
  void seedsDiffer() {
    long same =
        EXAMPLES.stream()
            .filter(e -> Splitter.of(1).splitOf(e.example()) == Splitter.of(2).splitOf(e.example()))
            .count();
    // Independent hashes agree by chance: 0.2² + 0.4² + 0.4².
    assertThat(same / 5000.0).isCloseTo(0.36, within(0.03));
  }

  @Test
  void refusesFractionsThatDoNotSumToOneAndSplitsLeftEmpty() {
    assertThatThrownBy(() -> Splitter.of(1).withFractions(0.5, 0.5, 0.5))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("sum to 1.5 (expected: 1)");
    assertThatThrownBy(() -> Splitter.of(1).split(Dataset.of("two", EXAMPLES.subList(0, 1))))
        .isInstanceOf(BadInputException.class)
        .hasMessageContainingAll("two: 1 examples leave none", "give more data");
  }

  @Test
  void imagesAreToldApartByTheirContent(@TempDir Path folder) throws IOException {
    byte[] content = {1, 2, 3, 4};
    Path one = Files.write(folder.resolve("one.png"), content);
    Path copy = Files.write(folder.resolve("copy.png"), content);
    Splitter splitter = Splitter.of(4);
    assertThat(
            IntStream.range(0, 64)
                .mapToObj(i -> splitter.splitOf(Example.image(new byte[] {(byte) i})))
                .distinct())
        .hasSize(3);
    assertThat(splitter.splitOf(Example.image(one)))
        .isEqualTo(splitter.splitOf(Example.image(copy)))
        .isEqualTo(splitter.splitOf(Example.image(content)));
    assertThatThrownBy(() -> splitter.splitOf(Example.image(folder.resolve("none.png"))))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("none.png: cannot be read");
  }
}
