package dev.hasten.bench;

import dev.hasten.measure.Comparison;
import dev.hasten.measure.Metrics;
import dev.hasten.measure.OutputKind;
import dev.hasten.measure.Outputs;
import dev.hasten.measure.Sample;
import dev.hasten.measure.Texts;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Colors;
import dev.hasten.runtime.CtcSpec;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.Fit;
import dev.hasten.runtime.ImageLibrary;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Npz;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.Predictor;
import dev.hasten.runtime.Resampling;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * PP-OCR's recognition end to end: draws lines in six fonts, reads them with a bundle, and tells
 * the character error rate. Leaves a workload for {@code hasten optimize} behind, and the tensors
 * of the first lines for {@code bench/ocr.py}. Run by {@code bench/ocr.sh}.
 */
public final class OcrCheck {
  static final List<String> FONTS =
      List.of(
          "DejaVuSans.ttf",
          "DejaVuSerif.ttf",
          "LiberationSans-Regular.ttf",
          "LiberationSerif-Regular.ttf",
          "FreeSans.ttf",
          "FreeSerif.ttf");

  private static final int COMPARED = 24;

  private OcrCheck() {}

  /**
   * @param args folder of the models, folder of the fonts, folder to write to, number of lines
   */
  public static void main(String[] args) throws IOException {
    System.setProperty("java.awt.headless", "true");
    Path models = Path.of(args[0]);
    Path out = Path.of(args[2]);
    int count = Integer.parseInt(args[3]);
    Files.createDirectories(out.resolve("lines"));
    List<TextLines.Line> lines = draw(Path.of(args[1]), count);
    List<Example> examples = write(lines, out);
    PipelineSpec spec = pipeline(Bundle.CHARACTERS);
    Path model = models.resolve("ch_PP-OCRv4_rec_infer.onnx");
    Path characters = models.resolve("ppocr_keys_v1.txt");
    Files.copy(model, out.resolve("model.onnx"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Files.copy(
        characters, out.resolve("keys.txt"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Bundle.write(
        out.resolve("original"),
        BundleManifest.of("PP-OCRv4 recognition", spec),
        Map.of(Bundle.MODEL, model, Bundle.CHARACTERS, characters));
    try (Predictor predictor = Predictor.open(out.resolve("original"))) {
      long start = System.nanoTime();
      List<Prediction> answers = predictor.predict(examples);
      double seconds = (System.nanoTime() - start) / 1e9;
      tell(lines, answers.stream().map(Prediction::text).toList(), out);
      double encoding =
          answers.stream()
              .map(Prediction::timing)
              .distinct()
              .mapToDouble(t -> t.preprocessing().toNanos() / 1e9)
              .sum();
      System.out.printf(
          Locale.ROOT,
          "%d lines in %.1f s, of which pre-processing %.2f s%n",
          count,
          seconds,
          encoding);
      try (InputPipeline pipeline =
          InputPipeline.open(spec, predictor.bundle().folder(), predictor.session().inputs())) {
        Map<String, NdArray> tensors = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(COMPARED, count); i++) {
          NdArray x = pipeline.encode(List.of(examples.get(i))).values().iterator().next();
          tensors.put("line-%04d".formatted(i), x);
        }
        Npz.write(out.resolve("tensors.npz"), tensors);
      }
    }
  }

  /**
   * How PP-OCR's recognition takes images and writes text.
   *
   * @param characters file name of its characters
   */
  static PipelineSpec pipeline(String characters) {
    return PipelineSpec.Image.of(new Fit.Height(48, 320, Optional.empty()))
        .withColors(Colors.BGR)
        .withResampling(ImageLibrary.OPENCV, Resampling.BILINEAR)
        .withNormalization(1 / 255.0, List.of(0.5), List.of(0.5))
        .withDecode(CtcSpec.of(characters).withSpace());
  }

  private static List<TextLines.Line> draw(Path fontFolder, int count) throws IOException {
    Random random = new Random(42);
    List<Font> fonts = TextLines.fonts(fontFolder, FONTS);
    List<String> texts = TextLines.texts(count, random);
    List<TextLines.Line> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lines.add(TextLines.draw(texts.get(i), fonts.get(i % fonts.size()), random));
    }
    return lines;
  }

  private static List<Example> write(List<TextLines.Line> lines, Path out) throws IOException {
    List<Example> examples = new ArrayList<>();
    StringBuilder csv = new StringBuilder("file,text,font\n");
    for (int i = 0; i < lines.size(); i++) {
      TextLines.Line line = lines.get(i);
      String name = "lines/line-%04d.png".formatted(i);
      ImageIO.write(line.image(), "png", out.resolve(name).toFile());
      csv.append(name + ",\"" + line.text().replace("\"", "\"\"") + "\"," + line.font() + "\n");
      examples.add(Example.image(out.resolve(name)));
    }
    Files.writeString(out.resolve("labels.csv"), csv);
    Files.writeString(
        out.resolve("workload.yaml"),
        """
        model: model.onnx
        input:
          type: image
          colors: bgr
          like: opencv
          resize: {fit: height, height: 48, minWidth: 320}
          mean: 0.5
          std: 0.5
          decode: {type: ctc, characters: keys.txt, space: true}
        data: {path: labels.csv, image: file, label: text, slices: [font]}
        quality: {metric: cer, maxDrop: 0.5%}
        output: bundle
        budget: 10m
        """);
    return examples;
  }

  private static void tell(List<TextLines.Line> lines, List<String> read, Path out)
      throws IOException {
    Files.write(out.resolve("read.txt"), read);
    Map<String, List<Integer>> byFont = new TreeMap<>();
    for (int i = 0; i < lines.size(); i++) {
      byFont.computeIfAbsent(lines.get(i).font(), f -> new ArrayList<>()).add(i);
      byFont.computeIfAbsent("all", f -> new ArrayList<>()).add(i);
    }
    System.out.println("| font | lines | cer % | wer % | cer without spaces % |");
    System.out.println("|---|---|---|---|---|");
    byFont.forEach((font, places) -> {
      List<String> right = places.stream().map(i -> lines.get(i).text()).toList();
      List<String> answers = places.stream().map(read::get).toList();
      System.out.printf(
          Locale.ROOT,
          "| %s | %d | %.2f | %.2f | %.2f |%n",
          font,
          places.size(),
          100 * rate("cer", right, answers),
          100 * rate("wer", right, answers),
          100 * rate("cer", unspaced(right), unspaced(answers)));
    });
  }

  private static List<String> unspaced(List<String> texts) {
    return texts.stream().map(text -> text.replace(" ", "")).toList();
  }

  private static double rate(String metric, List<String> right, List<String> read) {
    Outputs outputs = new Outputs(OutputKind.TEXT, read.stream().map(Texts::row).toList());
    Comparison comparison =
        Metrics.compare(Metrics.byName(metric), Sample.labeled(outputs, outputs, right));
    return Objects.requireNonNull(comparison).candidate();
  }
}
