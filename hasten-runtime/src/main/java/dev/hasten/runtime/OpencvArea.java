package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** OpenCV's {@code INTER_AREA} where the image gets smaller: each pixel is the mean of its area. */
final class OpencvArea {
  private OpencvArea() {}

  static PixelGrid shrink(PixelGrid from, int width, int height, double scaleX, double scaleY) {
    boolean whole =
        Math.abs(scaleX - Math.rint(scaleX)) < Math.ulp(1.0)
            && Math.abs(scaleY - Math.rint(scaleY)) < Math.ulp(1.0);
    return whole
        ? blocks(from, width, height, (int) Math.rint(scaleX), (int) Math.rint(scaleY))
        : areas(
            from,
            overlaps(from.width(), width, scaleX),
            overlaps(from.height(), height, scaleY),
            width,
            height);
  }

  /** Blocks of whole pixels. */
  private static PixelGrid blocks(PixelGrid from, int width, int height, int across, int down) {
    int channels = from.channels();
    PixelGrid result = PixelGrid.empty(width, height, channels);
    boolean halves = across == 2 && down == 2;
    float unit = 1f / (across * down);
    int to = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < channels; c++) {
          int sum = 0;
          for (int v = 0; v < down; v++) {
            int at = ((y * down + v) * from.width() + x * across) * channels + c;
            for (int u = 0; u < across; u++) {
              sum += from.at(at);
              at += channels;
            }
          }
          result.data()[to++] = (byte) (halves ? (sum + 2) >> 2 : (int) Math.rint(sum * unit));
        }
      }
    }
    return result;
  }

  /** A part of the result's pixel {@code to}: the source's pixel {@code from}, with its weight. */
  private record Overlap(int to, int from, float weight) {}

  private static List<Overlap> overlaps(int from, int to, double scale) {
    List<Overlap> overlaps = new ArrayList<>();
    for (int i = 0; i < to; i++) {
      double start = i * scale;
      double end = start + scale;
      double extent = Math.min(scale, from - start);
      int last = Math.min((int) Math.floor(end), from - 1);
      int first = Math.min((int) Math.ceil(start), last);
      if (first - start > 1e-3) {
        overlaps.add(new Overlap(i, first - 1, (float) ((first - start) / extent)));
      }
      for (int k = first; k < last; k++) {
        overlaps.add(new Overlap(i, k, (float) (1 / extent)));
      }
      if (end - last > 1e-3) {
        overlaps.add(
            new Overlap(i, last, (float) (Math.min(Math.min(end - last, 1), extent) / extent)));
      }
    }
    return overlaps;
  }

  private static PixelGrid areas(
      PixelGrid from, List<Overlap> columns, List<Overlap> rows, int width, int height) {
    int channels = from.channels();
    int stride = width * channels;
    PixelGrid result = PixelGrid.empty(width, height, channels);
    float[] row = new float[stride];
    float[] sum = new float[stride];
    int current = 0;
    for (Overlap down : rows) {
      Arrays.fill(row, 0);
      int start = down.from() * from.width() * channels;
      for (Overlap across : columns) {
        for (int c = 0; c < channels; c++) {
          row[across.to() * channels + c] +=
              from.at(start + across.from() * channels + c) * across.weight();
        }
      }
      if (down.to() != current) {
        store(sum, result.data(), current * stride);
        Arrays.fill(sum, 0);
        current = down.to();
      }
      for (int i = 0; i < stride; i++) {
        sum[i] += down.weight() * row[i];
      }
    }
    store(sum, result.data(), current * stride);
    return result;
  }

  private static void store(float[] sum, byte[] to, int at) {
    for (int i = 0; i < sum.length; i++) {
      to[at + i] = (byte) Math.clamp((int) Math.rint(sum[i]), 0, 255);
    }
  }
}
