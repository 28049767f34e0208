package dev.hasten.bench;

import ai.onnxruntime.OrtEnvironment;
import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The ONNX project's test models, read and written: whether the file is the same afterwards, and
 * whether ONNX Runtime computes the same from it, and what the project expects.
 *
 * <p>{@code bench/run.sh OnnxTestModels /usr/share/libonnx-testdata/data FOLDER...}; {@code
 * bench/onnx-node-models.py} makes a folder of the newest. The tables are written to {@code
 * bench/target/onnx-test-models.md}.
 */
public final class OnnxTestModels {
  /** So many names are listed whole; of longer lists the first few. */
  private static final int ALL = 25;

  private static final int SHOWN = 6;

  private final Map<String, Integer> files = new TreeMap<>();
  private final Map<String, List<String>> runs = new TreeMap<>();
  private final Map<String, List<String>> exceptions = new TreeMap<>();

  private OnnxTestModels() {}

  /** Exits with 1 if a model is changed, refused, or computes something else. */
  public static void main(String[] args) throws IOException {
    StringBuilder text = new StringBuilder();
    boolean good = true;
    for (String folder : args) {
      OnnxTestModels tests = new OnnxTestModels();
      tests.all(Path.of(folder));
      text.append(tests.table(Path.of(folder)));
      good &= tests.exceptions.isEmpty();
    }
    System.out.print(text);
    Files.writeString(
        Files.createDirectories(Path.of("bench/target")).resolve("onnx-test-models.md"), text);
    System.exit(good ? 0 : 1);
  }

  private void all(Path root) throws IOException {
    List<Path> models;
    try (Stream<Path> walk = Files.walk(root)) {
      models = walk.filter(f -> f.toString().endsWith(".onnx")).sorted().toList();
    }
    try (OnnxTestRun runner = new OnnxTestRun(OrtEnvironment.getEnvironment())) {
      for (Path file : models) {
        String name = root.relativize(file).toString().replaceFirst("/model.onnx$", "");
        byte[] before = Files.readAllBytes(file);
        byte[] after;
        try {
          Model model = Model.read(file, 1);
          model.validate();
          after = Model.read(file, 1).toBytes();
        } catch (ModelException e) {
          count("refused", name, String.valueOf(e.getMessage()));
          continue;
        }
        if (Arrays.equals(before, after)) {
          files.merge("byte for byte the same", 1, Integer::sum);
        } else if (ModelProto.parseFrom(before).equals(ModelProto.parseFrom(after))) {
          files.merge("the same message, fields in another order", 1, Integer::sum);
        } else {
          count("changed", name, "the written message differs");
        }
        OnnxTestRun.Outcome outcome = runner.compare(file, before, after);
        runs.computeIfAbsent(outcome.what(), key -> new ArrayList<>()).add(name);
        if (outcome.isFailure()) {
          exceptions.computeIfAbsent(outcome.what(), key -> new ArrayList<>()).add(name);
        }
      }
    }
  }

  private static String shown(List<String> names) {
    return names.size() <= ALL
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, SHOWN)) + ", …";
  }

  private void count(String what, String name, String reason) {
    files.merge(what, 1, Integer::sum);
    exceptions.computeIfAbsent(reason, key -> new ArrayList<>()).add(name);
  }

  private String table(Path root) {
    StringBuilder out = new StringBuilder("### `" + root + "`\n\n| file | models |\n|---|---:|\n");
    files.forEach(
        (what, count) -> out.append("| ").append(what).append(" | ").append(count).append(" |\n"));
    out.append("\n| in ONNX Runtime | models | for example |\n|---|---:|---|\n");
    runs.forEach((what, names) ->
        out.append("| ")
            .append(what)
            .append(" | ")
            .append(names.size())
            .append(" | ")
            .append(shown(names))
            .append(" |\n"));
    out.append("\nExceptions: ").append(exceptions.isEmpty() ? "none" : exceptions).append("\n\n");
    return out.toString();
  }
}
