package dev.hasten.runtime;

/**
 * OpenCV's resize of 8-bit images to the bit (4.14 and 5.0 alike): weights of 11 bits for bilinear
 * and bicubic, floating point for areas. Builds with Intel's IPP leave bicubic to that, whose
 * results differ by 1 in one sample of twenty.
 */
final class OpencvResize {
  private static final float ONE = 1 << 11;

  private OpencvResize() {}

  static PixelGrid resize(PixelGrid from, int width, int height, Resampling method) {
    double scaleX = 1 / ((double) width / from.width());
    double scaleY = 1 / ((double) height / from.height());
    return switch (method) {
      case NEAREST ->
          from.pick(nearest(from.width(), width, scaleX), nearest(from.height(), height, scaleY));
      // Halving exactly, both are the mean of four.
      case BILINEAR ->
          scaleX == 2 && scaleY == 2
              ? OpencvArea.shrink(from, width, height, scaleX, scaleY)
              : linear(
                  from,
                  Taps.linear(from.width(), width, scaleX, true),
                  Taps.linear(from.height(), height, scaleY, false));
      case BICUBIC ->
          cubic(
              from,
              Taps.cubic(from.width(), width, scaleX),
              Taps.cubic(from.height(), height, scaleY));
      case AREA ->
          scaleX >= 1 && scaleY >= 1
              ? OpencvArea.shrink(from, width, height, scaleX, scaleY)
              : linear(
                  from,
                  Taps.area(from.width(), width, scaleX, true),
                  Taps.area(from.height(), height, scaleY, false));
      case BOX, HAMMING, LANCZOS -> throw new IllegalArgumentException("not OpenCV's: " + method);
    };
  }

  private static int[] nearest(int from, int to, double scale) {
    int[] places = new int[to];
    for (int i = 0; i < to; i++) {
      places[i] = Math.min((int) Math.floor(i * scale), from - 1);
    }
    return places;
  }

  /**
   * For each place of the result: the first place looked at (may lie outside), and the weights, in
   * units of 1/2048.
   */
  private record Taps(int[] first, int[][] weights) {
    /**
     * @param clamped whether weight that falls outside goes to the pixel at the edge: rows do that
     *     by reading the edge's row again
     */
    static Taps linear(int from, int to, double scale, boolean clamped) {
      Taps taps = new Taps(new int[to], new int[to][]);
      for (int i = 0; i < to; i++) {
        float place = (float) ((i + 0.5) * scale - 0.5);
        int low = (int) Math.floor(place);
        taps.set(i, low, place - low, from, clamped);
      }
      return taps;
    }

    /** An area is never averaged when the image grows: only the blend at pixel borders differs. */
    static Taps area(int from, int to, double scale, boolean clamped) {
      Taps taps = new Taps(new int[to], new int[to][]);
      for (int i = 0; i < to; i++) {
        int low = (int) Math.floor(i * scale);
        float part = (float) ((i + 1) - (low + 1) * (1 / scale));
        taps.set(i, low, part <= 0 ? 0 : part - (float) Math.floor(part), from, clamped);
      }
      return taps;
    }

    private void set(int i, int low, float part, int from, boolean clamped) {
      if (clamped && (low < 0 || low >= from - 1)) {
        low = Math.clamp(low, 0, from - 1);
        part = 0;
      }
      first[i] = low;
      weights[i] = new int[] {fixed(1 - part), fixed(part)};
    }

    /** Keys 1981 with a = -0.75. */
    static Taps cubic(int from, int to, double scale) {
      Taps taps = new Taps(new int[to], new int[to][]);
      float a = -0.75f;
      for (int i = 0; i < to; i++) {
        float place = (float) ((i + 0.5) * scale - 0.5);
        int low = (int) Math.floor(place);
        float x = place - low;
        float w0 = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
        float w1 = ((a + 2) * x - (a + 3)) * x * x + 1;
        float w2 = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
        float w3 = 1f - w0 - w1 - w2;
        taps.first[i] = low - 1;
        taps.weights[i] = new int[] {fixed(w0), fixed(w1), fixed(w2), fixed(w3)};
      }
      return taps;
    }

