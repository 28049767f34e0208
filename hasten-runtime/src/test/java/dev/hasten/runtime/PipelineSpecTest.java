package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PipelineSpecTest {
  @Test
  void hasDefaults() {
    assertThat(PipelineSpec.parse(Map.of("type", "text")))
        .isEqualTo(PipelineSpec.Text.of("tokenizer.json"));
    assertThat(PipelineSpec.parse(Map.of("type", "text", "pooling", "none")))
        .isEqualTo(
            PipelineSpec.Text.of("tokenizer.json").withPooling(Pooling.NONE).withNormalize(false));
    assertThat(PipelineSpec.parse(Map.of("type", "tensors")))
        .isEqualTo(new PipelineSpec.Tensors(true));
  }

  @Property(tries = 200, seed = "37")
  void comesBackFromItsMap(
      @ForAll String tokenizer,
      @ForAll @IntRange(min = 1) int maxLength,
      @ForAll @IntRange(min = 1) int padToMultiple,
      @ForAll String prefix,
      @ForAll Pooling pooling,
      @ForAll boolean normalize,
      @ForAll boolean named) {
    PipelineSpec.Text spec =
        new PipelineSpec.Text(
            tokenizer,
            maxLength,
            padToMultiple,
            prefix,
            pooling,
            normalize,
            named ? Optional.of("out") : Optional.empty());
    assertThat(PipelineSpec.parse(spec.toMap())).isEqualTo(spec);
    PipelineSpec.Tensors tensors = new PipelineSpec.Tensors(normalize);
    assertThat(PipelineSpec.parse(tensors.toMap())).isEqualTo(tensors);
  }

  @Test
  void namesTheFieldTheValueAndWhatWasExpected() {
    refuses(Map.of(), "input.type: missing (expected: a text)");
    refuses(Map.of("type", "image"), "input.type: image (expected: text or tensors)");
    refuses(Map.of("type", 3), "input.type: 3 (expected: a text)");
    refuses(
        Map.of("type", "text", "maxLength", 1.5),
        "input.maxLength: 1.5 (expected: a whole number >= 1)");
    refuses(
        Map.of("type", "text", "pooling", "average"),
        "input.pooling: average (expected: one of [none, mean, cls, last])");
    refuses(
        Map.of("type", "text", "normalize", "yes"),
        "input.normalize: yes (expected: true or false)");
    refuses(
        Map.of("type", "tensors", "batchaxis", true),
        "input.batchaxis: unknown field (expected one of: [batchAxis, type])");
  }

  private static void refuses(Map<String, ?> section, String message) {
    assertThatThrownBy(() -> PipelineSpec.parse(section))
        .isInstanceOf(BadInputException.class)
        .hasMessage(message);
  }
}
