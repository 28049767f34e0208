package dev.hasten.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Recordings: decoded, mixed to one channel, resampled, as a wave or as a mel spectrogram. */
final class AudioPipeline implements InputPipeline {
  private static final long MOST_BYTES = 1L << 30;

  /** Outside, the filter between two rates would be larger than any recording needs. */
  private static final int LOWEST_RATE = 1_000;

  private static final int HIGHEST_RATE = 768_000;

  private final PipelineSpec.Audio spec;
  private final AudioInputs inputs;
  private final @Nullable MelSpectrogram mel;
  private final @Nullable CtcDecoder texts;
  private final Workers workers;

  private AudioPipeline(
      PipelineSpec.Audio spec,
      AudioInputs inputs,
      @Nullable MelSpectrogram mel,
      @Nullable CtcDecoder texts,
      int threads) {
    this.spec = spec;
    this.inputs = inputs;
    this.mel = mel;
    this.texts = texts;
    this.workers = new Workers(threads, "hasten-audio");
  }

  static AudioPipeline open(
      PipelineSpec.Audio spec, Path folder, List<TensorInfo> modelInputs, int threads) {
    MelSpectrogram mel = spec.mel().map(m -> new MelSpectrogram(m, spec.rate())).orElse(null);
    CtcDecoder texts = spec.decode().map(ctc -> CtcDecoder.open(ctc, folder)).orElse(null);
    return new AudioPipeline(spec, AudioInputs.of(spec, modelInputs), mel, texts, threads);
  }

  @Override
  public PipelineSpec spec() {
    return spec;
  }

  @Override
  public boolean batches() {
    return true;
  }

  @Override
  public int mostAtOnce() {
    return inputs.mostAtOnce();
  }

  /** Samples at the pipeline's rate, or frames. */
  @Override
  public int length(Example example) {
    AudioSource source = source(example);
    long samples =
        switch (source) {
          case AudioSource.Samples(NdArray own, int rate) -> {
            check(source, own.size(), rate);
            yield resampled(own.size(), rate);
          }
          case AudioSource.File f -> resampled(wav(source));
          case AudioSource.Encoded e -> resampled(wav(source));
        };
    int length = spec.samples().orElse(Math.toIntExact(samples));
    return mel == null ? length : mel.frames(length);
  }

  /** Padding is told to models that take lengths; others would take silence for sound. */
  @Override
  public String group(Example example) {
    // A length costs a look into the file.
    return mixes() ? "" : Integer.toString(length(example));
  }

  private String group(int length) {
    return mixes() ? "" : Integer.toString(length);
  }

  private boolean mixes() {
    return spec.seconds().isPresent() || inputs.takesLengths();
  }

  @Override
  public int weight(Example example) {
    return length(example);
  }

  private long resampled(WavFile wav) {
    return resampled(wav.frames(), wav.rate());
  }

  private long resampled(long samples, int rate) {
    return Math.ceilDiv(samples * spec.rate(), (long) rate);
  }

  private record Heard(Features features, String group) implements Prepared {
    @Override
    public int length() {
      return features.frames();
    }

    @Override
    public long bytes() {
      return 8L * features.values().length;
    }
  }

  @Override
  public Prepared prepare(Example example) {
    Features features = features(example);
    return new Heard(features, group(features.frames()));
  }

  @Override
  public Map<String, NdArray> assemble(List<Prepared> examples) {
    checkCount(examples.size());
    return inputs.tensors(
        examples.stream().map(e -> ((Heard) e).features()).toArray(Features[]::new));
  }

  @Override
  public Map<String, NdArray> encode(List<? extends Example> examples) {
    checkCount(examples.size());
    Features[] features = new Features[examples.size()];
    workers.each(features.length, i -> features[i] = features(examples.get(i)));
    return inputs.tensors(features);
  }

