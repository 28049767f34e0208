package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** {@code docs/operators.md} is what the operator table says. */
class OperatorsDocTest {
  private static final String REGENERATE =
      "mvn -pl hasten-graph test -Dtest=OperatorsDocTest -Dhasten.docs.write=true";

  private static final Path PAGE =
      Path.of(System.getProperty("basedir", "."), "..", "docs", "operators.md");

  private static final Map<String, String> DOMAINS =
      new TreeMap<>(
          Map.of(
              "",
              "ai.onnx",
              "ai.onnx.ml",
              "ai.onnx.ml",
              "ai.onnx.preview",
              "ai.onnx.preview",
              "ai.onnx.preview.training",
              "ai.onnx.preview.training",
              Node.MICROSOFT,
              Node.MICROSOFT));

  @Test
  void thePageIsUpToDate() throws IOException {
    String page = page();
    if (Boolean.getBoolean("hasten.docs.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE)).as("stale; regenerate with: " + REGENERATE).isEqualTo(page);
  }

  /**
   * The table misses no operator that the converter knows: all of the standard up to the newest.
   */
  @Test
  void everyStandardOperatorHasARow() {
    assertThat(OperatorTable.rows("").keySet()).containsAll(OpsetChanges.names());
  }

  private static String page() {
    StringBuilder out = new StringBuilder();
    out.append("# Operators\n\n")
        .append("What Hasten knows of each operator. Generated from the operator table by `")
        .append(REGENERATE)
        .append("`; a test fails when this page is stale.\n\n")
        .append("- **Kind** says what sort of work it is.\n")
        .append("- **Changed** are the opsets up to ")
        .append(OpsetConverter.KNOWN)
        .append(", above 7 and after its first, that changed it; a star marks those for which")
        .append(" opset conversion edits the node, the others only admit more.\n")
        .append("- **Axes** tells whether it is known how each output axis comes from input axes;")
        .append(" techniques leave alone what is not.\n")
        .append("- **FLOPs** is the arithmetic, a multiply-add counting two. `outputs` and")
        .append(" `inputs` are elements of the first output and input.\n\n")
        .append("Type and shape are inferred for every operator here. Bytes are every operand read")
        .append(" once and every result written once; reshapes move none, and lookups read only")
        .append(" what they pick. Operators of other domains, and functions that a model brings")
        .append(" along, are inferred through the function's body.\n");
    DOMAINS.forEach((domain, title) -> {
      Map<String, Operator> rows = new TreeMap<>(OperatorTable.rows(domain));
      out.append("\n## ")
          .append(title)
          .append(" (")
          .append(rows.size())
          .append(")\n\n| Operator | Kind | ")
          .append(domain.isEmpty() ? "Changed | " : "")
          .append("Axes | FLOPs |\n|---|---|")
          .append(domain.isEmpty() ? "---|" : "")
          .append("---|---|\n");
      rows.forEach((name, row) -> {
        List<String> cells =
            List.of(
                name,
                row.kind().name().toLowerCase(Locale.ROOT),
                domain.isEmpty() ? OpsetChanges.describe(name) : "-",
                row.flow() == Operator.FlowRule.UNKNOWN ? "" : "yes",
                row.flops().formula());
        out.append("| ")
            .append(String.join(" | ", cells.stream().filter(cell -> !cell.equals("-")).toList()))
            .append(" |\n");
      });
    });
    return out.toString();
  }
}
