package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.rewrite.Rewriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that fuzzing found, each of which once ended otherwise than in success or refusal. */
class FuzzFindingsTest {
  static Stream<Path> findings() throws IOException {
    Path folder =
        Path.of(Objects.requireNonNull(FuzzFindingsTest.class.getResource("/fuzz")).getPath());
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("findings")
  void endsInSuccessOrRefusal(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Model model;
    try {
      model = Model.read(bytes, "finding");
    } catch (ModelException e) {
      assertThat(e).hasMessageContaining("finding");
      return;
    }
    assertThat(Model.read(model.copy().toBytes(), "again").fingerprint())
        .isEqualTo(model.fingerprint());
    try {
      model.validate();
      ShapeInference.infer(model);
      Model simple = Rewriter.simplify(model, 17).model();
      assertThat(Model.read(simple.toBytes(), "again").fingerprint())
          .isEqualTo(simple.fingerprint());
    } catch (ModelException e) {
      assertThat(e).hasMessageNotContaining("again");
    }
  }
}
