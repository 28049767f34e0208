package dev.hasten.bench;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

/** Lines of text, drawn with real fonts: images whose right answer is known. */
final class TextLines {
  private static final String NOUNS = "/net/sf/extjwnl/data/wordnet/wn31/data.noun";

  private TextLines() {}

  /** A drawn line. */
  record Line(BufferedImage image, String text, String font) {}

  /** The fonts with these file names anywhere below a folder. */
  static List<Font> fonts(Path folder, List<String> names) throws IOException {
    List<Font> fonts = new ArrayList<>();
    for (String name : names) {
      try (Stream<Path> files = Files.walk(folder)) {
        Path file =
            files
                .filter(f -> Objects.toString(f.getFileName()).equals(name))
                .findFirst()
                .orElseThrow(() -> new IOException(folder + " holds no font " + name));
        fonts.add(Font.createFont(Font.TRUETYPE_FONT, file.toFile()));
      } catch (FontFormatException e) {
        throw new IOException(name + " is no TrueType font", e);
      }
    }
    return fonts;
  }

  /** Glosses of WordNet, cut to a few words each, with a number here and there. */
  static List<String> texts(int count, Random random) {
    List<String> glosses = new ArrayList<>();
    try (InputStream in = TextLines.class.getResourceAsStream(NOUNS);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(Objects.requireNonNull(in, NOUNS), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int bar = line.indexOf(" | ");
        if (bar > 0 && !line.startsWith(" ")) {
          glosses.add(line.substring(bar + 3).split("[;\"]", 2)[0].strip());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> texts = new ArrayList<>();
    while (texts.size() < count) {
      String gloss = glosses.get(random.nextInt(glosses.size()));
      int most = 12 + random.nextInt(28);
      int end = gloss.length() <= most ? gloss.length() : gloss.lastIndexOf(' ', most);
      if (end < 6) {
        continue;
      }
      String text = gloss.substring(0, end).strip();
      if (random.nextInt(4) == 0) {
        text += " " + random.nextInt(10_000);
      }
      texts.add(text);
    }
    return texts;
  }

  /** Dark on light, of sizes and margins as they occur on a page. */
  static Line draw(String text, Font font, Random random) {
    Font sized = font.deriveFont((float) (24 + random.nextInt(28)));
    Rectangle2D box = sized.getStringBounds(text, new FontRenderContext(null, true, true));
    int margin = 2 + random.nextInt(6);
    BufferedImage image =
        new BufferedImage(
            (int) Math.ceil(box.getWidth()) + 2 * margin,
            (int) Math.ceil(box.getHeight()) + margin,
            BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D pen = image.createGraphics();
    pen.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    pen.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    pen.setColor(shade(random, 225));
    pen.fillRect(0, 0, image.getWidth(), image.getHeight());
    pen.setColor(shade(random, 10));
    pen.setFont(sized);
    pen.drawString(text, margin, (float) (margin / 2.0 - box.getY()));
    pen.dispose();
    return new Line(image, text, font.getFontName());
  }

  private static Color shade(Random random, int from) {
    return new Color(
        from + random.nextInt(30), from + random.nextInt(30), from + random.nextInt(30));
  }
}
