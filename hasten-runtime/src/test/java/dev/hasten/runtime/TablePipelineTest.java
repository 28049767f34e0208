package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Held against what scikit-learn makes of the same rows; see {@code table_golden.py}. */
class TablePipelineTest {
  private static final Golden GOLDEN = Golden.of("/tables.npz");

  private static TensorInfo input(String name, ElementType type, long... shape) {
    return new TensorInfo(name, type, Tiny.shape(shape), List.of());
  }

  private static InputPipeline open(PipelineSpec spec, TensorInfo... inputs) {
    return InputPipeline.open(spec, Path.of("."), List.of(inputs), 1);
  }

  private static List<Example> rows() {
    String text = new String(GOLDEN.file("rows.jsonl"), StandardCharsets.UTF_8);
    List<Example> rows = new ArrayList<>();
    for (String line : text.split("\n")) {
      rows.add(row(Json.parseObject("row", line.getBytes(StandardCharsets.UTF_8))));
    }
    return rows;
  }

  private static Example row(Map<?, ?> fields) {
    Map<String, Object> values = new HashMap<>();
    fields.forEach((field, value) -> values.put(String.valueOf(field), value));
    return Example.row(values);
  }

  /** Rows that have a spec's fields and no others. */
  private static List<Example> rows(PipelineSpec.Table spec) {
    return rows().stream()
        .map(example -> {
          Map<String, Object> values = new HashMap<>(((Example.Row) example).values());
          values.keySet().retainAll(spec.fields());
          return Example.row(values);
        })
        .toList();
  }

  private static PipelineSpec.Table spec(String name) {
    Map<String, Object> section = new HashMap<>();
    Json.parseObject(name, GOLDEN.file(name + ".json"))
        .forEach((key, value) -> section.put(String.valueOf(key), value));
    return (PipelineSpec.Table) PipelineSpec.parse(section);
  }

  @ParameterizedTest
  @ValueSource(strings = {"numbers", "categories"})
  void doesAsScikitLearn(String name) {
    PipelineSpec.Table spec = spec(name);
    double[] wanted = GOLDEN.get(name).toDoubles();
    int width = (int) GOLDEN.get(name).dimension(1);
    try (InputPipeline pipeline = open(spec, input("x", ElementType.DOUBLE, -1, width))) {
      NdArray made = Tiny.get(pipeline.encode(rows(spec)), "x");
      assertThat(made.shape()).isEqualTo(GOLDEN.get(name).shape());
      double[] numbers = made.toDoubles();
      for (int i = 0; i < wanted.length; i++) {
        assertThat(Double.isNaN(numbers[i])).isEqualTo(Double.isNaN(wanted[i]));
        double error = Math.abs(numbers[i] - wanted[i]) / Math.max(1, Math.abs(wanted[i]));
        assertThat(Double.isNaN(error) ? 0 : error).isLessThan(1e-14);
      }
    }
    try (InputPipeline pipeline = open(spec, input("x", ElementType.FLOAT, -1, -1))) {
      float[] floats = Tiny.get(pipeline.encode(rows(spec)), "x").toFloats();
      for (int i = 0; i < wanted.length; i++) {
        float rounded = (float) wanted[i];
        assertThat(Float.isNaN(rounded) || Math.abs(floats[i] - rounded) <= Math.ulp(rounded))
            .isTrue();
      }
    }
  }

  @Test
  void feedsColumnByColumn() {
    PipelineSpec.Table spec =
        PipelineSpec.Table.of(
                new TableColumn.Numeric(
                    "age", Optional.empty(), Optional.empty(), true, Optional.empty()),
                new TableColumn.Numeric(
                    "income", Optional.empty(), Optional.empty(), true, Optional.empty()),
                number("rooms"),
                new TableColumn.Text("city", Optional.empty(), Optional.empty(), false))
            .withOutput("probabilities");
    byte[] model = GOLDEN.file("model.onnx");
    try (Session session = Backend.cpu().open(model, "columns", SessionOptions.defaults());
        InputPipeline pipeline = InputPipeline.open(spec, Path.of("."), session.inputs(), 1)) {
      Map<String, NdArray> encoded = pipeline.encode(rows(spec));
      assertThat(Tiny.get(encoded, "city").type()).isEqualTo(ElementType.STRING);
      assertThat(Tiny.get(encoded, "rooms").type()).isEqualTo(ElementType.INT64);
      Map<String, NdArray> decoded = pipeline.decode(encoded, session.run(encoded));
      assertThat(decoded.keySet()).containsExactly("probabilities", "label");
      assertThat(
              Golden.largestDifference(
                  Tiny.get(decoded, "probabilities").toDoubles(),
                  GOLDEN.get("probabilities").toDoubles()))
          .isLessThan(1e-5);
    }
  }

