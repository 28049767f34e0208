package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One thing to answer: what an {@link InputPipeline} takes. */
public sealed interface Example {
  /** A text. */
  record Text(String text) implements Example {}

  /**
   * Tensors by the model's input names. Without the batch axis, unless the pipeline says that
   * examples carry it ({@link PipelineSpec.Tensors}).
   */
  record Tensors(Map<String, NdArray> tensors) implements Example {
    public Tensors {
      tensors = Map.copyOf(tensors);
    }
  }

  /** An image. */
  record Image(ImageSource source) implements Example {}

  /** A recording. */
  record Audio(AudioSource source) implements Example {}

  /**
   * A row of a table: field to text, number, truth or null.
   *
   * @param where it comes from, for messages; empty: not known
   */
  record Row(Map<String, @Nullable Object> values, String where) implements Example {
    public Row {
      values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
      values.forEach((field, value) -> {
        boolean plain =
            value == null
                || value instanceof String
                || value instanceof Number
                || value instanceof Boolean;
        if (!plain) {
          throw new BadInputException(
              (where.isEmpty() ? "row" : where)
                  + ": field "
                  + field
                  + ": a "
                  + value.getClass().getSimpleName()
                  + " (expected: a text, a number, true or false, or null)");
        }
      });
    }
  }

  static Example text(String text) {
    return new Text(text);
  }

  static Example tensors(Map<String, NdArray> tensors) {
    return new Tensors(tensors);
  }

  /**
   * A row of a table. A field that is left out is missing, like one that is null.
   *
   * @param values field to text, number or truth
   */
  static Example row(Map<String, ? extends @Nullable Object> values) {
    return row(values, "");
  }

  /**
   * A row of a table, from a place that messages name.
   *
   * @param where such as {@code people.csv: line 3}
   */
  static Example row(Map<String, ? extends @Nullable Object> values, String where) {
    return new Row(new LinkedHashMap<>(values), where);
  }

  /** An image file: JPEG, PNG, BMP, GIF or WebP. It is read when its turn comes. */
  static Example image(Path file) {
    return new Image(new ImageSource.File(file));
  }

  /** The content of an image file: JPEG, PNG, BMP, GIF or WebP; copied. */
  static Example image(byte[] file) {
    return new Image(ImageSource.Encoded.of(file));
  }

  /** Pixels that are decoded already; see {@link ImageSource.Pixels}. */
  static Example image(NdArray pixels) {
    return new Image(new ImageSource.Pixels(pixels));
  }

  /** A WAV file. It is read when its turn comes. */
  static Example audio(Path file) {
    return new Audio(new AudioSource.File(file));
  }

  /** The content of a WAV file; copied. */
  static Example audio(byte[] file) {
    return new Audio(AudioSource.Encoded.of(file));
  }

  /**
   * Samples of one channel, copied.
   *
   * @param samples from -1 to 1
   * @param rate samples per second
   */
  static Example audio(float[] samples, int rate) {
    return new Audio(new AudioSource.Samples(NdArray.floats(samples, samples.length), rate));
  }
}