  private void checkCount(int examples) {
    if (examples == 0 || examples > mostAtOnce()) {
      throw new BadInputException(
          "examples: "
              + examples
              + " in one run (expected: "
              + (mostAtOnce() == 1 ? "1, as the model says" : "at least one")
              + ")");
    }
  }

  private Features features(Example example) {
    AudioSource source = source(example);
    Sound sound = Resampler.resample(sound(source), spec.rate());
    if (spec.samples().isPresent()) {
      sound = sound.ofLength(spec.samples().get());
    }
    if (spec.normalize()) {
      sound = sound.normalized();
    }
    double[] samples = sound.samples();
    if (mel != null) {
      double[][] frames = mel.of(samples);
      if (frames.length == 0) {
        throw tooShort(source, samples.length);
      }
      return Features.of(frames);
    }
    if (samples.length == 0) {
      throw tooShort(source, 0);
    }
    return new Features(samples, samples.length, 1);
  }

  private static BadInputException tooShort(AudioSource source, int samples) {
    return new BadInputException(
        name(source) + ": " + samples + " samples (expected: enough for one frame)");
  }

  private Sound sound(AudioSource source) {
    return switch (source) {
      case AudioSource.Samples(NdArray samples, int rate) -> {
        check(source, samples.size(), rate);
        yield new Sound(samples.toDoubles(), rate);
      }
      case AudioSource.File f -> wav(source).mono();
      case AudioSource.Encoded e -> wav(source).mono();
    };
  }

  private WavFile wav(AudioSource source) {
    WavFile wav = WavFile.read(name(source), bytes(source));
    check(source, wav.frames(), wav.rate());
    return wav;
  }

  private void check(AudioSource source, long samples, int rate) {
    if (rate != spec.rate() && (rate < LOWEST_RATE || rate > HIGHEST_RATE)) {
      throw new BadInputException(
          "%s: %d samples per second (expected: %d to %d, or input.rate, which is %d)"
              .formatted(name(source), rate, LOWEST_RATE, HIGHEST_RATE, spec.rate()));
    }
    double seconds = (double) samples / rate;
    if (seconds > spec.maxSeconds()) {
      throw new BadInputException(
          "%s: %.1f s (expected: at most %d s; raise input.maxSeconds, or cut it)"
              .formatted(name(source), seconds, spec.maxSeconds()));
    }
  }

  /** What a recording is called in messages. */
  static String name(AudioSource source) {
    return switch (source) {
      case AudioSource.File(Path path) -> "audio " + path;
      case AudioSource.Encoded(NdArray bytes) -> "audio of " + bytes.size() + " bytes";
      case AudioSource.Samples(NdArray samples, int rate) ->
          "audio " + samples + " at " + rate + " Hz";
    };
  }

  private static byte[] bytes(AudioSource source) {
    return switch (source) {
      case AudioSource.File(Path path) -> {
        try {
          long size = Files.size(path);
          if (size > MOST_BYTES) {
            throw new BadInputException(
                "audio " + path + ": " + size + " bytes (expected: at most " + MOST_BYTES + ")");
          }
          yield Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
          throw new BadInputException("audio " + path + ": no such file; check the path", e);
        } catch (IOException e) {
          throw new BadInputException("audio " + path + ": cannot be read: " + e.getMessage(), e);
        }
      }
      case AudioSource.Encoded(NdArray bytes) -> {
        byte[] file = new byte[bytes.size()];
        bytes.bytes().get(file);
        yield file;
      }
      case AudioSource.Samples s -> throw new IllegalStateException("samples have no file");
    };
  }

  private static AudioSource source(Example example) {
    if (example instanceof Example.Audio(AudioSource source)) {
      return source;
    }
    throw Examples.unexpected(example, "a recording");
  }

  @Override
  public Map<String, NdArray> decode(Map<String, NdArray> encoded, Map<String, NdArray> outputs) {
    return texts == null ? outputs : texts.decode(outputs);
  }

  @Override
  public void close() {
    workers.close();
  }
}
