package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Model;
import dev.hasten.graph.WriteOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashesTest {
  @TempDir Path folder;

  @Test
  void theSizeOfAModelCountsTheFileOfItsWeights() throws IOException {
    Model model =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "batch", 64)
            .floats("w", new float[64 * 64], 64, 64)
            .node("y", "MatMul", "x", "w")
            .output("y", DataType.FLOAT, "batch", 64)
            .build();
    List<Path> written = model.write(folder.resolve("model.onnx"), WriteOptions.external());
    assertThat(written).hasSize(2);
    assertThat(Hashes.size(folder.resolve("model.onnx")))
        .isEqualTo(Files.size(written.getFirst()) + Files.size(written.getLast()))
        .isGreaterThan(64 * 64 * Float.BYTES);
  }
}
