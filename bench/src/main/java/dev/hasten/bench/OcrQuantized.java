package dev.hasten.bench;

import dev.hasten.measure.Bootstrap;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.measure.Metrics;
import dev.hasten.measure.OutputKind;
import dev.hasten.measure.Outputs;
import dev.hasten.measure.Sample;
import dev.hasten.measure.Texts;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import javax.imageio.ImageIO;

/**
 * What 8 bits cost PP-OCR in errors of characters, on lines drawn in six fonts, turned, blurred and
 * with noise; and what they gain in time. Run by {@code bench/ocr-quantized.sh}.
 */
public final class OcrQuantized {
  private static final String REC = "ch_PP-OCRv4_rec_infer.onnx";
  private static final String DET = "ch_PP-OCRv4_det_infer.onnx";
  private static final String KEYS = "ppocr_keys_v1.txt";
  private static final int CALIBRATION = 48;
  private static final int PROBES = 12;
  private static final long[] SEEDS = {42, 7, 9}; // lines read, calibration, probes
  private static final int[] REC_EXCLUDED = {2, 4, 8, 16, 24};
  private static final int[] DET_EXCLUDED = {2, 4, 8};

  private OcrQuantized() {}

  /**
   * @param args {@code rec|det|rec-time|det-time}, folder of the models, of the fonts, of what is
   *     made; lines, pages or rounds; from the second on, forms to look at (default: all)
   */
  public static void main(String[] args) throws IOException {
    System.setProperty("java.awt.headless", "true");
    Path models = Path.of(args[1]);
    List<Font> fonts = TextLines.fonts(Path.of(args[2]), OcrCheck.FONTS);
    Path out = Path.of(args[3]);
    int count = Integer.parseInt(args[4]);
    List<String> asked = List.of(args).subList(5, args.length);
    Hardware hardware = Hardware.detect();
    System.out.println(hardware.processor() + " (" + hardware.summary() + ")");
    try (Session reader = Backend.cpu().open(models.resolve(REC), OcrForms.options());
        InputPipeline pipeline =
            InputPipeline.open(OcrCheck.pipeline(KEYS), models, reader.inputs())) {
      if (args[0].startsWith("det")) {
        List<OcrPages.Page> some = OcrPages.draw(CALIBRATION / 2 + PROBES, fonts, SEEDS[1]);
        List<Map<String, NdArray>> tensors = some.stream().map(OcrPages.Page::tensor).toList();
        OcrForms forms =
            new OcrForms(
                models.resolve(DET), out.resolve("det"), tensors.subList(PROBES, some.size()));
        List<String> chosen = forms.makeAll(asked, tensors.subList(0, PROBES / 2), DET_EXCLUDED);
        if (args[0].equals("det-time")) {
          forms.time(chosen, tensors.subList(0, PROBES), count);
        } else {
          new OcrPages(pipeline, reader)
              .compare(forms, chosen, OcrPages.draw(count, fonts, SEEDS[0]));
        }
      } else {
        OcrForms forms =
            new OcrForms(
                models.resolve(REC),
                out.resolve("rec"),
                encoded(pipeline, draw(CALIBRATION, fonts, SEEDS[1])));
        List<Map<String, NdArray>> probes = encoded(pipeline, draw(PROBES, fonts, SEEDS[2]));
        List<String> chosen = forms.makeAll(asked, probes, REC_EXCLUDED);
        if (args[0].equals("rec-time")) {
          forms.time(chosen, probes, count);
        } else {
          read(forms, chosen, pipeline, draw(count, fonts, SEEDS[0]));
        }
      }
    }
  }

