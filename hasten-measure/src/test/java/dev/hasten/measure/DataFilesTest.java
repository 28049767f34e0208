package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataFilesTest {
  @TempDir Path folder = Path.of(".");

  @Test
  void readsJsonLines() throws IOException {
    Path file =
        write(
            "a.jsonl",
            """
            {"text": "eins", "label": 3, "lang": "de", "key": "k0"}

            {"text": "two", "label": null, "key": "k1", "extra": [1, 2]}
            """);
    List<LabeledExample> read =
        read(
            DataSpec.text(file, "text")
                .withLabel("label")
                .withId("key")
                .withSlices(List.of("lang")));
    assertThat(read)
        .containsExactly(
            new LabeledExample("k0", Example.text("eins"), "3", Map.of("lang", "de")),
            new LabeledExample("k1", Example.text("two"), null, Map.of()));
  }

  @Test
  void readsTensorsFromJsonLines() throws IOException {
    Path file = write("a.jsonl", "{\"x\": [[1, 2.5], [3, 4]], \"n\": [7], \"label\": \"a\"}\n");
    LabeledExample read = read(DataSpec.tensors(file).withLabel("label")).get(0);
    assertThat(read.example())
        .isEqualTo(
            Example.tensors(
                Map.of(
                    "x", NdArray.floats(new float[] {1, 2.5f, 3, 4}, 2, 2),
                    "n", NdArray.longs(new long[] {7}, 1))));
  }

  @Test
  void namesTheLineOfMalformedJson() throws IOException {
    Path file = write("a.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"\n");
    fails(() -> read(DataSpec.text(file, "text")), "a.jsonl: line 2, column", "not valid JSON");
    Path array = write("b.jsonl", "[1, 2]\n");
    fails(() -> read(DataSpec.text(array, "text")), "line 1", "`[1, 2]`", "a JSON object");
  }

  @Test
  void namesRaggedTensorsAndWrongKinds() throws IOException {
    Path file = write("a.jsonl", "{\"x\": [[1, 2], [3]]}\n");
    fails(() -> read(DataSpec.tensors(file)), "line 1: field `x`: is ragged", "1 beside one of 2");
    Path text = write("b.jsonl", "{\"text\": 12}\n");
    fails(() -> read(DataSpec.text(text, "text")), "line 1: field `text`: 12 (expected: a text)");
    Path gone = write("c.jsonl", "{\"text\": \"a\"}\n{\"other\": 1}\n");
    fails(
        () -> read(DataSpec.text(gone, "text")), "line 2: field `text` is missing", "found: other");
  }

  @Test
  void listsTheFieldsWhenOneIsUnknown() throws IOException {
    Path file = write("a.jsonl", "{\"text\": \"a\", \"class\": \"b\"}\n");
    fails(
        () -> Dataset.open(DataSpec.text(file, "text").withLabel("label")),
        "no field `label` for the label (found: text, class)");
    Path csv = write("a.csv", "text,class\na,b\n");
    fails(
        () -> Dataset.open(DataSpec.text(csv, "body")),
        "no field `body` for the text (found: text, class)");
  }

  @Test
  void refusesMissingAndEmptyFiles() throws IOException {
    fails(() -> Dataset.open(DataSpec.text(folder.resolve("no.csv"), "text")), "no such file");
    Path empty = write("empty.jsonl", "");
    fails(() -> Dataset.open(DataSpec.tensors(empty)), "empty.jsonl: holds no examples");
    Path emptyCsv = write("empty.csv", "");
    fails(() -> Dataset.open(DataSpec.text(emptyCsv, "text")), "empty.csv: is empty");
    Path headed = write("headed.csv", "text,label\n");
    fails(() -> Dataset.open(DataSpec.text(headed, "text")), "headed.csv: holds no examples");
    fails(() -> DataFormat.of(Path.of("data.txt")), "data.txt", ".jsonl", "rename the file");
  }

  @Test
  void readsCsvWithQuotesAndLineBreaks() throws IOException {
    Path file = write("a.csv", "\uFEFFtext,label\n\"a, \"\"b\"\"\nc\",x\nplain,\n");
    assertThat(read(DataSpec.text(file, "text").withLabel("label")))
        .containsExactly(
            new LabeledExample("0", Example.text("a, \"b\"\nc"), "x", Map.of()),
            new LabeledExample("1", Example.text("plain"), null, Map.of()));
    Path tabs = write("a.tsv", "text\tlabel\nso, la\ty\n");
    assertThat(read(DataSpec.text(tabs, "text")).get(0).example())
        .isEqualTo(Example.text("so, la"));
  }

  @Test
  void namesTheLineOfBadCsv() throws IOException {
    Path file = write("a.csv", "text,label\na,x\nb,y,z\nc,x\n");
    fails(() -> read(DataSpec.text(file, "text")), "a.csv: line 3: 3 cells (expected: 2");
    Path open = write("b.csv", "text,label\n\"a,x\n");
    fails(() -> read(DataSpec.text(open, "text")), "b.csv: line", "not valid CSV");
    Path twice = write("c.csv", "text,text\na,b\n");
    fails(() -> read(DataSpec.text(twice, "text")), "two columns `text`");
  }

  @Test
  void saysWhenTextIsNotUtf8() throws IOException {
    Path file = folder.resolve("a.jsonl");
    Files.write(file, "{\"text\": \"\u00fc\"}\n".getBytes(StandardCharsets.ISO_8859_1));
    fails(() -> read(DataSpec.text(file, "text")), "not UTF-8");
  }

  @Test
  void readsNpz() throws IOException {
    Path file = folder.resolve("a.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      npy(zip, "x", "<f4", "(2, 3)", floats(1, 2, 3, 4, 5, 6));
      npy(zip, "label", "<U2", "(2,)", utf32("ja", 2, "n", 2));
      npy(
          zip,
          "n",
          "<i8",
          "(2,)",
          ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(7).putLong(9).array());
    }
    List<LabeledExample> read = read(DataSpec.tensors(file).withLabel("label").withId("n"));
    assertThat(read)
        .containsExactly(
            new LabeledExample("7", x(1, 2, 3), "ja", Map.of()),
            new LabeledExample("9", x(4, 5, 6), "n", Map.of()));
  }

  @Test
  void namesTheFaultOfBadNpz() throws IOException {
    Path file = folder.resolve("a.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      npy(zip, "x", "<f4", "(2, 3)", floats(1, 2, 3, 4, 5, 6));
      npy(zip, "y", "<f4", "(3,)", floats(1, 2, 3));
    }
    fails(() -> Dataset.open(DataSpec.tensors(file)), "`y` has 3 rows, `x` has 2");
    assertThat(read(DataSpec.tensors(file, "x"))).hasSize(2);
    Path text = write("b.npz", "not a zip at all");
    fails(() -> Dataset.open(DataSpec.tensors(text)), "not an .npz file");
    Path early = folder.resolve("c.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(early))) {
      npy(zip, "x", "<f4", "(2, 3)", floats(1, 2, 3, 4));
    }
    fails(() -> read(DataSpec.tensors(early)), "array `x`: ends early (expected: 2 rows)");
    Path objects = folder.resolve("d.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(objects))) {
      npy(zip, "x", "|O", "(2,)", new byte[0]);
    }
    fails(() -> read(DataSpec.tensors(objects)), "elements of type |O", ".astype(");
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "snappy", "gzip", "zstd"})
  void readsParquet(String codec) throws IOException {
    Path file = resource("tiny-" + codec + ".parquet");
    List<LabeledExample> read =
        read(
            DataSpec.text(file, "text")
                .withLabel("label")
                .withId("id")
                .withSlices(List.of("lang")));
    assertThat(read).hasSize(40);
    assertThat(read.get(17))
        .isEqualTo(
            new LabeledExample(
                "id17", Example.text("text number 17 – ü"), "2", Map.of("lang", "en")));
  }

  @Test
  void readsListsFromParquet() throws IOException {
    Path file = resource("tiny-none.parquet");
    LabeledExample last = read(DataSpec.tensors(file, "vec", "ids", "grid")).get(39);
    assertThat(last.example())
        .isEqualTo(
            Example.tensors(
                Map.of(
                    "vec", NdArray.floats(new float[] {39.5f, 40.5f}, 2),
                    "ids", NdArray.longs(new long[] {39, 40, 41}, 3),
                    "grid", NdArray.longs(new long[] {39, 1, 2, 3}, 2, 2))));
    fails(() -> read(DataSpec.tensors(file, "maybe")), "row 3: field `maybe` is missing or null");
    fails(
        () -> read(DataSpec.text(file, "body")),
        "no field `body`",
        "found: id, text, label, lang, vec, ids, grid, maybe");
  }

  @Test
  void saysWhichLibraryAParquetCodecLacks() throws IOException {
    Path file = resource("tiny-lz4.parquet");
    fails(() -> read(DataSpec.text(file, "text")), "tiny-lz4.parquet", "lz4");
    Path broken = write("broken.parquet", "PAR1 and then nothing that counts");
    fails(() -> Dataset.open(DataSpec.text(broken, "text")), "broken.parquet", "Parquet");
  }

  @Test
  void stopsAtTheLimit() throws IOException {
    assertThat(read(DataSpec.text(resource("tiny-none.parquet"), "text").withLimit(5))).hasSize(5);
  }

  private static Example x(float... row) {
    return Example.tensors(Map.of("x", NdArray.floats(row, row.length)));
  }

  private static List<LabeledExample> read(DataSpec spec) {
    try (Stream<LabeledExample> examples = Dataset.open(spec).stream()) {
      return examples.toList();
    }
  }

  private static void fails(ThrowingCallable action, String... parts) {
    assertThatThrownBy(action).isInstanceOf(BadInputException.class).hasMessageContainingAll(parts);
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path resource(String name) throws IOException {
    Path file = folder.resolve(name);
    try (var in = Objects.requireNonNull(DataFilesTest.class.getResourceAsStream(name), name)) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static byte[] utf32(String a, int widthA, String b, int widthB) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * (widthA + widthB)).order(ByteOrder.LITTLE_ENDIAN);
    a.codePoints().forEach(bytes::putInt);
    bytes.position(4 * widthA);
    b.codePoints().forEach(bytes::putInt);
    return bytes.array();
  }

  /** Writes an array as NumPy does. */
  private static void npy(OutputStream out, String name, String descr, String shape, byte[] data) {
    String dictionary =
        "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n".formatted(descr, shape);
    ByteBuffer head = ByteBuffer.allocate(10 + dictionary.length()).order(ByteOrder.LITTLE_ENDIAN);
    head.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1);
    head.put((byte) 0).putShort((short) dictionary.length());
    head.put(dictionary.getBytes(StandardCharsets.US_ASCII));
    try {
      ((ZipOutputStream) out).putNextEntry(new ZipEntry(name + ".npy"));
      out.write(head.array());
      out.write(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void readsImagesByTheirNames() throws IOException {
    Files.createDirectories(folder.resolve("pictures"));
    Path picture = write("pictures/a.png", "not looked into yet");
    Path file = write("a.csv", "file,class\npictures/a.png,cat\n");
    assertThat(read(DataSpec.images(file, "file").withLabel("class")))
        .containsExactly(new LabeledExample("0", Example.image(picture), "cat", Map.of()));
    Path gone = write("b.csv", "file\npictures/b.png\n");
    fails(
        () -> read(DataSpec.images(gone, "file")),
        "b.csv: line 2: field `file`: pictures/b.png",
        "relative to the data file; there is no such");
    fails(() -> read(DataSpec.images(gone, "image")), "no field `image` for the image");
  }

  @Test
  void keepsTypesOfNpz() throws IOException {
    Path file = folder.resolve("t.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      npy(zip, "b", "|b1", "(1, 2)", new byte[] {1, 0});
      npy(zip, "u", "|u1", "(1, 2)", new byte[] {1, (byte) 255});
    }
    Example.Tensors read = (Example.Tensors) read(DataSpec.tensors(file)).get(0).example();
    assertThat(Objects.requireNonNull(read.tensors().get("b")).type()).isEqualTo(ElementType.BOOL);
    assertThat(Objects.requireNonNull(read.tensors().get("u")).type()).isEqualTo(ElementType.UINT8);
  }
}
