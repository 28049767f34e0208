package dev.hasten.runtime;

import java.util.List;
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
   * Images: decoded, turned upright, brought to {@code colors}, resized as {@code fit} says,
   * cropped in the middle, each sample made {@code (sample × scale - mean) / std}. The tensor has
   * the type that the model declares.
   *
   * @param library whose resize and gray are reproduced
   * @param exif whether images are turned as their EXIF orientation says
   * @param padding sample (0 to 255) around an image that does not fill the input; absent: 0 after
   *     normalisation
   * @param mean per channel, in the order of {@code colors}; one for all; none: 0
   * @param std likewise; none: 1
   * @param maxPixels larger images are refused before they are decoded
   * @param decode how the model's first output becomes a text, if it is one
   */
  record Image(
      Colors colors,
      ImageLibrary library,
      boolean exif,
      Fit fit,
      Resampling resampling,
      Optional<CropSize> crop,
      Optional<Integer> padding,
      double scale,
      List<Double> mean,
      List<Double> std,
      ChannelOrder layout,
      long maxPixels,
      Optional<CtcSpec> decode)
      implements PipelineSpec {
    static final double SCALE = 1 / 255.0;
    static final long MAX_PIXELS = 100_000_000;

    public Image {
      mean = List.copyOf(mean);
      std = List.copyOf(std);
      if (!library.has(resampling)) {
        throw new BadInputException(
            "resize.method: "
                + Section.label(resampling)
                + " (expected one of "
                + library.methods().stream().map(Section::label).toList()
                + ", "
                + Section.label(library)
                + "'s)");
      }
      if (padding.isPresent() && (padding.get() < 0 || padding.get() > 255)) {
        throw new BadInputException("padding: " + padding.get() + " (expected: 0 to 255)");
      }
      if (!Double.isFinite(scale) || scale == 0) {
        throw new BadInputException("scale: " + scale + " (expected: a number other than 0)");
      }
      perChannel("mean", mean, colors);
      perChannel("std", std, colors);
      if (std.stream().anyMatch(s -> !(s > 0))) {
        throw new BadInputException("std: " + std + " (expected: numbers above 0)");
      }
      if (maxPixels < 1) {
        throw new BadInputException("maxPixels: " + maxPixels + " (expected: >= 1)");
      }
    }

    private static void perChannel(String name, List<Double> values, Colors colors) {
      boolean fits = values.size() <= 1 || values.size() == colors.channels();
      if (!fits || values.stream().anyMatch(v -> !Double.isFinite(v))) {
        throw new BadInputException(
            name
                + ": "
                + values
                + " (expected: one number, or "
                + colors.channels()
                + ", one per channel)");
      }
    }

    /** RGB as Pillow makes it, bilinear, samples from 0 to 1, NCHW, up to 100 million pixels. */
    public static Image of(Fit fit) {
      return new Image(
          Colors.RGB,
          ImageLibrary.PILLOW,
          true,
          fit,
          Resampling.BILINEAR,
          Optional.empty(),
          Optional.empty(),
          SCALE,
          List.of(),
          List.of(),
          ChannelOrder.NCHW,
          MAX_PIXELS,
          Optional.empty());
    }

    public Image withColors(Colors channels) {
      return new Image(
          channels,
          library,
          exif,
          fit,
          resampling,
          crop,
          padding,
          scale,
          mean,
          std,
          layout,
          maxPixels,
          decode);
    }

    public Image withResampling(ImageLibrary whose, Resampling method) {
      return new Image(
          colors, whose, exif, fit, method, crop, padding, scale, mean, std, layout, maxPixels,
          decode);
    }

    public Image withExif(boolean on) {
      return new Image(
          colors,
          library,
          on,
          fit,
          resampling,
          crop,
          padding,
          scale,
          mean,
          std,
          layout,
          maxPixels,
          decode);
    }

    public Image withCrop(int width, int height) {
      return new Image(
          colors,
          library,
          exif,
          fit,
          resampling,
          Optional.of(new CropSize(width, height)),
          padding,
          scale,
          mean,
          std,
          layout,
          maxPixels,
          decode);
    }

    public Image withPadding(int sample) {
      return new Image(
          colors,
          library,
          exif,
          fit,
          resampling,
          crop,
          Optional.of(sample),
          scale,
          mean,
          std,
          layout,
          maxPixels,
          decode);
    }

    public Image withNormalization(double factor, List<Double> means, List<Double> stds) {
      return new Image(
          colors,
          library,
          exif,
          fit,
          resampling,
          crop,
          padding,
          factor,
          means,
          stds,
          layout,
          maxPixels,
          decode);
    }

    public Image withLayout(ChannelOrder order) {
      return new Image(
          colors,
          library,
          exif,
          fit,
          resampling,
          crop,
          padding,
          scale,
          mean,
          std,
          order,
          maxPixels,
          decode);
    }

    public Image withDecode(CtcSpec ctc) {
      return new Image(
          colors,
          library,
          exif,
          fit,
          resampling,
          crop,
          padding,
          scale,
          mean,
          std,
          layout,
          maxPixels,
          Optional.of(ctc));
    }

    public Image withMaxPixels(long pixels) {
      return new Image(
          colors,
          library,
          exif,
          fit,
          resampling,
          crop,
          padding,
          scale,
          mean,
          std,
          layout,
          pixels,
          decode);
    }
  }

  /**
   * Recordings: mixed to one channel, resampled, and given as a wave or as a mel spectrogram.
   *
   * @param rate samples per second that the model takes
   * @param seconds what each example is filled up (with zeros) or cut to; absent: as long as it is
   * @param normalize whether the wave is brought to mean 0 and variance 1
   * @param mel absent: the wave itself
   * @param maxSeconds longer recordings are refused
   * @param decode how the model's first output becomes a text, if it is one
   */
  record Audio(
      int rate,
      Optional<Double> seconds,
      boolean normalize,
      Optional<MelSpec> mel,
      int maxSeconds,
      Optional<CtcSpec> decode)
      implements PipelineSpec {
    static final int RATE = 16_000;
    static final int MAX_SECONDS = 3600;

    public Audio {
      if (rate < 1) {
        throw new BadInputException("rate: " + rate + " (expected: >= 1)");
      }
      if (!(seconds.orElse(1.0) > 0) || seconds.orElse(1.0) * rate > Integer.MAX_VALUE) {
        throw new BadInputException(
            "seconds: "
                + seconds.orElse(0.0)
                + " (expected: above 0, and no more samples than an"
                + " array holds)");
      }
      if (maxSeconds < 1) {
        throw new BadInputException("maxSeconds: " + maxSeconds + " (expected: >= 1)");
      }
    }

    /** The wave at 16 kHz, as long as it is. */
    public static Audio wave() {
      return new Audio(
          RATE, Optional.empty(), false, Optional.empty(), MAX_SECONDS, Optional.empty());
    }

    public Audio withRate(int samplesPerSecond) {
      return new Audio(samplesPerSecond, seconds, normalize, mel, maxSeconds, decode);
    }

    public Audio withSeconds(double length) {
      return new Audio(rate, Optional.of(length), normalize, mel, maxSeconds, decode);
    }

    public Audio withNormalize(boolean on) {
      return new Audio(rate, seconds, on, mel, maxSeconds, decode);
    }

    public Audio withMel(MelSpec spectrogram) {
      return new Audio(rate, seconds, normalize, Optional.of(spectrogram), maxSeconds, decode);
    }

    public Audio withMaxSeconds(int most) {
      return new Audio(rate, seconds, normalize, mel, most, decode);
    }

    public Audio withDecode(CtcSpec ctc) {
      return new Audio(rate, seconds, normalize, mel, maxSeconds, Optional.of(ctc));
    }

    /** Samples that each example is brought to. */
    Optional<Integer> samples() {
      return seconds.map(s -> (int) Math.round(s * rate));
    }
  }

  /**
   * Rows of a table: each field's value to numbers or texts, as its columns say.
   *
   * @param missing texts that stand for no value, in columns of numbers and categories
   * @param output which output comes first, and is judged; absent: the model's first
   */
  record Table(List<TableColumn> columns, List<String> missing, Optional<String> output)
      implements PipelineSpec {
    /** What spreadsheets and pandas write where there is no value. */
    public static final List<String> MISSING_MARKS =
        List.of("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None");

    public Table {
      columns = List.copyOf(columns);
      missing = List.copyOf(missing);
      if (columns.isEmpty()) {
        throw new BadInputException("columns: none (expected: at least one)");
      }
    }

    /** With the usual marks of missing values. */
    public static Table of(TableColumn... columns) {
      return new Table(List.of(columns), MISSING_MARKS, Optional.empty());
    }

    public Table withOutput(String name) {
      return new Table(columns, missing, Optional.of(name));
    }

    public Table withMissing(List<String> marks) {
      return new Table(columns, marks, output);
    }

    /** The fields of a row, each once. */
    public List<String> fields() {
      return TableInputs.fields(this);
    }
  }

  /** The files that it needs: name in a bundle to name as it stands in the spec. */
  default Map<String, String> files() {
    return switch (this) {
      case Text text -> Map.of(Bundle.TOKENIZER, text.tokenizer());
      case Tensors t -> Map.of();
      case Table t -> Map.of();
      case Image image ->
          image.decode().map(ctc -> Map.of(Bundle.CHARACTERS, ctc.characters())).orElse(Map.of());
      case Audio audio ->
          audio.decode().map(ctc -> Map.of(Bundle.CHARACTERS, ctc.characters())).orElse(Map.of());
    };
  }

  /** The same with its files under their names in a bundle. */
  default PipelineSpec bundled() {
    return switch (this) {
      case Text text -> text.withTokenizer(Bundle.TOKENIZER);
      case Tensors tensors -> tensors;
      case Table table -> table;
      case Image image ->
          image.decode().isEmpty()
              ? image
              : image.withDecode(image.decode().get().withCharacters(Bundle.CHARACTERS));
      case Audio audio ->
          audio.decode().isEmpty()
              ? audio
              : audio.withDecode(audio.decode().get().withCharacters(Bundle.CHARACTERS));
    };
  }

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
