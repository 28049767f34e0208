package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Class folders and MNIST's files. */
class FolderDataTest {
  @TempDir Path folder = Path.of(".");

  private static List<LabeledExample> read(DataSpec spec) {
    try (Stream<LabeledExample> examples = Dataset.open(spec).stream()) {
      return examples.toList();
    }
  }

  private Path file(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.resolveSibling("."));
    return Files.write(file, new byte[] {1});
  }

  @Test
  void readsOneFolderPerClass() throws IOException {
    Path dog = file("photos/dog/2.JPG");
    Path cat = file("photos/cat/sub/9.png");
    Path ant = file("photos/ant/1.webp");
    file("photos/cat/notes.txt");
    file("photos/.hidden/1.png");
    file("photos/readme.png");
    DataSpec spec =
        DataSpec.images(folder.resolve("photos"), "file")
            .withLabel("class")
            .withSlices(List.of("label"));
    assertThat(spec.format()).isEqualTo(DataFormat.FOLDER);
    assertThat(read(spec))
        .containsExactly(
            new LabeledExample("0", Example.image(ant), "0", Map.of("label", "ant")),
            new LabeledExample("1", Example.image(cat), "1", Map.of("label", "cat")),
            new LabeledExample("2", Example.image(dog), "2", Map.of("label", "dog")));
    assertThat(read(spec.withLabel("label").withId("file").withLimit(1)))
        .containsExactly(
            new LabeledExample("ant/1.webp", Example.image(ant), "ant", Map.of("label", "ant")));
  }

  @Test
  void readsFoldersOfRecordings() throws IOException {
    Path yes = file("words/yes/1.wav");
    file("words/yes/1.png");
    assertThat(read(DataSpec.audio(folder.resolve("words"), "file").withLabel("label")))
        .containsExactly(new LabeledExample("0", Example.audio(yes), "yes", Map.of()));
    Path list = Files.writeString(folder.resolve("list.jsonl"), "{\"wav\": \"words/yes/1.wav\"}\n");
    assertThat(read(DataSpec.audio(list, "wav")).getFirst().example())
        .isEqualTo(Example.audio(yes));
  }

  @Test
  void saysWhatAFolderLacks() throws IOException {
    fails(
        DataSpec.images(Files.createDirectory(folder.resolve("flat")), "file"), "holds no folders");
    file("texts/a/1.txt");
    fails(DataSpec.images(folder.resolve("texts"), "file"), "holds no examples");
    fails(
        DataSpec.images(folder.resolve("texts"), "image"),
        "no field `image` for the image (found: file");
    fails(DataSpec.text(folder.resolve("texts"), "file"), "a folder of texts (expected: a file");
  }

  private static void fails(DataSpec spec, String message) {
    assertThatThrownBy(() -> Dataset.open(spec))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  private static byte[] idx(int type, int[] sizes, int... elements) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(type << 8 | sizes.length);
    for (int size : sizes) {
      out.writeInt(size);
    }
    for (int element : elements) {
      switch (type) {
        case 8 -> out.writeByte(element);
        case 11 -> out.writeShort(element);
        default -> out.writeFloat(element);
      }
    }
    return bytes.toByteArray();
  }

  @Test
  void readsMnistsFiles() throws IOException {
    Path images = folder.resolve("t10k-images-idx3-ubyte");
    Files.write(images, idx(8, new int[] {2, 2, 3}, 1, 2, 3, 4, 5, 255, 7, 8, 9, 10, 11, 12));
    Files.write(folder.resolve("t10k-labels-idx1-ubyte"), idx(8, new int[] {2}, 7, 0));
    NdArray first =
        NdArray.of(ElementType.UINT8, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, -1}), 2, 3);
    List<LabeledExample> read = read(DataSpec.images(images, "image").withLabel("label"));
    assertThat(read).extracting(LabeledExample::label).containsExactly("7", "0");
    assertThat(read.getFirst().example()).isEqualTo(Example.image(first));
    assertThat(read(DataSpec.tensors(images).withLabel("label")).getFirst().example())
        .isEqualTo(Example.tensors(Map.of("image", first)));
  }

  @Test
  void readsCompressedOnesAndWiderNumbers() throws IOException {
    Path images = folder.resolve("train-images-idx3-ubyte.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(images))) {
      out.write(idx(11, new int[] {1, 1, 2}, -2, 300));
    }
    assertThat(read(DataSpec.tensors(images)).getFirst().example())
        .isEqualTo(
            Example.tensors(
                Map.of(
                    "image",
                    NdArray.of(
                        ElementType.INT16,
                        ByteBuffer.allocate(4)
                            .order(java.nio.ByteOrder.nativeOrder())
                            .putShort((short) -2)
                            .putShort((short) 300)
                            .flip(),
                        1,
                        2))));
  }

  @Test
  void namesWhatIsWrongWithMnistsFiles() throws IOException {
    Path images = folder.resolve("a-images-idx3-ubyte");
    Files.write(images, idx(8, new int[] {2, 2, 3}, 1, 2, 3, 4, 5, 6, 7));
    assertThatThrownBy(() -> read(DataSpec.images(images, "image")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("a-images-idx3-ubyte: ends within an array (expected: 2 arrays of 6");
    Files.write(folder.resolve("a-labels-idx1-ubyte"), idx(8, new int[] {3}, 1, 2, 3));
    fails(DataSpec.images(images, "image"), "3 labels of shape [] (expected: 2 single numbers");
    Path other = folder.resolve("b-images-idx3-ubyte");
    Files.write(other, new byte[] {1, 2, 3, 4});
    fails(DataSpec.images(other, "image"), "not an IDX file");
    Files.write(other, idx(7, new int[] {1, 2}));
    fails(DataSpec.images(other, "image"), "element type 7 (expected: 8, 9, 11, 12, 13 or 14)");
    Files.write(other, new byte[] {0, 0});
    fails(DataSpec.images(other, "image"), "cannot be read");
  }
}
