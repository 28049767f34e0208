package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.Map;

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

  static Example text(String text) {
    return new Text(text);
  }

  static Example tensors(Map<String, NdArray> tensors) {
    return new Tensors(tensors);
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
