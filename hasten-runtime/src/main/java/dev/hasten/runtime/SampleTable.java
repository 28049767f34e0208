package dev.hasten.runtime;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * What each of a channel's 256 values becomes in the model's input: {@code (value × scale - mean) /
 * std}, computed once.
 */
final class SampleTable {
  private final PipelineSpec.Image spec;
  private final ElementType type;
  private final double[][] table;
  private final double[] padding;

  private SampleTable(
      PipelineSpec.Image spec, ElementType type, double[][] table, double[] padding) {
    this.spec = spec;
    this.type = type;
    this.table = table;
    this.padding = padding;
  }

  static SampleTable of(PipelineSpec.Image spec, TensorInfo input) {
    int channels = spec.colors().channels();
    double[][] table = new double[channels][256];
    double[] padding = new double[channels];
    for (int c = 0; c < channels; c++) {
      double mean = channel(spec.mean(), c, 0);
      double std = channel(spec.std(), c, 1);
      for (int value = 0; value < 256; value++) {
        table[c][value] = (value * spec.scale() - mean) / std;
      }
      padding[c] = spec.padding().isPresent() ? table[c][spec.padding().get()] : 0;
    }
    return new SampleTable(spec, input.type(), table, padding);
  }

  private static double channel(List<Double> values, int channel, double otherwise) {
    return values.isEmpty() ? otherwise : values.get(values.size() == 1 ? 0 : channel);
  }

  /**
   * Writes an image into a batch.
   *
   * @param from where its first element lies in {@code to}
   */
  void write(PixelGrid image, Frame frame, ByteBuffer to, int from) {
    int channels = spec.colors().channels();
    int width = frame.canvasWidth();
    int plane = width * frame.canvasHeight();
    boolean planar = spec.layout() == ChannelOrder.NCHW;
    int firstRow = Math.max(0, frame.top());
    int lastRow = Math.min(frame.canvasHeight(), frame.top() + image.height());
    int firstColumn = Math.max(0, frame.left());
    int lastColumn = Math.min(width, frame.left() + image.width());
    boolean covered =
        firstRow == 0 && lastRow == frame.canvasHeight() && firstColumn == 0 && lastColumn == width;
    for (int c = 0; c < channels; c++) {
      int start = planar ? from + c * plane : from + c;
      int step = planar ? 1 : channels;
      if (!covered) {
        for (int i = 0; i < plane; i++) {
          put(to, start + i * step, padding[c]);
        }
      }
      int source = spec.colors() == Colors.BGR ? channels - 1 - c : c;
      for (int y = firstRow; y < lastRow; y++) {
        int at = start + (y * width + firstColumn) * step;
        int pixel = (y - frame.top()) * image.width() + firstColumn - frame.left();
        for (int x = firstColumn; x < lastColumn; x++) {
          put(to, at, table[c][image.at(pixel * channels + source)]);
          at += step;
          pixel++;
        }
      }
    }
  }

  private void put(ByteBuffer to, int index, double value) {
    switch (type) {
      case FLOAT -> to.putFloat(index * 4, (float) value);
      case DOUBLE -> to.putDouble(index * 8, value);
      case FLOAT16 -> to.putShort(index * 2, Float.floatToFloat16((float) value));
      case UINT8 -> to.put(index, (byte) value);
      default -> throw new IllegalStateException("an image as " + type);
    }
  }
}
