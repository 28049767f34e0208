package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.TargetRuntime;
import dev.hasten.measure.Content;
import dev.hasten.measure.DataFormat;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Pooling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class WorkloadReaderTest {
  /** Seven lines; what a case adds begins at line 8. */
  private static final String TENSORS =
      """
      model: model.onnx
      input:
        type: tensors
      data:
        path: examples.jsonl
        tensors: [x]
      # end
      """;

  private static final String TEXT =
      """
      model: model.onnx
      input:
        type: text
      data:
        path: texts.jsonl
        text: text
      # end
      """;

  @TempDir Path folder;

  @BeforeEach
  void files() throws IOException {
    for (String name :
        List.of(
            "model.onnx",
            "tokenizer.json",
            "other-tokenizer.json",
            "examples.jsonl",
            "texts.jsonl",
            "more.csv",
            "examples.unknown",
            "peer.onnx")) {
      Files.writeString(folder.resolve(name), name);
    }
  }

  private Workload read(String yaml) throws IOException {
    Path file = folder.resolve("workload.yaml");
    Files.writeString(file, yaml);
    return Workload.read(file);
  }

  @Test
  void everyFieldIsRead() throws IOException {
    Files.createDirectories(folder.resolve("sub/data"));
    Files.writeString(folder.resolve("sub/data/texts.txt"), "x");
    Files.writeString(folder.resolve("sub/w.yaml"), EVERYTHING);
    Workload workload = Workload.read(folder.resolve("sub/w.yaml"));

    assertThat(workload.model()).isEqualTo(folder.resolve("model.onnx"));
    assertThat(workload.folder()).isEqualTo(folder.resolve("sub"));
    assertThat(workload.pipeline())
        .isEqualTo(
            PipelineSpec.Text.of("../other-tokenizer.json")
                .withMaxLength(64)
                .withPadToMultiple(8)
                .withPrefix("query: ")
                .withPooling(Pooling.CLS)
                .withNormalize(false)
                .withOutput("last_hidden_state"));
    assertThat(workload.data())
        .containsExactly(
            new DataSpec(
                folder.resolve("sub/data/texts.txt"),
                DataFormat.CSV,
                new Content.Text("body"),
                "topic",
                "key",
                List.of("lang", "source"),
                OptionalLong.of(5_000_000_000L)),
            new DataSpec(
                folder.resolve("more.csv"),
                DataFormat.CSV,
                new Content.Text("body"),
                "topic",
                "key",
                List.of("lang", "source"),
                OptionalLong.of(5_000_000_000L)));
    assertThat(workload.splitter().seed()).isEqualTo(9_876_543_210L);
    assertThat(workload.splitter().fractions())
        .containsEntry(Split.CALIBRATE, 0.1)
        .containsEntry(Split.VALIDATE, 0.3)
        .containsEntry(Split.TEST, 0.6);
    assertThat(workload.splitter().limits())
        .containsEntry(Split.CALIBRATE, 10)
        .containsEntry(Split.VALIDATE, 20)
        .containsEntry(Split.TEST, 30);
    assertThat(workload.metric()).isEqualTo(new Workload.MetricName("overlap@5", null));
    assertThat(workload.promise())
        .isEqualTo(new Workload.Asked(0.125, 0.99, OptionalDouble.of(0.8)));
    assertThat(workload.objective()).isEqualTo(Objective.THROUGHPUT);
    assertThat(workload.limits())
        .isEqualTo(
            new Workload.Limits(
                OptionalLong.of(1_500_000_000L),
                OptionalLong.of(30L << 20),
                Duration.ofMillis(20),
                null));
    assertThat(workload.rows())
        .containsExactly(new Row(1, 0, 2), new Row(4, 128, 2), new Row(8, 0, 1));
    assertThat(workload.threads()).isEqualTo(2);
    assertThat(workload.include()).containsExactlyInAnyOrder("simplify", "dynamic-int8");
    assertThat(workload.exclude()).containsExactly("fp16");
    assertThat(workload.peers())
        .containsExactly(
            new Workload.Peer("published", folder.resolve("peer.onnx")),
            new Workload.Peer("model.onnx", folder.resolve("model.onnx")));
    assertThat(workload.output()).isEqualTo(folder.resolve("sub/out/best.zip"));
    assertThat(workload.budget()).isEqualTo(new Budget(Duration.ofSeconds(5430)));
  }

  private static final String EVERYTHING =
      """
      model: ../model.onnx
      input:
        type: text
        tokenizer: ../other-tokenizer.json
        maxLength: 64
        padToMultiple: 8
        prefix: "query: "
        pooling: cls
        normalize: false
        output: last_hidden_state
      data:
        path: [data/texts.txt, ../more.csv]
        format: csv
        text: body
        label: topic
        id: key
        slices: [lang, source]
        limit: 5000000000
        seed: 9876543210
        split: {calibrate: 0.1, validate: 0.3, test: 0.6}
        keep: {calibrate: 10, validate: 20, test: 30}
      quality:
        metric: overlap@5
        maxDrop: 12.5%
        confidence: 0.99
        floor: 0.8
      objective: throughput
      limits:
        memory: 1.5 GB
        size: 30MiB
        p99: 20ms
      measure:
        threads: 2
        rows:
          - {batch: 1, length: natural}
          - {batch: 4, length: 128}
          - {batch: 8, threads: 1}
          - {batch: 1}
      techniques:
        include: [simplify, dynamic-int8]
        exclude: [fp16]
      compare:
        - {name: published, model: ../peer.onnx}
        - {model: ../model.onnx}
      output: out/best.zip
      budget: 1h30m30s
      """;

  @Test
  void whatIsLeftOutHasItsDefault() throws IOException {
    Workload workload = read(TENSORS);
    assertThat(workload.pipeline()).isEqualTo(new PipelineSpec.Tensors(true));
    assertThat(workload.data().getFirst().format()).isEqualTo(DataFormat.JSONL);
    assertThat(workload.data().getFirst().limit()).isEmpty();
    assertThat(workload.splitter().seed()).isEqualTo(42);
    assertThat(workload.splitter().fractions())
        .containsEntry(Split.CALIBRATE, 0.2)
        .containsEntry(Split.VALIDATE, 0.4)
        .containsEntry(Split.TEST, 0.4);
    assertThat(workload.splitter().limits())
        .containsEntry(Split.CALIBRATE, 256)
        .containsEntry(Split.VALIDATE, 1_000)
        .containsEntry(Split.TEST, 3_000);
    assertThat(workload.metric()).isNull();
    assertThat(workload.promise())
        .isEqualTo(new Workload.Asked(0.01, 0.95, OptionalDouble.empty()));
    assertThat(workload.objective()).isEqualTo(Objective.LATENCY);
    assertThat(workload.limits()).isEqualTo(Workload.Limits.NONE);
    assertThat(workload.rows()).containsExactly(new Row(1, 0, 1), new Row(8, 0, 1));
    assertThat(workload.include()).isEmpty();
    assertThat(workload.exclude()).isEmpty();
    assertThat(workload.peers()).isEmpty();
    assertThat(workload.output()).isEqualTo(folder.resolve("bundle"));
    assertThat(workload.budget()).isEqualTo(Budget.DEFAULT);
    assertThat(read(TEXT).pipeline()).isEqualTo(PipelineSpec.Text.of("tokenizer.json"));
    assertThat(read(TENSORS.replace("tensors\n", "tensors\n  batchAxis: false\n")).rows())
        .containsExactly(new Row(1, 0, 1));
  }

  @ParameterizedTest
  @CsvSource({"0.02, 0.02", "2%, 0.02", "0.5%, 0.005", "0, 0", "0%, 0", "3, 3", "100%, 1"})
  void dropsAreFractionsOrPercentages(String written, double read) throws IOException {
    assertThat(read(TENSORS + "quality: {maxDrop: " + written + "}\n").promise().maxDrop())
        .isEqualTo(read);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "1B, 1",
    "2KB, 2000",
    "2KiB, 2048",
    "1.5 MB, 1500000",
    "1MiB, 1048576",
    "2GB, 2000000000",
    "1GiB, 1073741824"
  })
  void sizesAreBytesOrHaveAUnit(String written, long bytes) throws IOException {
    assertThat(read(TENSORS + "limits: {size: " + written + "}\n").limits().fileBytes())
        .hasValue(bytes);
  }

  @Test
  void theTargetIsARelease() throws IOException {
    assertThat(read(TENSORS + "limits: {targetOrt: '1.17.3'}\n").limits().targetOrt())
        .isEqualTo(TargetRuntime.of("1.17"));
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        fault("qualty: {}", "8:1: qualty: unknown field (expected one of model, ", "'quality'?)"),
        fault(
            "quality:\n  metrc: cosine",
            "9:3: quality.metrc: unknown field (expected one of metric, jar, maxDrop, confidence,"
                + " floor; did you mean 'metric'?)"),
        fault(
            "measure:\n  rows:\n    - {batch: 1, lenght: 3}",
            "10:18: measure.rows[0].lenght: unknown field (expected one of batch, length, threads;"
                + " did you mean 'length'?)"),
        fault("measure:\n  rows:\n    - {length: 3}", "10:7: measure.rows[0]: 'batch' is missing"),
        fault(
            "objective: latncy",
            "8:12: objective: 'latncy' (expected one of latency, throughput, size; did you mean"
                + " 'latency'?)"),
        fault("objective: speed", "8:12: objective: 'speed' (expected one of", "throughput, size)"),
        fault("quality: {maxDrop: -3}", "8:20: quality.maxDrop: -3 (expected: >= 0)"),
        fault(
            "quality: {maxDrop: lots}",
            "8:20: quality.maxDrop: 'lots' (expected: a number >= 0 or a percentage such as 1%)"),
        fault("quality: {maxDrop: -1%}", "8:20: quality.maxDrop: '-1%' (expected: a number >= 0"),
        fault("quality: {maxDrop: .nan}", "8:20: quality.maxDrop: 'NaN' (expected: a number >= 0"),
        fault("quality: {confidence: 1}", "8:23: quality.confidence: 1 (expected: < 1)"),
        fault("quality: {confidence: 0.5}", "8:23: quality.confidence: 0.5 (expected: > 0.5)"),
        fault("quality: {floor: high}", "8:18: quality.floor: 'high' (expected: number)"),
        fault(
            "quality: {metric: cosin}",
            "8:19: quality.metric: 'cosin' (expected one of",
            "did you mean 'cosine'?)"),
        fault(
            "quality: {metric: accuracy}",
            "8:19: quality.metric: 'accuracy' needs labels: name the field in data.label"),
        fault("budget: 90", "8:9: budget: 90 (expected: a time such as 90s, 10m or 1h30m)"),
        fault("budget: soon", "8:9: budget: 'soon' (expected: a time such as 90s"),
        fault("budget: 0s", "8:9: budget: '0s' (expected: longer than 0)"),
        fault("limits: {p99: 20}", "8:15: limits.p99: 20 (expected: a time such as 20ms or 1.5s)"),
        fault("limits: {p99: 0ms}", "8:15: limits.p99: '0ms' (expected: longer than 0)"),
        fault("limits: {size: big}", "8:16: limits.size: 'big' (expected: a size such as 500MB"),
        fault("limits: {memory: 0B}", "8:18: limits.memory: '0B' (expected: at least one byte)"),
        fault("limits: {memory: 0}", "8:18: limits.memory: 0 (expected: >= 1)"),
        fault(
            "limits: {targetOrt: 1.20}",
            "8:21: limits.targetOrt: 1.2",
            "(expected: a release of ONNX Runtime such as '1.17')"),
        fault(
            "limits: {targetOrt: '1.15'}",
            "8:21: limits.targetOrt: version of ONNX Runtime: 1.15 (expected: 1.16 to 1.29"),
        fault("measure: {rows: []}", "8:17: measure.rows: [] (expected: at least 1 entry)"),
        fault("measure: {rows: [{batch: 0}]}", "8:26: measure.rows[0].batch: 0 (expected: >= 1)"),
        fault(
            "measure: {rows: [{batch: 3000000000}]}",
            "8:26: measure.rows[0].batch: 3000000000 (expected: <= 2147483647)"),
        fault(
            "measure: {rows: [{batch: 1}, {batch: 2, length: 9}]}",
            "8:49: measure.rows[1].length: 9 (expected: natural, input.type is tensors)"),
        fault(
            "techniques: {include: [simplify, dynamic-int]}",
            "8:34: techniques.include[1]: 'dynamic-int' (expected one of",
            "did you mean 'dynamic-int8'?)"),
        fault("techniques: {exclude: [fp61]}", "8:24: techniques.exclude[0]: 'fp61' (expected"),
        fault(
            "compare: [{model: peer.onnx}, {model: gone.onnx}]",
            "8:39: compare[1].model: 'gone.onnx': no such file in "),
        fault(
            "compare: [{model: peer.onnx}, {name: peer.onnx, model: model.onnx}]",
            "8:31: compare[1]: 'peer.onnx' stands for two models (expected: names that differ)"),
        fault("model: model.onnx", "8:1: not YAML: found duplicate key model"),
        fault("output: ''", "8:9: output: '' (expected: text that is not empty)"),
        fault("threads: {", ": not YAML: "));
  }

  private static Arguments fault(String line, String... said) {
    return Arguments.of(line, said);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void aFaultIsSaidWithItsPlace(String lines, String... said) {
    assertFault(TENSORS + lines + "\n", said);
  }

  static Stream<Arguments> changed() {
    return Stream.of(
        Arguments.of("model.onnx", "gone.onnx", "1:8: model: 'gone.onnx': no such file in "),
        Arguments.of("model: model.onnx", "", "2:1: 'model' is missing: add it"),
        Arguments.of("type: tensors", "type: txt", "3:9: input.type: 'txt' (expected one of text"),
        Arguments.of(
            "  type: tensors", "  batchAxis: true", "2:1: input: 'type' is missing: add it"),
        Arguments.of(
            "type: tensors",
            "type: tensors\n  batchAxis: maybe",
            "4:14: input.batchAxis: 'maybe' (expected: boolean)"),
        Arguments.of("path: examples.jsonl", "paths: x", "5:3: data.paths: unknown field"),
        Arguments.of("examples.jsonl", "gone.jsonl", "5:9: data.path: 'gone.jsonl': no such file"),
        Arguments.of(
            "examples.jsonl",
            "[examples.jsonl, gone.csv]",
            "5:26: data.path[1]: 'gone.csv': no such file in "),
        Arguments.of("examples.jsonl", "[]", "5:9: data.path: [] (expected: at least 1 entry)"),
        Arguments.of("examples.jsonl", "examples.unknown", "5:9: data.path: "),
        Arguments.of(
            "tensors: [x]",
            "text: t",
            "6:9: data.text: 't' (expected: no text field, input.type is tensors)"),
        Arguments.of(
            "tensors: [x]",
            "split: {calibrate: 0.2, validate: 0.4, test: 0.5}",
            "6:10: data.split: fractions {CALIBRATE=0.2, VALIDATE=0.4, TEST=0.5} sum to 1.1"),
        Arguments.of(
            "tensors: [x]",
            "split: {calibrate: 0.5, validate: 0.5, test: 0}",
            "6:48: data.split.test: 0 (expected: > 0)"),
        Arguments.of(
            "tensors: [x]",
            "split: {calibrate: 0.5, validate: 0.5}",
            "6:3: data.split: 'test' is missing: add it"),
        Arguments.of("# end", "  batchAxis: true", "7:3: data.batchAxis: unknown field"),
        Arguments.of(TENSORS, "- model\n", "1:1: [\"model\"] (expected: object)"),
        Arguments.of("tensors: [x]", "seed: yes", "6:9: data.seed: 'yes' (expected: integer)"),
        Arguments.of(
            "tensors: [x]", "keep: {test: 0}", "6:16: data.keep.test: 0 (expected: >= 1)"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("changed")
  void aWrongValueIsSaidWithItsPlace(String right, String wrong, String said) {
    assertThat(TENSORS).contains(right);
    assertFault(TENSORS.replaceFirst(java.util.regex.Pattern.quote(right), wrong), said);
  }

  @Test
  void batchesNeedABatchAxis() {
    assertFault(
        TENSORS.replace("tensors\n", "tensors\n  batchAxis: false\n")
            + "measure: {rows: [{batch: 2}]}\n",
        "9:26: measure.rows[0].batch: 2 (expected: 1, input.batchAxis is false)");
  }

  @Test
  void textNeedsItsTokenizerAndField() {
    assertFault(
        TEXT.replace("type: text\n", "type: text\n  tokenizer: gone.json\n"),
        "4:14: input.tokenizer: 'gone.json': no such file in ");
    assertFault(
        TEXT.replace("  text: text\n", ""), "5:3: data: 'text' is missing: name the field that");
  }

  @Test
  void allFaultsOfAFileAreSaidAtOnce() {
    assertThatThrownBy(() -> read(TENSORS + "objective: speed\nbudget: soon\nqualty: {}\n"))
        .isInstanceOf(BadInputException.class)
        .message()
        .hasLineCount(3)
        .contains(":8:12: ", ":9:9: ", ":10:1: ");
  }

  @Test
  void filesThatAreNoWorkloadAreRefused() throws IOException {
    assertThatThrownBy(() -> Workload.read(folder.resolve("gone.yaml")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("gone.yaml: no such file");
    assertThatThrownBy(() -> read("# nothing\n"))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("workload.yaml: empty (expected: model, input, data)");
    Files.write(folder.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe9, '\n'});
    assertThatThrownBy(() -> Workload.read(folder.resolve("latin.yaml")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("latin.yaml: is not text (expected: UTF-8)");
  }

  @Test
  void aValueOfAnySizeIsShownByItsBeginning() {
    assertThatThrownBy(() -> read("model: {vocabulary: " + "x".repeat(100_000) + "}\n"))
        .hasMessageContaining("workload.yaml:1:8: model: {\"vocabulary\":\"xxx")
        .extracting(e -> String.valueOf(e.getMessage()).length())
        .satisfies(length -> assertThat((int) length).isLessThan(1_000));
  }

  private void assertFault(String yaml, String... said) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(BadInputException.class)
        .message()
        .startsWith(folder.resolve("workload.yaml") + (said[0].startsWith(":") ? "" : ":"))
        .contains(said);
  }
}
