package dev.hasten.runtime;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * From an image's source to pixels: samples as they are stored, with no colour profile applied and
 * alpha left out, as Pillow's {@code convert} and OpenCV's {@code imread} do. 16-bit samples keep
 * their upper 8.
 */
final class ImageDecoder {
  /** No image that passes the pixel limit needs more; whatever else is there is not read. */
  private static final long MOST_BYTES = 1L << 30;

  private final long maxPixels;
  private final boolean exif;

  /**
   * @param maxPixels larger images are refused before they are decoded
   * @param exif whether the image is turned as its EXIF orientation says
   */
  ImageDecoder(long maxPixels, boolean exif) {
    this.maxPixels = maxPixels;
    this.exif = exif;
  }

  /** Width and height, upright. */
  record Size(int width, int height) {}

  /** From the file's head alone. */
  Size size(ImageSource source) {
    if (source instanceof ImageSource.Pixels(NdArray pixels)) {
      return new Size((int) pixels.dimension(1), (int) pixels.dimension(0));
    }
    String name = name(source);
    byte[] file = bytes(source);
    ImageFormat format = format(name, file);
    return read(
        name,
        file,
        format,
        reader -> {
          Size stored = checkedSize(name, reader);
          return exif && ImageMarks.of(format, file).turned()
              ? new Size(stored.height(), stored.width())
              : stored;
        });
  }

  PixelGrid decode(ImageSource source) {
    if (source instanceof ImageSource.Pixels(NdArray pixels)) {
      byte[] data = new byte[pixels.size()];
      pixels.bytes().get(data);
      int channels = pixels.rank() == 2 ? 1 : 3;
      return new PixelGrid((int) pixels.dimension(1), (int) pixels.dimension(0), channels, data);
    }
    String name = name(source);
    byte[] file = bytes(source);
    ImageFormat format = format(name, file);
    ImageMarks marks = ImageMarks.of(format, file);
    PixelGrid stored =
        read(
            name,
            file,
            format,
            reader -> {
              Size size = checkedSize(name, reader);
              if (format == ImageFormat.JPEG && JpegInks.inInks(reader)) {
                return JpegInks.toRgb(reader.readRaster(0, null), marks.adobe());
              }
              BufferedImage image = reader.read(0);
              if (image.getWidth() != size.width() || image.getHeight() != size.height()) {
                throw new IOException("its parts disagree on its size");
              }
              return pixels(image);
            });
    return exif ? marks.upright(stored) : stored;
  }

  /** What an image is called in messages. */
  static String name(ImageSource source) {
    return switch (source) {
      case ImageSource.File(Path path) -> "image " + path;
      case ImageSource.Encoded(NdArray bytes) -> "image of " + bytes.size() + " bytes";
      case ImageSource.Pixels(NdArray pixels) -> "image " + pixels;
    };
  }

  private static byte[] bytes(ImageSource source) {
    return switch (source) {
      case ImageSource.File(Path path) -> {
        try {
          long size = Files.size(path);
          if (size > MOST_BYTES) {
            throw new BadInputException(
                "image " + path + ": " + size + " bytes (expected: at most " + MOST_BYTES + ")");
          }
          yield Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
          throw new BadInputException("image " + path + ": no such file; check the path", e);
        } catch (IOException e) {
          throw new BadInputException("image " + path + ": cannot be read: " + e.getMessage(), e);
        }
      }
      case ImageSource.Encoded(NdArray bytes) -> {
        ByteBuffer view = bytes.bytes();
        byte[] file = new byte[view.remaining()];
        view.get(file);
        yield file;
      }
      case ImageSource.Pixels pixels -> throw new IllegalStateException("pixels have no file");
    };
  }

  private static ImageFormat format(String name, byte[] file) {
    return ImageFormat.of(file)
        .orElseThrow(() ->
            new BadInputException(
                name + ": not an image of a known format (expected: JPEG, PNG, BMP, GIF or WebP)"));
  }

  @FunctionalInterface
  private interface Use<T> {
    T of(ImageReader reader) throws IOException;
  }

  private static <T> T read(String name, byte[] file, ImageFormat format, Use<T> use) {
    ImageReader reader = reader(format);
    // Not ImageIO's own streams, which would put a copy of each file on the disk.
    try (ImageInputStream in = new EndingImageStream(file)) {
      reader.setInput(in, true, true);
      return use.of(reader);
    } catch (BadInputException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Damaged files make the decoders throw all kinds of runtime exceptions.
      throw new BadInputException(
          name + ": cannot be decoded as " + format + ": " + e + " (expected: an intact file)", e);
    } finally {
      reader.dispose();
    }
  }

  private static ImageReader reader(ImageFormat format) {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.reader());
    if (!readers.hasNext()) {
      throw new EnvironmentException(
          "no decoder for "
              + format
              + " (expected: the jar imageio-"
              + format.reader()
              + " of com.twelvemonkeys.imageio on the class path)");
    }
    return readers.next();
  }

  private Size checkedSize(String name, ImageReader reader) throws IOException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    if (width < 1 || height < 1) {
      throw new IOException("its size is " + width + "×" + height);
    }
    if ((long) width * height > maxPixels) {
      throw new BadInputException(
          name
              + ": "
              + width
              + "×"
              + height
              + " pixels (expected: at most "
              + maxPixels
              + " pixels in all; raise input.maxPixels if such images are to be taken)");
    }
    return new Size(width, height);
  }

  private static PixelGrid pixels(BufferedImage image) {
    Raster raster = image.getRaster();
    ColorModel colors = image.getColorModel();
    int width = image.getWidth();
    if (colors instanceof IndexColorModel palette) {
      return palette(raster, palette, width, image.getHeight());
    }
    int bands = raster.getNumBands();
    int channels = bands < 3 ? 1 : 3;
    int bits = colors.getComponentSize(0);
    PixelGrid result = PixelGrid.empty(width, image.getHeight(), channels);
    int[] row = new int[width * bands];
    int to = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < channels; c++) {
          result.data()[to++] = (byte) eightBits(row[x * bands + c], bits);
        }
      }
    }
    return result;
  }

  private static int eightBits(int sample, int bits) {
    return bits == 8 ? sample : bits > 8 ? sample >> (bits - 8) : sample * 255 / ((1 << bits) - 1);
  }

  /** Palettes of grays give gray. */
  private static PixelGrid palette(Raster raster, IndexColorModel palette, int width, int height) {
    boolean gray = true;
    for (int i = 0; i < palette.getMapSize(); i++) {
      gray &= palette.getRed(i) == palette.getGreen(i) && palette.getRed(i) == palette.getBlue(i);
    }
    PixelGrid result = PixelGrid.empty(width, height, gray ? 1 : 3);
    int[] row = new int[width];
    int to = 0;
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int index : row) {
        result.data()[to++] = (byte) palette.getRed(index);
        if (!gray) {
          result.data()[to++] = (byte) palette.getGreen(index);
          result.data()[to++] = (byte) palette.getBlue(index);
        }
      }
    }
    return result;
  }
}