  private static List<TextLines.Line> draw(int count, List<Font> fonts, long seed) {
    Random random = new Random(seed);
    List<String> texts = TextLines.texts(count, random);
    List<TextLines.Line> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      TextLines.Line line = TextLines.draw(texts.get(i), fonts.get(i % fonts.size()), random);
      lines.add(new TextLines.Line(Distortion.of(line.image(), random), line.text(), line.font()));
    }
    return lines;
  }

  private static List<Map<String, NdArray>> encoded(
      InputPipeline pipeline, List<TextLines.Line> lines) {
    return lines.stream().map(line -> pipeline.encode(List.of(example(line.image())))).toList();
  }

  static Example example(BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return Example.image(bytes.toByteArray());
  }

  private static void read(
      OcrForms forms, List<String> chosen, InputPipeline pipeline, List<TextLines.Line> lines) {
    Map<String, List<String>> read = new LinkedHashMap<>();
    Map<String, Session> sessions = new LinkedHashMap<>();
    for (String form : chosen) {
      sessions.put(form, Backend.cpu().open(forms.file(form), OcrForms.options()));
      read.put(form, new ArrayList<>());
    }
    for (TextLines.Line line : lines) {
      Map<String, NdArray> encoded = pipeline.encode(List.of(example(line.image())));
      sessions.forEach((form, session) ->
          Objects.requireNonNull(read.get(form)).add(text(pipeline, session, encoded)));
    }
    sessions.values().forEach(Session::close);
    List<String> right = lines.stream().map(TextLines.Line::text).toList();
    System.out.println("| form | cer % | worse than fp32, points | lines read as by fp32 |");
    System.out.println("|---|---|---|---|");
    List<String> original = Objects.requireNonNull(read.get(OcrForms.ORIGINAL));
    read.forEach((form, texts) -> tell(form, right, original, texts));
    for (String font : lines.stream().map(TextLines.Line::font).distinct().toList()) {
      List<Integer> places = new ArrayList<>();
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).font().equals(font)) {
          places.add(i);
        }
      }
      StringBuilder row = new StringBuilder("| " + font);
      read.forEach((form, texts) ->
          row.append(
              String.format(
                  Locale.ROOT,
                  " | %.2f",
                  rate(
                      places.stream().map(right::get).toList(),
                      places.stream().map(texts::get).toList()))));
      System.out.println(row + " |");
    }
  }

  static String text(InputPipeline pipeline, Session session, Map<String, NdArray> encoded) {
    Map<String, NdArray> decoded = pipeline.decode(encoded, session.run(encoded));
    return Objects.requireNonNull(decoded.get(InputPipeline.TEXT)).strings().getFirst();
  }

  /** A row of the table, with the paired interval of the difference over the lines. */
  static void tell(String form, List<String> right, List<String> original, List<String> read) {
    int n = right.size();
    double[] characters = new double[n];
    double[] more = new double[n];
    int same = 0;
    for (int i = 0; i < n; i++) {
      characters[i] = right.get(i).codePointCount(0, right.get(i).length());
      List<String> one = List.of(right.get(i));
      more[i] =
          (rate(one, List.of(read.get(i))) - rate(one, List.of(original.get(i)))) * characters[i];
      same += read.get(i).equals(original.get(i)) ? 1 : 0;
    }
    Interval worse =
        Bootstrap.statistic(
            n,
            places -> {
              double sum = 0;
              double of = 0;
              for (int i : places) {
                sum += more[i];
                of += characters[i];
              }
              return sum / of;
            },
            0.95,
            1);
    System.out.printf(
        Locale.ROOT,
        "| %s | %.2f | %.2f [%.2f, %.2f] | %.1f %% |%n",
        form,
        rate(right, read),
        worse.estimate(),
        worse.low(),
        worse.high(),
        100.0 * same / n);
  }

  /** Errors of characters, in %. */
  static double rate(List<String> right, List<String> read) {
    Outputs outputs = new Outputs(OutputKind.TEXT, read.stream().map(Texts::row).toList());
    return 100
        * Metrics.compare(Metrics.byName("cer"), Sample.labeled(outputs, outputs, right))
            .candidate();
  }
}
