package dev.hasten.runtime;

/**
 * Pillow's resize of 8-bit images, to the bit: two passes of a filter whose weights are fixed-point
 * numbers, along the rows first, with the result of each pass rounded to 8 bits. Pillow 13 begins
 * with the columns where that is less work, which rounds differently; models in use have learnt on
 * earlier versions, which this one follows.
 */
final class PillowResize {
  /** 8 bits are the pixel, 2 are left for overshoot and sign. */
  private static final int PRECISION = 32 - 8 - 2;

  private PillowResize() {}

  static PixelGrid resize(PixelGrid from, int width, int height, Resampling method) {
    if (method == Resampling.NEAREST) {
      return nearest(from, width, height);
    }
    PixelGrid wide =
        from.width() == width ? from : horizontal(from, Weights.of(from.width(), width, method));
    return from.height() == height
        ? wide
        : vertical(wide, Weights.of(from.height(), height, method));
  }

  private static PixelGrid horizontal(PixelGrid from, Weights weights) {
    int width = weights.first.length;
    int channels = from.channels();
    PixelGrid result = PixelGrid.empty(width, from.height(), channels);
    byte[] in = from.data();
    byte[] out = result.data();
    for (int y = 0; y < from.height(); y++) {
      int row = y * from.width() * channels;
      int to = y * width * channels;
      for (int x = 0; x < width; x++) {
        int[] k = weights.of[x];
        int start = row + weights.first[x] * channels;
        for (int c = 0; c < channels; c++) {
          int sum = 1 << (PRECISION - 1);
          int at = start + c;
          for (int w : k) {
            sum += (in[at] & 0xFF) * w;
            at += channels;
          }
          out[to++] = clip(sum);
        }
      }
    }
    return result;
  }

  private static PixelGrid vertical(PixelGrid from, Weights weights) {
    int height = weights.first.length;
    int stride = from.width() * from.channels();
    PixelGrid result = PixelGrid.empty(from.width(), height, from.channels());
    byte[] in = from.data();
    byte[] out = result.data();
    int[] sums = new int[stride];
    for (int y = 0; y < height; y++) {
      java.util.Arrays.fill(sums, 1 << (PRECISION - 1));
      int row = weights.first[y] * stride;
      for (int w : weights.of[y]) {
        for (int i = 0; i < stride; i++) {
          sums[i] += (in[row + i] & 0xFF) * w;
        }
        row += stride;
      }
      for (int i = 0; i < stride; i++) {
        out[y * stride + i] = clip(sums[i]);
      }
    }
    return result;
  }

  private static byte clip(int sum) {
    return (byte) Math.clamp(sum >> PRECISION, 0, 255);
  }

  private static PixelGrid nearest(PixelGrid from, int width, int height) {
    int[] columns = nearest(from.width(), width);
    int[] rows = nearest(from.height(), height);
    return from.pick(columns, rows);
  }

  /** Added up step by step, as Pillow does: its rounding decides on ties. */
  private static int[] nearest(int from, int to) {
    int[] places = new int[to];
    double step = (double) from / to;
    double place = step * 0.5;
    for (int i = 0; i < to; i++) {
      places[i] = Math.min((int) place, from - 1);
      place += step;
    }
    return places;
  }

  /** For each place of the result: the first place looked at, and the weights from there on. */
  private static final class Weights {
    final int[] first;
    final int[][] of;

    private Weights(int size) {
      first = new int[size];
      of = new int[size][];
    }

    static Weights of(int from, int to, Resampling method) {
      double scale = (double) from / to;
      double stretch = Math.max(scale, 1);
      double support = support(method) * stretch;
      Weights weights = new Weights(to);
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale;
        int low = Math.max((int) (centre - support + 0.5), 0);
        int count = Math.min((int) (centre + support + 0.5), from) - low;
        double[] exact = new double[count];
        double sum = 0;
        for (int k = 0; k < count; k++) {
          exact[k] = filter(method, (k + low - centre + 0.5) * (1 / stretch));
          sum += exact[k];
        }
        weights.first[i] = low;
        weights.of[i] = new int[count];
        for (int k = 0; k < count; k++) {
          double share = sum == 0 ? exact[k] : exact[k] / sum;
          weights.of[i][k] = (int) (share * (1 << PRECISION) + (share < 0 ? -0.5 : 0.5));
        }
      }
      return weights;
    }

    private static double support(Resampling method) {
      return switch (method) {
        case BOX -> 0.5;
        case BILINEAR, HAMMING -> 1;
        case BICUBIC -> 2;
        case LANCZOS -> 3;
        case NEAREST, AREA -> throw new IllegalArgumentException("no filter: " + method);
      };
    }

    private static double filter(Resampling method, double x) {
      double a = Math.abs(x);
      return switch (method) {
        case BOX -> x > -0.5 && x <= 0.5 ? 1 : 0;
        case BILINEAR -> a < 1 ? 1 - a : 0;
        case HAMMING -> a == 0 ? 1 : a >= 1 ? 0 : sinc(a) * (0.54 + 0.46 * Math.cos(a * Math.PI));
        case BICUBIC -> cubic(a);
        case LANCZOS -> x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
        case NEAREST, AREA -> throw new IllegalArgumentException("no filter: " + method);
      };
    }

    /** Keys 1981 with a = -0.5. */
    private static double cubic(double a) {
      double k = -0.5;
      if (a < 1) {
        return ((k + 2) * a - (k + 3)) * a * a + 1;
      }
      return a < 2 ? (((a - 5) * a + 8) * a - 4) * k : 0;
    }

    private static double sinc(double x) {
      return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
    }
  }
}
