package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Images: decoded, turned upright, resized, normalised, stacked. */
final class ImagePipeline implements InputPipeline {
  private final PipelineSpec.Image spec;
  private final TensorInfo input;
  private final ImageDecoder decoder;
  private final SampleTable samples;
  private final @Nullable CtcDecoder texts;
  private final Workers workers;

  private ImagePipeline(
      PipelineSpec.Image spec, TensorInfo input, @Nullable CtcDecoder texts, int threads) {
    this.spec = spec;
    this.input = input;
    this.texts = texts;
    this.decoder = new ImageDecoder(spec.maxPixels(), spec.exif());
    this.samples = SampleTable.of(spec, input);
    this.workers = new Workers(threads, "hasten-images");
  }

  static ImagePipeline open(
      PipelineSpec.Image spec, Path folder, List<TensorInfo> modelInputs, int threads) {
    if (modelInputs.size() != 1) {
      throw new BadInputException(
          "the model takes "
              + OnnxTensors.describe(modelInputs)
              + " (expected: one input, the image); use input.type tensors for several");
    }
    TensorInfo input = modelInputs.getFirst();
    ImageShape.check(spec, input);
    CtcDecoder texts = spec.decode().map(ctc -> CtcDecoder.open(ctc, folder)).orElse(null);
    return new ImagePipeline(spec, input, texts, threads);
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
    return ImageShape.mostAtOnce(input);
  }

  /** Columns of the example's tensor. */
  @Override
  public int length(Example example) {
    return ImageShape.fixed(spec)
        .map(CropSize::width)
        .orElseGet(() -> frame(example).canvasWidth());
  }

  @Override
  public String group(Example example) {
    source(example);
    if (spec.crop().isPresent() || Framing.mixes(spec.fit())) {
      return "";
    }
    return group(frame(example));
  }

  private String group(Frame frame) {
    return spec.crop().isPresent() || Framing.mixes(spec.fit())
        ? ""
        : frame.canvasWidth() + "×" + frame.canvasHeight();
  }

  private static ImageDecoder.Size size(PixelGrid image) {
    return new ImageDecoder.Size(image.width(), image.height());
  }

  @Override
  public int weight(Example example) {
    return length(example);
  }

  private Frame frame(Example example) {
    return frames(List.of(decoder.size(source(example)))).getFirst();
  }

  private List<Frame> frames(List<ImageDecoder.Size> sizes) {
    List<Frame> frames = Framing.frames(spec.fit(), sizes, spec.maxPixels());
    return spec.crop().isEmpty()
        ? frames
        : frames.stream().map(frame -> frame.cropped(spec.crop().get())).toList();
  }

  private record Decoded(PixelGrid pixels, int length, String group) implements Prepared {
    @Override
    public long bytes() {
      return (long) pixels.width() * pixels.height() * pixels.channels();
    }
  }

  @Override
  public Prepared prepare(Example example) {
    PixelGrid pixels = decoded(example);
    Frame frame = frames(List.of(size(pixels))).getFirst();
    int length = ImageShape.fixed(spec).map(CropSize::width).orElseGet(frame::canvasWidth);
    return new Decoded(pixels, length, group(frame));
  }

  @Override
  public Map<String, NdArray> encode(List<? extends Example> examples) {
    checkCount(examples.size());
    PixelGrid[] images = new PixelGrid[examples.size()];
    workers.each(images.length, i -> images[i] = decoded(examples.get(i)));
    return assemble(images);
  }

  @Override
  public Map<String, NdArray> assemble(List<Prepared> examples) {
    checkCount(examples.size());
    return assemble(examples.stream().map(e -> ((Decoded) e).pixels()).toArray(PixelGrid[]::new));
  }

  private void checkCount(int examples) {
    if (examples == 0) {
      throw new BadInputException("examples: none (expected: at least one)");
    }
    if (examples > mostAtOnce()) {
      throw new BadInputException(
          "examples: "
              + examples
              + " in one run (expected: "
              + mostAtOnce()
              + ", the model takes "
              + input
              + ")");
    }
  }

  private Map<String, NdArray> assemble(PixelGrid[] images) {
    List<Frame> frames = frames(Arrays.stream(images).map(ImagePipeline::size).toList());
    Frame first = frames.getFirst();
    for (Frame frame : frames) {
      if (frame.canvasWidth() != first.canvasWidth()
          || frame.canvasHeight() != first.canvasHeight()) {
        throw new BadInputException(
            "images of "
                + first.canvasWidth()
                + "×"
                + first.canvasHeight()
                + " and "
                + frame.canvasWidth()
                + "×"
                + frame.canvasHeight()
                + " pixels in one batch (expected: equal sizes; a Predictor groups them itself, and"
                + " input.crop or another input.resize.fit makes them equal)");
      }
    }
    long[] shape = ImageShape.of(spec, images.length, first.canvasWidth(), first.canvasHeight());
    int each =
        Math.multiplyExact(
            Math.multiplyExact(first.canvasWidth(), first.canvasHeight()),
            spec.colors().channels());
    ByteBuffer data =
        ByteBuffer.allocate(
                Math.multiplyExact(Math.multiplyExact(each, images.length), input.type().bytes()))
            .order(ByteOrder.nativeOrder());
    workers.each(
        images.length,
        i -> {
          Frame frame = frames.get(i);
          PixelGrid resized =
              spec.library().resize(images[i], frame.width(), frame.height(), spec.resampling());
          samples.write(resized, frame, data, i * each);
        });
    return Map.of(input.name(), NdArray.of(input.type(), data, shape));
  }

  private PixelGrid decoded(Example example) {
    return decoder.decode(source(example)).withChannels(spec.colors().channels(), spec.library());
  }

  private static ImageSource source(Example example) {
    if (example instanceof Example.Image(ImageSource source)) {
      return source;
    }
    throw Examples.unexpected(example, "an image");
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
