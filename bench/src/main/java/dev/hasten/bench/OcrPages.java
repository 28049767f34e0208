package dev.hasten.bench;

import dev.hasten.runtime.Backend;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * PP-OCR's detection on pages of drawn lines: where it sees text, against where text was drawn, and
 * what the recognition in fp32 reads there.
 */
final class OcrPages {
  private static final int SIDE = 640;
  private static final int LINES = 8;
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};

  // DBNet's post-processing as PP-OCR sets it (Liao et al. 2020): threshold of a pixel, of a box's
  // mean, and how much a box grows, in area over perimeter.
  private static final float PIXEL = 0.3f;
  private static final double BOX = 0.6;
  private static final double GROWTH = 1.6;
  private static final int SMALLEST = 3;
  private static final double SAME = 0.5; // intersection over union

  private final InputPipeline pipeline;
  private final Session reader;

  /** A page, what is written on it and where. */
  record Page(BufferedImage image, List<String> texts, List<Rectangle> places) {
    Map<String, NdArray> tensor() {
      float[] from = Distortion.pixels(image);
      float[] to = new float[from.length];
      int plane = SIDE * SIDE;
      for (int i = 0; i < plane; i++) {
        for (int c = 0; c < 3; c++) { // blue first, as PaddleOCR reads images
          to[c * plane + i] = (from[3 * i + c] / 255 - MEAN[c]) / DEVIATION[c];
        }
      }
      return Map.of("x", NdArray.floats(to, 1, 3, SIDE, SIDE));
    }
  }

  OcrPages(InputPipeline pipeline, Session reader) {
    this.pipeline = pipeline;
    this.reader = reader;
  }

  static List<Page> draw(int count, List<Font> fonts, long seed) {
    Random random = new Random(seed);
    List<String> texts = TextLines.texts(count * LINES, random);
    List<Page> pages = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_3BYTE_BGR);
      Graphics2D pen = image.createGraphics();
      pen.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
      pen.setColor(java.awt.Color.WHITE);
      pen.fillRect(0, 0, SIDE, SIDE);
      List<String> written = new ArrayList<>();
      List<Rectangle> places = new ArrayList<>();
      for (int l = 0; l < LINES; l++) {
        String text = texts.get(p * LINES + l);
        Font font = fonts.get((p + l) % fonts.size());
        BufferedImage line = Distortion.of(TextLines.draw(text, font, random).image(), random);
        double scale = Math.min(0.6 + 0.3 * random.nextDouble(), (SIDE - 20.0) / line.getWidth());
        int width = (int) (line.getWidth() * scale);
        int height = (int) (line.getHeight() * scale);
        Rectangle place =
            new Rectangle(
                10 + random.nextInt(Math.max(1, SIDE - 19 - width)),
                10 + l * (SIDE - 20) / LINES,
                width,
                height);
        pen.drawImage(line, place.x, place.y, width, height, null);
        written.add(text);
        places.add(place);
      }
      pen.dispose();
      pages.add(new Page(image, written, places));
    }
    return pages;
  }

  /** Prints a row for each form. */
  void compare(OcrForms forms, List<String> chosen, List<Page> pages) {
    Map<String, Session> sessions = new LinkedHashMap<>();
    for (String form : chosen) {
      sessions.put(form, Backend.cpu().open(forms.file(form), OcrForms.options()));
    }
    List<String> right = pages.stream().flatMap(page -> page.texts().stream()).toList();
    Map<String, Tally> tallies = new LinkedHashMap<>();
    for (Page page : pages) {
      List<Rectangle> original = null;
      for (Map.Entry<String, Session> session : sessions.entrySet()) {
        float[] map = session.getValue().run(page.tensor()).values().iterator().next().toFloats();
        List<Rectangle> boxes = boxes(map);
        original = original == null ? boxes : original;
        tallies
            .computeIfAbsent(session.getKey(), f -> new Tally())
            .add(page, boxes, original, this);
      }
    }
    sessions.values().forEach(Session::close);
    System.out.println("| form | hmean with what was drawn % | hmean with fp32's boxes % |");
    System.out.println("|---|---|---|");
    tallies.forEach((form, tally) ->
        System.out.printf(
            Locale.ROOT,
            "| %s | %.2f | %.2f |%n",
            form,
            100 * tally.drawn.hmean(),
            100 * tally.same.hmean()));
    System.out.println("| form | cer % | worse than fp32, points | lines read as by fp32 |");
    System.out.println("|---|---|---|---|");
    List<String> first = tallies.values().iterator().next().read;
    tallies.forEach((form, tally) -> OcrQuantized.tell(form, right, first, tally.read));
  }

  /** Boxes found of those that should be, and of those that were. */
  private static final class Match {
    private int hits;
    private int wanted;
    private int found;

    void add(List<Rectangle> right, List<Rectangle> boxes) {
      wanted += right.size();
      found += boxes.size();
      List<Rectangle> left = new ArrayList<>(boxes);
      for (Rectangle box : right) {
        left.stream()
            .max(Comparator.comparingDouble(other -> overlap(box, other)))
            .filter(other -> overlap(box, other) >= SAME)
            .ifPresent(other -> {
              left.remove(other);
              hits++;
            });
      }
    }

    double hmean() {
      return 2.0 * hits / (wanted + found);
    }
  }

  private static double overlap(Rectangle a, Rectangle b) {
    Rectangle both = a.intersection(b);
    double shared = both.isEmpty() ? 0 : (double) both.width * both.height;
    return shared / ((double) a.width * a.height + (double) b.width * b.height - shared);
  }

  private static final class Tally {
    private final Match drawn = new Match();
    private final Match same = new Match();
    private final List<String> read = new ArrayList<>();

    void add(Page page, List<Rectangle> boxes, List<Rectangle> original, OcrPages pages) {
      drawn.add(page.places(), boxes);
      same.add(original, boxes);
      read.addAll(pages.read(page, boxes));
    }
  }

  /** Per drawn line what is read in the boxes whose middle lies beside it, left to right. */
  private List<String> read(Page page, List<Rectangle> boxes) {
    List<String> read = new ArrayList<>();
    for (Rectangle place : page.places()) {
      StringBuilder line = new StringBuilder();
      boxes.stream()
          .filter(box -> box.getCenterY() >= place.y && box.getCenterY() < place.getMaxY())
          .sorted(Comparator.comparingInt(box -> box.x))
          .forEach(box -> {
            BufferedImage cut = page.image().getSubimage(box.x, box.y, box.width, box.height);
            Map<String, NdArray> encoded = pipeline.encode(List.of(OcrQuantized.example(cut)));
            line.append(line.isEmpty() ? "" : " ")
                .append(OcrQuantized.text(pipeline, reader, encoded).strip());
          });
      read.add(line.toString());
    }
    return read;
  }

  /** Upright boxes of the connected parts of a map of probabilities. */
  private static List<Rectangle> boxes(float[] map) {
    boolean[] seen = new boolean[map.length];
    List<Rectangle> boxes = new ArrayList<>();
    for (int start = 0; start < map.length; start++) {
      if (map[start] > PIXEL && !seen[start]) {
        Rectangle part = part(map, seen, start);
        if (Math.min(part.width, part.height) >= SMALLEST && mean(map, part) >= BOX) {
          double by = GROWTH * part.width * part.height / (2.0 * (part.width + part.height));
          part.grow((int) Math.round(by), (int) Math.round(by));
          boxes.add(part.intersection(new Rectangle(SIDE, SIDE)));
        }
      }
    }
    return boxes;
  }

  private static Rectangle part(float[] map, boolean[] seen, int start) {
    Rectangle part = new Rectangle(start % SIDE, start / SIDE, 1, 1);
    Deque<Integer> open = new ArrayDeque<>(List.of(start));
    seen[start] = true;
    while (!open.isEmpty()) {
      int at = open.pop();
      int x = at % SIDE;
      int y = at / SIDE;
      part.add(new Rectangle(x, y, 1, 1));
      for (int v = Math.max(0, y - 1); v <= Math.min(SIDE - 1, y + 1); v++) {
        for (int u = Math.max(0, x - 1); u <= Math.min(SIDE - 1, x + 1); u++) {
          int next = v * SIDE + u;
          if (!seen[next] && map[next] > PIXEL) {
            seen[next] = true;
            open.push(next);
          }
        }
      }
    }
    return part;
  }

  private static double mean(float[] map, Rectangle box) {
    double sum = 0;
    for (int y = box.y; y < box.y + box.height; y++) {
      for (int x = box.x; x < box.x + box.width; x++) {
        sum += map[y * SIDE + x];
      }
    }
    return sum / ((double) box.width * box.height);
  }
}
