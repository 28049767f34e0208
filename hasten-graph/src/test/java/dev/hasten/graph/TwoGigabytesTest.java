package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file holds at most 2 GB: what passes that goes into another, or is refused unwritten. */
class TwoGigabytesTest {
  private static final long BYTES = 2_200_000_000L;

  @TempDir Path folder;

  @Test
  void weightsThatMustStayInsideAreRefused() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      Tensor large = sparse(arena);
      Model weights =
          GraphBuilder.opset(17)
              .input("x", DataType.UINT8)
              .weight("w", large)
              .node("y", "Add", "x", "w")
              .outputs("y")
              .build();
      Path target = folder.resolve("model.onnx");
      WriteOptions never = new WriteOptions(WriteOptions.ExternalData.NEVER, 0);
      assertThatThrownBy(() -> weights.write(target, never))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(
              "2200000000 bytes of weights in one file (expected: at most 2000000000");
      assertThatThrownBy(weights::toBytes).isInstanceOf(ModelException.class);

      // A constant in a node cannot go into another file.
      Model constant =
          GraphBuilder.opset(17)
              .node("c", "Constant")
              .attribute("value", Attribute.of(large))
              .outputs("c")
              .build();
      assertThatThrownBy(() -> constant.write(target))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("besides what can go into another (expected: at most 2 GB");
      assertThat(target).doesNotExist();
      try (var left = Files.list(folder)) {
        assertThat(left).containsExactly(folder.resolve("sparse"));
      }
    }
  }

  /** Zeros that take no room on the disk. */
  private Tensor sparse(Arena arena) throws IOException {
    Path file = folder.resolve("sparse");
    try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(BYTES);
      return Tensor.of(
          DataType.UINT8,
          made.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, BYTES, arena),
          BYTES);
    }
  }
}
