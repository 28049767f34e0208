package dev.hasten.runtime;

import java.util.Optional;

/** Shapes of image tensors, and whether they suit the model. */
final class ImageShape {
  private ImageShape() {}

  static long[] of(PipelineSpec.Image spec, int batch, int width, int height) {
    int channels = spec.colors().channels();
    return switch (spec.layout()) {
      case NCHW -> new long[] {batch, channels, height, width};
      case NHWC -> new long[] {batch, height, width, channels};
    };
  }

  /** The size that every image gets; empty if it depends on the image. */
  static Optional<CropSize> fixed(PipelineSpec.Image spec) {
    if (spec.crop().isPresent()) {
      return spec.crop();
    }
    return switch (spec.fit()) {
      case Fit.Stretch(int width, int height) -> Optional.of(new CropSize(width, height));
      case Fit.Inside(int width, int height, boolean centered) ->
          Optional.of(new CropSize(width, height));
      case Fit.Height(int height, int min, Optional<Integer> max) ->
          max.isPresent() && max.get() == min
              ? Optional.of(new CropSize(min, height))
              : Optional.empty();
      case Fit.Natural n -> Optional.empty();
      case Fit.Shortest s -> Optional.empty();
      case Fit.Multiple m -> Optional.empty();
    };
  }

  /** Many exported models fix the batch at one. */
  static int mostAtOnce(TensorInfo input) {
    return input.shape().getFirst() == 1 ? 1 : Integer.MAX_VALUE;
  }

  static void check(PipelineSpec.Image spec, TensorInfo input) {
    switch (input.type()) {
      case FLOAT, DOUBLE, FLOAT16 -> {}
      case UINT8 -> {
        boolean plain =
            spec.scale() == 1
                && spec.mean().stream().allMatch(m -> m == 0)
                && spec.std().stream().allMatch(s -> s == 1);
        if (!plain) {
          throw new BadInputException(
              "the model takes "
                  + input
                  + ", pixels as they are (expected: input.scale 1, no mean and no std)");
        }
      }
      default ->
          throw new BadInputException(
              "the model takes "
                  + input
                  + " (expected: an image of float, float16, double or uint8)");
    }
    if (input.shape().size() != 4) {
      throw new BadInputException(
          "the model takes " + input + " (expected: four axes, " + spec.layout() + ")");
    }
    if (input.shape().getFirst() > 1 || input.shape().getFirst() == 0) {
      throw new BadInputException(
          "the model takes " + input + " (expected: a batch axis that is free, or 1)");
    }
    boolean planar = spec.layout() == ChannelOrder.NCHW;
    int channels = spec.colors().channels();
    axis(spec, input, planar ? 1 : 3, channels, "channels, as input.colors says");
    fixed(spec)
        .ifPresent(size -> {
          axis(spec, input, planar ? 2 : 1, size.height(), "rows, as input says");
          axis(spec, input, planar ? 3 : 2, size.width(), "columns, as input says");
        });
  }

  private static void axis(
      PipelineSpec.Image spec, TensorInfo input, int axis, int wanted, String what) {
    long declared = input.shape().get(axis);
    if (declared > 0 && declared != wanted) {
      throw new BadInputException(
          "the model takes "
              + input
              + " (expected on axis "
              + axis
              + " of "
              + spec.layout()
              + ": "
              + wanted
              + " "
              + what
              + ")");
    }
  }
}
