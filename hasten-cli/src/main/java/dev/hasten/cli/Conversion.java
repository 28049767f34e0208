package dev.hasten.cli;

import dev.hasten.compress.Applied;
import dev.hasten.compress.Recipe;
import dev.hasten.graph.Model;
import dev.hasten.graph.TargetRuntime;
import dev.hasten.graph.rewrite.Change;
import dev.hasten.graph.rewrite.Refusal;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A recipe applied by hand: from a file to a file, with the evidence. */
final class Conversion {
  private Conversion() {}

  /** What was made of what, and what was not. */
  record Report(
      String model,
      String output,
      long bytesBefore,
      long bytesAfter,
      long opset,
      long irVersion,
      List<Change> changes,
      List<Refusal> refusals,
      List<String> warnings) {
    /** Changes, refusals and sizes, for people. */
    String text() {
      StringBuilder text = new StringBuilder();
      warnings.forEach(w -> text.append("! ").append(w).append('\n'));
      text.append(
          counted(changes.stream().map(c -> c.rule() + ": " + c.what()).toList(), "changes"));
      text.append(
          counted(
              refusals.stream().map(r -> r.rule() + " refused: " + r.reason()).toList(),
              "refusals"));
      return text
          + output
          + ": "
          + Units.bytes(bytesAfter)
          + " (was "
          + Units.bytes(bytesBefore)
          + ")";
    }
  }

  /**
   * Applies the recipe and writes the result, whole or not at all.
   *
   * @param to another file than {@code from}, which is never changed
   * @param runtime the release that must load the result, null: the one that Hasten runs on
   * @param steps makes the context in which the recipe is applied, and applies it
   */
  static Report run(
      Path from,
      Path to,
      Recipe recipe,
      @Nullable TargetRuntime runtime,
      Function<Model, Applied> steps)
      throws IOException {
    if (Files.exists(to) && Files.isSameFile(from, to)) {
      throw new BadInputException(
          to + ": is the model itself, which is never changed (expected: another --output)");
    }
    Model original = Model.read(from);
    Applied applied = steps.apply(original);
    Model result = runtime == null ? applied.model() : runtime.fit(applied.model());
    List<Path> written = CheckedWrite.write(result, from, to);
    List<String> warnings = new ArrayList<>(recipe.warnings());
    if (written.size() > 1) {
      warnings.add(
          "the weights, more than one file may hold (2 GB), are in %s: keep it beside the model"
              .formatted(written.getLast().getFileName()));
    }
    return new Report(
        from.toString(),
        to.toString(),
        bytes(original.files()),
        bytes(written),
        result.opset(),
        result.irVersion(),
        applied.changes(),
        applied.refusals(),
        warnings);
  }

  /** What is missing of a command line. */
  static Path require(@Nullable Path path, String what, String usage) {
    if (path == null) {
      throw new BadInputException(what + " is missing (expected: " + usage + ")");
    }
    return path;
  }

  /** Of the model with all its weights. */
  private static long bytes(List<Path> files) throws IOException {
    long sum = 0;
    for (Path file : files) {
      sum += Files.size(file);
    }
    return sum;
  }

  /** Equal lines once, with their count. */
  private static String counted(List<String> lines, String what) {
    Map<String, Long> counts =
        lines.stream()
            .collect(
                Collectors.groupingBy(line -> line, LinkedHashMap::new, Collectors.counting()));
    return lines.size()
        + " "
        + what
        + "\n"
        + counts.entrySet().stream()
            .limit(40)
            .map(e -> "  " + (e.getValue() > 1 ? e.getValue() + " × " : "") + e.getKey() + "\n")
            .collect(Collectors.joining());
  }
}
