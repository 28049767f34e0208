package dev.hasten.bench;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.util.Random;

/** What cameras and scanners do to a line of text: it turns a little, blurs, and gets noise. */
final class Distortion {
  private static final double TURN_DEGREES = 1.5;
  private static final double BLUR_PIXELS = 1.6;
  private static final double NOISE = 28;

  private Distortion() {}

  /**
   * Turned by up to ±1.5°, blurred by a Gaussian of up to 1.6 px, with noise up to deviation 28.
   */
  static BufferedImage of(BufferedImage image, Random random) {
    double degrees = (2 * random.nextDouble() - 1) * TURN_DEGREES;
    double blur = random.nextDouble() * BLUR_PIXELS;
    double noise = random.nextDouble() * NOISE;
    return noisy(blurred(turned(image, Math.toRadians(degrees)), blur), noise, random);
  }

  /** Turned around its middle, on a canvas that holds all of it, filled with its corner's color. */
  private static BufferedImage turned(BufferedImage image, double angle) {
    double sin = Math.abs(Math.sin(angle));
    double cos = Math.cos(angle);
    int width = (int) Math.ceil(image.getWidth() * cos + image.getHeight() * sin);
    int height = (int) Math.ceil(image.getHeight() * cos + image.getWidth() * sin);
    BufferedImage result = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D pen = result.createGraphics();
    pen.setColor(new java.awt.Color(image.getRGB(0, 0)));
    pen.fillRect(0, 0, width, height);
    pen.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    AffineTransform place = new AffineTransform();
    place.translate(width / 2.0, height / 2.0);
    place.rotate(angle);
    place.translate(-image.getWidth() / 2.0, -image.getHeight() / 2.0);
    pen.drawImage(image, place, null);
    pen.dispose();
    return result;
  }

  private static BufferedImage blurred(BufferedImage image, double sigma) {
    int reach = (int) Math.ceil(3 * sigma);
    float[] weights = new float[2 * reach + 1];
    float sum = 0;
    for (int i = 0; i < weights.length; i++) {
      double x = i - reach;
      weights[i] = (float) Math.exp(-x * x / (2 * sigma * sigma + 1e-9));
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= sum;
    }
    int width = image.getWidth();
    int height = image.getHeight();
    float[] pixels = pixels(image);
    float[] across = new float[pixels.length];
    convolve(pixels, across, weights, height, width, 3 * width, 3);
    float[] both = new float[pixels.length];
    convolve(across, both, weights, width, height, 3, 3 * width);
    return image(both, width, height);
  }

  /** Along one axis, edges repeated; lines start at multiples of {@code lineStep}. */
  private static void convolve(
      float[] from, float[] to, float[] weights, int lines, int length, int lineStep, int step) {
    int reach = weights.length / 2;
    for (int line = 0; line < lines; line++) {
      for (int x = 0; x < length; x++) {
        for (int c = 0; c < 3; c++) {
          float sum = 0;
          for (int i = -reach; i <= reach; i++) {
            int at = Math.clamp(x + i, 0, length - 1);
            sum += weights[i + reach] * from[line * lineStep + at * step + c];
          }
          to[line * lineStep + x * step + c] = sum;
        }
      }
    }
  }

  private static BufferedImage noisy(BufferedImage image, double deviation, Random random) {
    float[] pixels = pixels(image);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] += (float) (random.nextGaussian() * deviation);
    }
    return image(pixels, image.getWidth(), image.getHeight());
  }

  /** {@code [height, width, 3]}: blue, green, red. */
  static float[] pixels(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    float[] pixels = new float[width * height * 3];
    int[] rgb = image.getRGB(0, 0, width, height, null, 0, width);
    for (int i = 0; i < rgb.length; i++) {
      for (int c = 0; c < 3; c++) {
        pixels[3 * i + c] = (rgb[i] >> (8 * c)) & 255;
      }
    }
    return pixels;
  }

  private static BufferedImage image(float[] pixels, int width, int height) {
    int[] rgb = new int[width * height];
    for (int i = 0; i < rgb.length; i++) {
      for (int c = 0; c < 3; c++) {
        rgb[i] |= Math.clamp(Math.round(pixels[3 * i + c]), 0, 255) << (8 * c);
      }
    }
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    image.setRGB(0, 0, width, height, rgb, 0, width);
    return image;
  }
}
