package dev.hasten.runtime;

import java.util.Map;
import java.util.Optional;

/**
 * How examples become tensors and outputs become answers: the {@code input:} section of a workload
 * and the {@code pipeline} of a bundle, which are one and the same.
 */
public sealed interface PipelineSpec {
  /**
   * Text through a Hugging Face {@code tokenizer.json}.
   *
   * @param tokenizer file, relative to the workload file or the bundle
   * @param maxLength tokens, special ones included; longer texts are cut
   * @param padToMultiple the batch's length is rounded up to a multiple of this; 1: as long as its
   *     longest text
   * @param prefix put before each text ({@code "query: "})
   * @param normalize whether the pooled vector is scaled to length 1
   * @param output which output is pooled; absent: the model's first
   */
  record Text(
      String tokenizer,
      int maxLength,
      int padToMultiple,
      String prefix,
      Pooling pooling,
      boolean normalize,
      Optional<String> output)
      implements PipelineSpec {
    static final int MAX_LENGTH = 512;

    public Text {
      if (maxLength < 1) {
        throw new BadInputException("maxLength: " + maxLength + " (expected: >= 1)");
      }
      if (padToMultiple < 1) {
        throw new BadInputException("padToMultiple: " + padToMultiple + " (expected: >= 1)");
      }
    }

    /** 512 tokens, mean pooling, normalised. */
    public static Text of(String tokenizer) {
      return new Text(tokenizer, MAX_LENGTH, 1, "", Pooling.MEAN, true, Optional.empty());
    }

    public Text withTokenizer(String file) {
      return new Text(file, maxLength, padToMultiple, prefix, pooling, normalize, output);
    }

    public Text withMaxLength(int tokens) {
      return new Text(tokenizer, tokens, padToMultiple, prefix, pooling, normalize, output);
    }

    public Text withPadToMultiple(int tokens) {
      return new Text(tokenizer, maxLength, tokens, prefix, pooling, normalize, output);
    }

    public Text withPrefix(String text) {
      return new Text(tokenizer, maxLength, padToMultiple, text, pooling, normalize, output);
    }

    public Text withOutput(String name) {
      return new Text(
          tokenizer, maxLength, padToMultiple, prefix, pooling, normalize, Optional.of(name));
    }

    public Text withPooling(Pooling how) {
      return new Text(tokenizer, maxLength, padToMultiple, prefix, how, normalize, output);
    }

    public Text withNormalize(boolean on) {
      return new Text(tokenizer, maxLength, padToMultiple, prefix, pooling, on, output);
    }
  }

  /**
   * Tensors as they are.
   *
   * @param batchAxis whether the model's inputs have a leading batch axis that the examples lack:
   *     then examples of equal shapes are stacked. Else every example is one whole run.
   */
  record Tensors(boolean batchAxis) implements PipelineSpec {}

  /**
   * Reads a section that came from YAML or JSON.
   *
   * @throws BadInputException naming the field, its value and what was expected
   */
  static PipelineSpec parse(Map<String, ?> section) {
    return PipelineSpecs.parse("input", section);
  }

  /** The section that {@link #parse} reads back to an equal value. */
  default Map<String, Object> toMap() {
    return PipelineSpecs.toMap(this);
  }
}