  @Test
  void answersAloneAsInABatchAndFromManyThreads() throws Exception {
    PipelineSpec.Table spec = spec("numbers");
    List<Example> rows = rows(spec);
    try (InputPipeline pipeline = open(spec, input("x", ElementType.FLOAT, -1, -1));
        var pool = Executors.newFixedThreadPool(4)) {
      NdArray all = Tiny.get(pipeline.encode(rows), "x");
      List<Future<NdArray>> each = new ArrayList<>();
      for (Example row : rows) {
        each.add(pool.submit(() -> Tiny.get(pipeline.encode(List.of(row)), "x")));
      }
      for (int i = 0; i < rows.size(); i++) {
        assertThat(each.get(i).get().row(0)).isEqualTo(all.row(i));
      }
    }
  }

  private static TableColumn number(String field) {
    return new TableColumn.Numeric(
        field, Optional.empty(), Optional.empty(), false, Optional.empty());
  }

  private static double[] encode(TableColumn column, Object... values) {
    try (InputPipeline pipeline =
        open(PipelineSpec.Table.of(column), input("x", ElementType.DOUBLE, -1, -1))) {
      List<Example> rows =
          Arrays.stream(values).map(v -> Example.row(Collections.singletonMap("f", v))).toList();
      return Tiny.get(pipeline.encode(rows), "x").toDoubles();
    }
  }

  @Test
  void readsTextsAsTheColumnSays() {
    assertThat(encode(number("f"), " 3.5 ", "-1e3", 7L, true, "False", 2.5f))
        .containsExactly(3.5, -1000, 7, 1, 0, 2.5);
    TableColumn filled =
        new TableColumn.Numeric(
            "f",
            Optional.empty(),
            Optional.of(9.0),
            false,
            Optional.of(TableColumn.Scale.minMax(1, 5)));
    assertThat(encode(filled, "NA", "", Double.NaN, "1")).containsExactly(2, 2, 2, 0);
    TableColumn codes =
        new TableColumn.Ordinal(
            "f", Optional.empty(), List.of(10L, 2.5, 3L), Optional.of(-1), Optional.empty(), false);
    assertThat(encode(codes, "3.0", 10.0, "2.50", "x", 4L)).containsExactly(2, 0, 1, -1, -1);
    TableColumn nones =
        new TableColumn.Ordinal(
            "f", Optional.empty(), List.of("None", "NA"), Optional.empty(), Optional.empty(), true);
    assertThat(encode(nones, "NA", "None", "")).containsExactly(1, 0, Double.NaN);
  }

  @Test
  void refusesWhatIsNoValueOfTheColumn() {
    for (Object value : List.of("12,5", "0x10", "1f", "seven", "Infinity", "1e999")) {
      assertThatThrownBy(() -> encode(number("f"), value))
          .isInstanceOf(BadInputException.class)
          .hasMessageStartingWith("row: field f: ")
          .hasMessageContaining("(expected: a finite number");
    }
    assertThatThrownBy(() -> encode(number("f"), "NA")).hasMessageContaining("f: missing");
    TableColumn city =
        new TableColumn.OneHot(
            "f",
            Optional.empty(),
            List.of("Rome", "Oslo"),
            Optional.empty(),
            false,
            Optional.empty(),
            false);
    assertThatThrownBy(() -> encode(city, "Roma"))
        .hasMessage(
            "row: field f: 'Roma' (expected: one of Rome, Oslo; to let others pass, unknown:"
                + " ignore)");
    assertThatThrownBy(() -> encode(city, "")).hasMessageContaining("f: missing");
    assertThatThrownBy(() -> Example.row(Map.of("f", List.of(1))))
        .hasMessageContaining("field f: a ");
    PipelineSpec.Table spec = PipelineSpec.Table.of(number("f"));
    try (InputPipeline pipeline = open(spec, input("n", ElementType.INT64, -1, 1))) {
      assertThatThrownBy(() -> pipeline.encode(List.of(Example.row(Map.of("f", 1.5)))))
          .hasMessageContaining("1.5 (expected: a whole number");
      assertThatThrownBy(() -> pipeline.encode(List.of(Example.row(Map.of("F", 1)))))
          .hasMessageContaining("field F: is none of the columns (expected: [f])");
      assertThatThrownBy(() -> pipeline.encode(List.of(Example.text("f"))))
          .hasMessageContaining("a text (expected: a row");
    }
  }

