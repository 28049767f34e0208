package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The schema that the code checks with is the one that editors get, and the examples obey it. */
class WorkloadSchemaTest {
  private static final Path DOCS = Path.of("..", "docs");

  @TempDir Path folder;

  @Test
  void thePublishedSchemaIsTheOneInUse() throws IOException {
    assertThat(DOCS.resolve("workload.schema.json")).content().isEqualTo(Workload.schema());
  }

  @TestFactory
  Stream<DynamicTest> theExamplesAreWorkloads() throws IOException {
    List<Path> examples;
    try (Stream<Path> files = Files.list(DOCS.resolve("examples"))) {
      examples = files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
    }
    assertThat(examples).isNotEmpty();
    return examples.stream()
        .map(example ->
            DynamicTest.dynamicTest(
                String.valueOf(example.getFileName()), () -> readBesideItsFiles(example)));
  }

  private void readBesideItsFiles(Path example) throws IOException {
    Path place = Files.createTempDirectory(folder, "example");
    Path copy = Files.copy(example, place.resolve("workload.yaml"));
    for (String name : fileNames(example)) {
      Files.writeString(place.resolve(name), "");
    }
    assertThat(Workload.read(copy).output()).isEqualTo(place.resolve("bundle"));
  }

  /** The files that an example names. */
  private static Set<String> fileNames(Path example) {
    try {
      return Stream.of(Files.readString(example).replaceAll("#.*", "").split("[\\s{},\\[\\]]+"))
          .filter(word -> word.matches("[\\w-]+\\.(onnx|json|jsonl|npz|csv|parquet)"))
          .collect(java.util.stream.Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void everyFieldIsExplainedToUsers() throws IOException {
    String docs = Files.readString(DOCS.resolve("workload.md"));
    List<String> silent = new ArrayList<>();
    JsonNode root = new ObjectMapper().readTree(Workload.schema()).path("properties");
    root.properties()
        .forEach(section -> {
          List<String> names = new ArrayList<>();
          section.getValue().path("properties").fieldNames().forEachRemaining(names::add);
          names.replaceAll(name -> section.getKey() + "." + name);
          if (names.isEmpty()) {
            names.add(section.getKey());
          }
          names.stream().filter(name -> !docs.contains("`" + name + "`")).forEach(silent::add);
        });
    assertThat(silent).as("fields that docs/workload.md does not explain").isEmpty();
  }
}
