package dev.hasten.bench;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Context;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Step;
import dev.hasten.graph.Model;
import dev.hasten.measure.Bootstrap;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Interval;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What each form of static int8 costs in fidelity and gains in speed on an image model with one
 * input {@code [n, 3, h, w]}: all forms and the original interleaved in one process, one thread.
 *
 * <pre>{@code
 * bench/run.sh StaticInt8Check MODEL.onnx FONTS HEIGHT WIDTH [ROUNDS]
 * }</pre>
 *
 * The images are lines of text drawn with real fonts; those for calibration and those compared are
 * different ones.
 */
public final class StaticInt8Check {
  private static final int CALIBRATION = 12;
  private static final int COMPARED = 24;

  private StaticInt8Check() {}

  /**
   * @param args model, folder of fonts, height, width, rounds
   */
  public static void main(String[] args) throws Exception {
    int height = Integer.parseInt(args[2]);
    int width = Integer.parseInt(args[3]);
    int rounds = args.length > 4 ? Integer.parseInt(args[4]) : 60;
    Hardware hardware = Hardware.detect();
    Model model =
        new Recipe(List.of(Step.of("simplify")))
            .apply(Model.read(Path.of(args[0])), Context.of(hardware))
            .model();
    String input = model.graph().inputs().getFirst().name();
    List<Map<String, NdArray>> images =
        images(input, Path.of(args[1]), CALIBRATION + COMPARED, height, width);
    Context context = Context.of(hardware).withCalibration(images.subList(0, CALIBRATION));
    System.out.println(hardware.processor() + " (" + hardware.summary() + "), " + args[0]);

    Map<String, Session> sessions = new LinkedHashMap<>();
    SessionOptions options = SessionOptions.defaults().withIntraOpThreads(1);
    sessions.put("fp32", Backend.cpu().open(model.toBytes(), "fp32", options));
    for (Map.Entry<String, Step> form : forms().entrySet()) {
      Applied applied = form.getValue().create().apply(model, context);
      System.out.printf(
          "%-28s %d changes, %d refusals, %.1f MB%n",
          form.getKey(),
          applied.changes().size(),
          applied.refusals().size(),
          applied.model().weightBytes() / 1e6);
      sessions.put(
          form.getKey(), Backend.cpu().open(applied.model().toBytes(), form.getKey(), options));
    }
    Map<String, NdArray> one = images.getLast();
    Map<String, double[]> times = new LinkedHashMap<>();
    sessions.keySet().forEach(name -> times.put(name, new double[rounds]));
    for (int round = -10; round < rounds; round++) {
      for (Map.Entry<String, Session> session : sessions.entrySet()) {
        long start = System.nanoTime();
        session.getValue().run(one);
        double millis = (System.nanoTime() - start) / 1e6;
        double[] kept = times.get(session.getKey());
        if (round >= 0 && kept != null) {
          kept[round] = millis;
        }
      }
    }
    List<float[]> reference = outputs(sessions, "fp32", images);
    for (String name : sessions.keySet()) {
      List<float[]> outputs = outputs(sessions, name, images);
      double cosine = 0;
      double agreement = 0;
      int classes = classes(model);
      for (int i = 0; i < outputs.size(); i++) {
        cosine += cosine(reference.get(i), outputs.get(i)) / outputs.size();
        agreement += agreement(reference.get(i), outputs.get(i), classes) / outputs.size();
      }
      double[] ratios = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        ratios[i] = at(times, "fp32", i) / at(times, name, i);
      }
      Interval ratio = Bootstrap.median(ratios, 0.95, 1);
      System.out.printf(
          "| %-28s | %6.2f ms | %.2f× [%.2f, %.2f] | %.5f | %.4f |%n",
          name,
          Bootstrap.median(times.getOrDefault(name, ratios), 0.95, 1).estimate(),
          ratio.estimate(),
          ratio.low(),
          ratio.high(),
          cosine,
          agreement);
    }
    sessions.values().forEach(Session::close);
  }

  private static double at(Map<String, double[]> times, String name, int round) {
    double[] all = times.get(name);
    if (all == null) {
      throw new IllegalStateException(name);
    }
    return all[round];
  }

  private static Map<String, Step> forms() {
    Map<String, Step> forms = new LinkedHashMap<>();
    String name = "static-int8";
    forms.put("qdq u8", Step.of(name));
    forms.put("qdq u8 per-tensor", Step.of(name, "granularity", "per-tensor"));
    forms.put("qdq u8 paired weights", Step.of(name, "range", "paired"));
    forms.put("qdq s8", Step.of(name, "activations", "int8"));
    forms.put("qoperator u8", Step.of(name, "format", "qoperator"));
    forms.put("products alone", Step.of(name, "ops", List.of("Conv", "MatMul", "Gemm")));
    forms.put("MatMul alone", Step.of(name, "ops", List.of("MatMul", "Gemm")));
    for (String rule : List.of("min-max", "entropy", "mse")) {
      forms.put("qdq u8 " + rule, Step.of(name, "calibrate", rule));
    }
    return forms;
  }

  private static List<float[]> outputs(
      Map<String, Session> sessions, String name, List<Map<String, NdArray>> images) {
    Session session = sessions.get(name);
    List<float[]> outputs = new ArrayList<>();
    for (Map<String, NdArray> image : images.subList(CALIBRATION, CALIBRATION + COMPARED)) {
      if (session != null) {
        outputs.add(session.run(image).values().iterator().next().toFloats());
      }
    }
    return outputs;
  }

  /** The last axis of the output, 1 for maps. */
  private static int classes(Model model) {
    var shape = model.graph().outputs().getFirst().shape();
    return shape != null && shape.rank() <= 3 && shape.dim(-1).isFixed()
        ? Math.toIntExact(shape.dim(-1).eval(Map.of()))
        : 1;
  }

  private static double cosine(float[] a, float[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return ab / Math.sqrt(Math.max(aa * bb, 1e-30));
  }

  /** Rows with the same largest element; of maps, pixels on the same side of 0.3 (DBNet's). */
  private static double agreement(float[] a, float[] b, int classes) {
    int same = 0;
    int rows = a.length / classes;
    for (int row = 0; row < rows; row++) {
      same +=
          classes == 1
              ? (a[row] > 0.3 == b[row] > 0.3 ? 1 : 0)
              : (largest(a, row * classes, classes) == largest(b, row * classes, classes) ? 1 : 0);
    }
    return (double) same / rows;
  }

  private static int largest(float[] numbers, int from, int count) {
    int best = from;
    for (int i = from; i < from + count; i++) {
      best = numbers[i] > numbers[best] ? i : best;
    }
    return best;
  }

  private static List<Map<String, NdArray>> images(
      String input, Path fonts, int count, int height, int width) throws Exception {
    Random random = new Random(42);
    var faces = TextLines.fonts(fonts, List.of("DejaVuSans.ttf", "LiberationSerif-Regular.ttf"));
    List<String> texts = TextLines.texts(count * 12, random);
    List<Map<String, NdArray>> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      BufferedImage page = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
      Graphics2D pen = page.createGraphics();
      pen.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
      for (int y = 0, line = 0; y < height; y += 48, line++) {
        var drawn =
            TextLines.draw(texts.get(i * 12 + line % 12), faces.get(i % faces.size()), random);
        pen.drawImage(drawn.image(), 0, y, width, Math.min(48, height - y), null);
      }
      pen.dispose();
      float[] pixels = new float[3 * height * width];
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int rgb = page.getRGB(x, y);
          for (int c = 0; c < 3; c++) {
            pixels[(c * height + y) * width + x] = ((rgb >> (8 * c)) & 255) / 127.5f - 1;
          }
        }
      }
      images.add(Map.of(input, NdArray.floats(pixels, 1, 3, height, width)));
    }
    return images;
  }
}
