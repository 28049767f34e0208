package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RoundTripTest {

  @Test
  void everyOnnxTestModelSurvivesUnchanged() throws IOException {
    int read = 0;
    Map<String, String> refused = new TreeMap<>();
    List<String> changed = new ArrayList<>();
    for (Path file : TestModels.onnxTestData()) {
      Model model;
      try {
        model = Model.read(file);
      } catch (ModelException e) {
        refused.put(file.toString(), e.getMessage());
        continue;
      }
      read++;
      model.validate();
      ModelProto before = ModelProto.parseFrom(Files.readAllBytes(file));
      if (!ModelProto.parseFrom(model.toBytes()).equals(before)
          || !ModelProto.parseFrom(model.copy().toBytes()).equals(before)) {
        changed.add(file.toString());
      }
      assertThat(Model.read(model.toBytes(), "again").fingerprint()).isEqualTo(model.fingerprint());
    }
    assertThat(changed).isEmpty();
    // What is refused is refused for its age alone.
    assertThat(refused).allSatisfy((file, message) -> assertThat(message).contains("opset "));
    assertThat(read).isGreaterThan(900);
  }
}
