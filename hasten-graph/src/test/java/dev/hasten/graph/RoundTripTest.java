package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.wire.OnnxWire.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundTripTest {

  /** Opsets older than Hasten rewrites included: those are read and written as well. */
  @Test
  void everyOnnxTestModelSurvivesUnchanged() throws IOException {
    int read = 0;
    List<String> changed = new ArrayList<>();
    for (Path file : TestModels.onnxTestData()) {
      Model model = Model.read(file, 1);
      read++;
      model.validate();
      ModelProto before = ModelProto.parseFrom(Files.readAllBytes(file));
      ModelProto after = ModelProto.parseFrom(model.toBytes());
      if (!after.equals(before) || !ModelProto.parseFrom(model.copy().toBytes()).equals(before)) {
        changed.add(file.toString());
      }
      assertThat(GraphWriter.inline(model.copy(), new RawWriter()).getUnknownFields())
          .isEqualTo(before.getUnknownFields());
    }
    assertThat(changed).isEmpty();
    assertThat(read).isGreaterThan(1000);
  }
}
