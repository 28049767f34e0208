package dev.hasten.runtime;

import java.awt.image.Raster;
import java.io.IOException;
import javax.imageio.ImageReader;

/**
 * JPEGs in four inks (CMYK, or YCCK of them), turned into red, green and blue as Pillow does:
 * without a colour profile.
 */
final class JpegInks {
  private JpegInks() {}

  /** Whether the file holds four inks. */
  static boolean inInks(ImageReader reader) throws IOException {
    var raw = reader.getRawImageType(0);
    return raw != null && raw.getNumBands() == 4;
  }

  /**
   * @param stored samples as they are in the file
   * @param adobe see {@link ImageMarks}; with that segment the inks are stored inverted
   */
  static PixelGrid toRgb(Raster stored, int adobe) {
    int width = stored.getWidth();
    int height = stored.getHeight();
    PixelGrid result = PixelGrid.empty(width, height, 3);
    int[] row = new int[width * 4];
    int to = 0;
    for (int y = 0; y < height; y++) {
      stored.getPixels(stored.getMinX(), stored.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int at = 4 * x;
        if (adobe == 2) {
          toInks(row, at);
        }
        int black = adobe >= 0 ? 255 - row[at + 3] : row[at + 3];
        for (int c = 0; c < 3; c++) {
          int ink = adobe >= 0 ? 255 - row[at + c] : row[at + c];
          result.data()[to++] = (byte) mix(ink, black);
        }
      }
    }
    return result;
  }

  /** YCCK: the first three are the YCbCr of what the inks leave over. JFIF 1.02's formula. */
  private static void toInks(int[] row, int at) {
    double luma = row[at];
    double blue = row[at + 1] - 128;
    double red = row[at + 2] - 128;
    row[at] = 255 - clip(luma + 1.402 * red);
    row[at + 1] = 255 - clip(luma - 0.344136 * blue - 0.714136 * red);
    row[at + 2] = 255 - clip(luma + 1.772 * blue);
  }

  private static int clip(double sample) {
    return (int) Math.clamp(Math.rint(sample), 0, 255);
  }

  /** (255 - ink) (255 - black) / 255 up to rounding. */
  private static int mix(int ink, int black) {
    int left = 255 - black;
    int product = ink * left + 128;
    return Math.clamp(left - (((product >> 8) + product) >> 8), 0, 255);
  }
}
