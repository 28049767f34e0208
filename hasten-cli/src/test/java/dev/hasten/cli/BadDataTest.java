package dev.hasten.cli;

import static dev.hasten.cli.BadInputs.lines;
import static dev.hasten.cli.BadInputs.replace;
import static dev.hasten.cli.BadInputs.write;

import dev.hasten.cli.BadInputs.Case;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Data that are wrong, tables among them. */
class BadDataTest {
  @TempDir Path folder;

  private static final List<String> OPTIMIZE = List.of("optimize", "workload.yaml", "--quiet");

  private static List<Case> cases() {
    return List.of(
        new Case(
            "JSON that is no object",
            f -> write(f, "examples.jsonl", lines("[%d, 1]\n")),
            OPTIMIZE,
            "examples.jsonl",
            "line 1"),
        new Case(
            "text in a tensor",
            f -> write(f, "examples.jsonl", lines("{\"x\": [%d, 1, 0, \"two\"]}\n")),
            OPTIMIZE,
            "examples.jsonl",
            "`x`"),
        new Case(
            "null in a tensor",
            f -> write(f, "examples.jsonl", lines("{\"x\": [%d, 1, 0, null]}\n")),
            OPTIMIZE,
            "examples.jsonl",
            "`x`"),
        new Case(
            "object in a tensor's place",
            f -> write(f, "examples.jsonl", lines("{\"x\": {\"a\": %d}}\n")),
            OPTIMIZE,
            "examples.jsonl",
            "`x`"),
        new Case(
            "ragged tensor",
            f -> write(f, "examples.jsonl", lines("{\"x\": [[%d, 1], [0]]}\n")),
            OPTIMIZE,
            "examples.jsonl",
            "`x`"),
        new Case(
            "empty tensor",
            f -> write(f, "examples.jsonl", lines("{\"x\": [], \"n\": %d}\n")),
            OPTIMIZE,
            "line 1: field `x`"),
        new Case(
            "field missing in one line",
            f -> write(f, "examples.jsonl", lines("{\"x\": [%d, 1, 0, 2]}\n") + "{\"z\": 1}\n"),
            OPTIMIZE,
            "examples.jsonl",
            "301",
            "`x`"),
        new Case(
            "one example only",
            f -> write(f, "examples.jsonl", "{\"x\": [1, 1, 0, 2]}\n"),
            OPTIMIZE,
            "examples.jsonl",
            "1 example"),
        new Case(
            "line cut off in the end",
            f -> write(f, "examples.jsonl", lines("{\"x\": [%d, 1, 0, 2]}\n") + "{\"x\": [1"),
            OPTIMIZE,
            "examples.jsonl",
            "301"),
        new Case(
            "data of another encoding",
            f ->
                Files.write(
                    f.resolve("examples.jsonl"), new byte[] {(byte) 0xFF, (byte) 0xFE, 0x7B, 0}),
            OPTIMIZE,
            "examples.jsonl",
            "UTF-8"),
        new Case(
            "unknown kind of data",
            f -> {
              write(f, "data.xls", "1");
              replace(f, "path: examples.jsonl", "path: data.xls");
            },
            OPTIMIZE,
            "data.xls"),
        new Case(
            "npz that is none",
            f -> {
              write(f, "data.npz", "PK no");
              replace(f, "path: examples.jsonl", "path: data.npz");
            },
            OPTIMIZE,
            "data.npz"),
        new Case(
            "Parquet that is none",
            f -> {
              write(f, "data.parquet", "PAR1 no");
              replace(f, "path: examples.jsonl", "path: data.parquet");
            },
            OPTIMIZE,
            "data.parquet"),
        new Case(
            "CSV of a header only",
            f -> {
              write(f, "data.csv", "x,y\n");
              replace(f, "path: examples.jsonl", "path: data.csv");
            },
            OPTIMIZE,
            "…/data.csv: holds no examples"),
        new Case(
            "CSV without the column",
            f -> {
              write(f, "data.csv", "y\n1\n");
              replace(f, "path: examples.jsonl", "path: data.csv");
            },
            OPTIMIZE,
            "data.csv",
            "`x`"),
        new Case(
            "CSV with a row too short",
            f -> {
              write(f, "data.csv", "y,x\n1,2\n3\n");
              replace(f, "path: examples.jsonl", "path: data.csv");
            },
            OPTIMIZE,
            "…/data.csv: line 3"),
        new Case(
            "empty folder as data",
            f -> {
              Files.createDirectory(f.resolve("data"));
              replace(f, "path: examples.jsonl", "path: data");
            },
            OPTIMIZE,
            "…/data: a folder of tensors"),
        new Case(
            "unknown kind of column",
            f -> table(f, "{name: a, kind: nummer}", "{\"a\": %d}"),
            OPTIMIZE,
            "workload.yaml:",
            "nummer",
            "number"),
        new Case(
            "column without a name",
            f -> table(f, "{kind: number}", "{\"a\": %d}"),
            OPTIMIZE,
            "workload.yaml:",
            "name"),
        new Case(
            "category without categories",
            f -> table(f, "{name: a, kind: category}", "{\"a\": %d}"),
            OPTIMIZE,
            "workload.yaml:",
            "categories"),
        new Case(
            "category twice",
            f -> table(f, "{name: a, kind: category, categories: [x, x]}", "{\"a\": %d}"),
            OPTIMIZE,
            "workload.yaml:",
            "x twice"),
        new Case(
            "both scales",
            f -> table(f, "{name: a, scale: {mean: 1, std: 1, min: 0, max: 1}}", "{\"a\": %d}"),
            OPTIMIZE,
            "workload.yaml:",
            "scale"),
        new Case(
            "deviation of zero",
            f -> table(f, "{name: a, scale: {mean: 1, std: 0}}", "{\"a\": %d}"),
            OPTIMIZE,
            "workload.yaml:",
            "std"),
        new Case(
            "too few columns",
            f -> table(f, "{name: a}", "{\"a\": %d}"),
            OPTIMIZE,
            "x float[batch,4]",
            "1 number: a"),
        new Case(
            "column not in the data",
            f ->
                table(
                    f,
                    "{name: q}, {name: b}, {name: c}, {name: d}",
                    "{\"a\": %d, \"b\": 1, \"c\": 1, \"d\": 1}"),
            OPTIMIZE,
            "no field `q` for the column",
            "found: a, b, c, d"),
        new Case(
            "text in a column of numbers",
            f ->
                table(
                    f,
                    "{name: a}, {name: b}, {name: c}, {name: d}",
                    "{\"a\": %d, \"b\": \"many\", \"c\": 1, \"d\": 1}"),
            OPTIMIZE,
            "field b",
            "many"),
        new Case(
            "value missing in a table",
            f ->
                table(
                    f,
                    "{name: a}, {name: b}, {name: c}, {name: d}",
                    "{\"a\": %d, \"b\": null, \"c\": 1, \"d\": 1}"),
            OPTIMIZE,
            "field b: missing",
            "keepMissing: true"),
        new Case(
            "unknown category",
            f ->
                table(
                    f,
                    "{name: a, kind: category, categories: [red, green, blue, white]}",
                    "{\"a\": \"pink %d\"}"),
            OPTIMIZE,
            "field a",
            "pink"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("Data and tables").tests(folder, cases());
  }

  private static void table(Path place, String columns, String row) throws java.io.IOException {
    replace(
        place, "  type: tensors\n  batchAxis: true", "  type: table\n  columns: [" + columns + "]");
    write(
        place,
        "workload.yaml",
        Files.readString(place.resolve("workload.yaml")).replace("  tensors: [x]\n", ""));
    write(place, "examples.jsonl", lines(row + "\n"));
  }
}