    /** Halves go to the even number. */
    private static int fixed(float weight) {
      return (int) Math.rint(weight * ONE);
    }

    int size() {
      return first.length;
    }
  }

  private static PixelGrid linear(PixelGrid from, Taps columns, Taps rows) {
    PixelGrid result = PixelGrid.empty(columns.size(), rows.size(), from.channels());
    int stride = columns.size() * from.channels();
    Rows wide = new Rows(from, columns, 2);
    for (int y = 0; y < rows.size(); y++) {
      int[] upper = wide.at(rows.first[y]);
      int[] lower = wide.at(rows.first[y] + 1);
      int b0 = rows.weights[y][0];
      int b1 = rows.weights[y][1];
      for (int i = 0; i < stride; i++) {
        int sum = ((b0 * (upper[i] >> 4)) >> 16) + ((b1 * (lower[i] >> 4)) >> 16);
        result.data()[y * stride + i] = (byte) ((sum + 2) >> 2);
      }
    }
    return result;
  }

  private static PixelGrid cubic(PixelGrid from, Taps columns, Taps rows) {
    PixelGrid result = PixelGrid.empty(columns.size(), rows.size(), from.channels());
    int stride = columns.size() * from.channels();
    Rows wide = new Rows(from, columns, 4);
    float unit = 1 / (ONE * ONE);
    for (int y = 0; y < rows.size(); y++) {
      int low = rows.first[y];
      int[] s0 = wide.at(low);
      int[] s1 = wide.at(low + 1);
      int[] s2 = wide.at(low + 2);
      int[] s3 = wide.at(low + 3);
      int[] b = rows.weights[y];
      // OpenCV's vector code, 8 samples at a time, and its scalar code, which does the rest of each
      // row, differ on exact halves.
      int vector = stride - stride % 8;
      for (int i = 0; i < vector; i++) {
        float sum = s3[i] * (b[3] * unit);
        sum = s2[i] * (b[2] * unit) + sum;
        sum = s1[i] * (b[1] * unit) + sum;
        sum = s0[i] * (b[0] * unit) + sum;
        result.data()[y * stride + i] = (byte) Math.clamp((int) Math.rint(sum), 0, 255);
      }
      for (int i = vector; i < stride; i++) {
        int sum = s0[i] * b[0] + s1[i] * b[1] + s2[i] * b[2] + s3[i] * b[3];
        result.data()[y * stride + i] = (byte) Math.clamp((sum + (1 << 21)) >> 22, 0, 255);
      }
    }
    return result;
  }

  /** Rows of the source at the result's width, each made once while it is needed. */
  private static final class Rows {
    private final PixelGrid from;
    private final Taps columns;
    private final int[][] kept;
    private final int[] which;

    Rows(PixelGrid from, Taps columns, int most) {
      this.from = from;
      this.columns = columns;
      this.kept = new int[most][columns.size() * from.channels()];
      this.which = new int[most];
      java.util.Arrays.fill(which, -1);
    }

    /** The nearest row there is. */
    int[] at(int row) {
      int y = Math.clamp(row, 0, from.height() - 1);
      int slot = y % kept.length;
      if (which[slot] != y) {
        fill(kept[slot], y);
        which[slot] = y;
      }
      return kept[slot];
    }

    private void fill(int[] to, int y) {
      int channels = from.channels();
      int row = y * from.width() * channels;
      int last = from.width() - 1;
      for (int x = 0; x < columns.size(); x++) {
        int[] weights = columns.weights[x];
        for (int c = 0; c < channels; c++) {
          int sum = 0;
          for (int k = 0; k < weights.length; k++) {
            int at = Math.clamp(columns.first[x] + k, 0, last);
            sum += from.at(row + at * channels + c) * weights[k];
          }
          to[x * channels + c] = sum;
        }
      }
    }
  }
}