  @Test
  void refusesModelsThatTheColumnsDoNotFit() {
    PipelineSpec.Table two = PipelineSpec.Table.of(number("a"), number("b"));
    TensorInfo a = input("a", ElementType.FLOAT, -1, 1);
    assertThatThrownBy(() -> open(two, input("x", ElementType.FLOAT, -1, 30)))
        .hasMessage(
            "the model takes x float[?,30], the columns make 2 numbers: a, b (expected: 30)");
    assertThatThrownBy(() -> open(two, a, input("c", ElementType.FLOAT, -1, 1)))
        .hasMessageContaining("column b: the model has no input b");
    assertThatThrownBy(
            () -> open(two, a, input("b", ElementType.FLOAT, -1, 1), input("c", ElementType.FLOAT)))
        .hasMessageContaining("c float[], to which no column goes");
    assertThatThrownBy(() -> open(two, input("x", ElementType.STRING, -1, 2)))
        .hasMessageContaining("column a: makes numbers (expected: kind text");
    assertThatThrownBy(() -> open(two, input("x", ElementType.FLOAT, -1, 2, 1)))
        .hasMessageContaining("use input.type tensors");
    assertThatThrownBy(() -> open(two, input("x", ElementType.FLOAT, 4, 2)))
        .hasMessageContaining("4 rows at once");
    try (InputPipeline pipeline = open(two, input("x", ElementType.FLOAT, 1, 2))) {
      assertThat(pipeline.mostAtOnce()).isEqualTo(1);
    }
    try (InputPipeline pipeline =
        open(two.withOutput("output_probability"), input("x", ElementType.FLOAT, -1, 2))) {
      NdArray label = NdArray.longs(new long[] {1}, 1);
      assertThatThrownBy(() -> pipeline.decode(Map.of(), Map.of("label", label)))
          .hasMessageContaining("input.output: output_probability (expected one of [label]")
          .hasMessageContaining("zipmap=False");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"numbers", "categories"})
  void comesBackFromTheBundle(String name) {
    PipelineSpec.Table spec = spec(name).withOutput("p").withMissing(List.of("?"));
    assertThat(PipelineSpec.parse(spec.toMap())).isEqualTo(spec);
    byte[] manifest =
        ManifestJson.write(BundleManifest.of("m", spec.bundled()).withFiles(Map.of()))
            .getBytes(StandardCharsets.UTF_8);
    assertThat(ManifestJson.read("bundle.json", manifest).pipeline()).isEqualTo(spec);
  }

  @Test
  void namesWhatIsWrongWithAColumn() {
    refuses(Map.of("name", "a", "kind", "numeric"), "input.columns[0].kind: numeric (expected");
    refuses(Map.of("kind", "number"), "input.columns[0].name: missing (expected: a text)");
    refuses(Map.of("name", "a", "fil", 3), "input.columns[0].fil: unknown field");
    refuses(Map.of("name", "a", "fill", "x"), "input.columns[0].fill: x (expected: a number)");
    refuses(
        Map.of("name", "a", "scale", Map.of("mean", 1, "std", 0)),
        "input.columns[0].scale: (x - 1.0) / 0.0 (expected: finite numbers, a std other than 0");
    refuses(Map.of("name", "a", "scale", Map.of("min", 1)), "mean and std, or min and max");
    refuses(
        Map.of("name", "a", "kind", "category"), "input.columns[0].categories: missing (expected");
    refuses(category(Map.of("categories", List.of("x", "y", "x"))), "categories: x twice");
    refuses(category(Map.of("drop", "z")), "input.columns[0].drop: z (expected: one of [x, y])");
    refuses(category(Map.of("fill", "z")), "input.columns[0].fill: z (expected: one of [x, y])");
    refuses(category(Map.of("unknown", -1)), "unknown: -1 (expected: refuse or ignore, as encode");
    refuses(
        category(Map.of("unknown", "ignore", "encode", "ordinal")),
        "unknown: ignore (expected: refuse or a whole number");
    assertThatThrownBy(() -> PipelineSpec.parse(Map.of("type", "table", "columns", List.of())))
        .hasMessageContaining("input.columns: none (expected: at least one)");
  }

  private static Map<String, Object> category(Map<String, ?> more) {
    Map<String, Object> column = new HashMap<>();
    column.put("name", "a");
    column.put("kind", "category");
    column.put("categories", List.of("x", "y"));
    column.putAll(more);
    return column;
  }

  private static void refuses(Map<String, ?> column, String message) {
    assertThatThrownBy(
            () -> PipelineSpec.parse(Map.of("type", "table", "columns", List.of(column))))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(Objects.requireNonNull(message));
  }
}
