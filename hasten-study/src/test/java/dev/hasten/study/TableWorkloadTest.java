package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.measure.Content;
import dev.hasten.measure.Dataset;
import dev.hasten.measure.LabeledExample;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TableColumn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workloads whose examples are rows of a table. */
class TableWorkloadTest {
  private static final String COLUMNS =
      """
      columns:
          - {name: age, fill: 38.5, scale: {mean: 40, std: 12}}
          - {name: city, kind: category, categories: [Rome, Oslo, null], unknown: ignore}
          - {name: age, kind: missing}
      """;

  @TempDir Path folder = Path.of(".");

  @BeforeEach
  void files() throws IOException {
    Files.writeString(folder.resolve("model.onnx"), "");
    Files.writeString(folder.resolve("people.csv"), "age,city,class\n31,Rome,1\nNA,\"Oslo\",0\n");
  }

  private Workload read(String columns, String data) throws IOException {
    String yaml =
        "model: model.onnx\ninput:\n  type: table\n  %s\ndata: %s\n".formatted(columns, data);
    return Workload.read(Files.writeString(folder.resolve("workload.yaml"), yaml));
  }

  @Test
  void readsColumns() throws IOException {
    Workload workload = read(COLUMNS, "{path: people.csv, label: class}");
    PipelineSpec.Table spec = (PipelineSpec.Table) workload.pipeline();
    assertThat(spec.columns())
        .contains(
            new TableColumn.Numeric(
                "age",
                Optional.empty(),
                Optional.of(38.5),
                false,
                Optional.of(TableColumn.Scale.standard(40, 12))),
            new TableColumn.Missing("age", Optional.empty()));
    assertThat(spec.columns().stream().mapToInt(TableColumn::width).sum()).isEqualTo(5);
    assertThat(workload.data().getFirst().content())
        .isEqualTo(new Content.Row(List.of("age", "city")));
    try (Stream<LabeledExample> examples = Dataset.open(workload.data().getFirst()).stream()) {
      List<LabeledExample> rows = examples.toList();
      Example.Row second = (Example.Row) rows.get(1).example();
      assertThat(second.values()).containsEntry("age", "NA").containsEntry("city", "Oslo");
      assertThat(second.where()).endsWith("people.csv: line 3");
      assertThat(rows.get(1).label()).isEqualTo("0");
    }
  }

  @Test
  void namesWhatIsWrong() {
    String data = "{path: people.csv, label: class}";
    refuses("", data, "input.columns: missing (expected: a list)");
    refuses("columns: [{name: age, kind: numbr}]\n", data, "'numbr' (expected one of");
    refuses(
        "columns: [{name: age, fil: 3}]\n",
        data,
        "unknown field (expected one of name, input, kind, fill");
    refuses("columns: [{kind: number}]\n", data, "'name' is missing");
    refuses("columns: [{name: c, kind: category}]\n", data, "input.columns[0].categories: missing");
    refuses(COLUMNS, "{path: people.csv, text: city}", "no text field, input.type is table");
  }

  @Test
  void namesTheFieldThatTheDataLack() throws IOException {
    Workload workload = read("columns: [{name: agee}]\n", "{path: people.csv}");
    assertThatThrownBy(() -> Dataset.open(workload.data().getFirst()))
        .hasMessageContaining("no field `agee` for the column (found: age, city, class)");
  }

  private void refuses(String columns, String data, String message) {
    assertThatThrownBy(() -> read(columns, data))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }
}
