package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  private static NdArray read(byte[] bytes) throws IOException {
    return Npy.read("x.npy", new ByteArrayInputStream(bytes));
  }

  private static byte[] write(NdArray array) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.write(out, array);
    return out.toByteArray();
  }

  /** Written by NumPy 2. */
  private static NdArray golden(String base64) throws IOException {
    return read(Base64.getDecoder().decode(base64));
  }

  @Test
  void readsWhatNumPyWrote() throws IOException {
    // np.asfortranarray(np.arange(6, dtype='<f4').reshape(2, 3))
    assertThat(
            golden(
                "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAo"
                    + "MiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
                    + "ICAgICAgIAoAAAAAAABAQAAAgD8AAIBAAAAAQAAAoEA="))
        .isEqualTo(NdArray.floats(new float[] {0, 1, 2, 3, 4, 5}, 2, 3));
    // np.array([[1, -2], [300, 4]], dtype='>i2')
    NdArray bigEndian =
        golden(
            "k05VTVBZAQB2AHsnZGVzY3InOiAnPmkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzog"
                + "KDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
                + "ICAgICAgIAoAAf/+ASwABA==");
    assertThat(bigEndian).hasToString("int16[2, 2]");
    assertThat(bigEndian.toLongs()).containsExactly(1, -2, 300, 4);
    // np.array(['a', '🐈x'])
    assertThat(
            golden(
                "k05VTVBZAQB2AHsnZGVzY3InOiAnPFUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzog"
                    + "KDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
                    + "ICAgICAgIAphAAAAAAAAAAj0AQB4AAAA"))
        .isEqualTo(NdArray.strings(List.of("a", "🐈x"), 2));
    // np.array(2.5)
    assertThat(
            golden(
                "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzog"
                    + "KCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
                    + "ICAgICAgIAoAAAAAAAAEQA=="))
        .isEqualTo(NdArray.doubles(new double[] {2.5}).reshape());
  }

  @Property(tries = 200, seed = "29")
  void comesBackAsWritten(@ForAll("arrays") NdArray array) throws IOException {
    byte[] bytes = write(array);
    assertThat(read(bytes)).isEqualTo(array);
    // NumPy memory-maps files whose data begin at a multiple of 64.
    int headerBytes = 10 + (bytes[8] & 0xFF) + ((bytes[9] & 0xFF) << 8);
    assertThat(headerBytes % 64).isZero();
  }

  @Provide
  static Arbitrary<NdArray> arrays() {
    Arbitrary<ElementType> types =
        Arbitraries.of(ElementType.class).filter(t -> t != ElementType.BFLOAT16);
    Arbitrary<long[]> shapes = Arbitraries.longs().between(0, 4).array(long[].class).ofMaxSize(4);
    return Combinators.combine(types, shapes, Arbitraries.randomValue(r -> r)).as(NpyTest::random);
  }

  private static NdArray random(ElementType type, long[] shape, Random random) {
    int size = 1;
    for (long n : shape) {
      size *= (int) n;
    }
    if (type == ElementType.STRING) {
      return NdArray.strings(
          random.ints(size, 0, 1000).mapToObj(i -> i % 7 == 0 ? "" : "é🐈" + i).toList(), shape);
    }
    byte[] bytes = new byte[size * type.bytes()];
    random.nextBytes(bytes);
    return NdArray.of(type, ByteBuffer.wrap(bytes), shape);
  }

  /** Whatever happens to the bytes: an array, or a message that names the file. */
  @Property(tries = 2000, seed = "31")
  void damagedFilesNeverDoWorse(@ForAll Random random) throws IOException {
    byte[] bytes = write(random(ElementType.FLOAT, new long[] {3, 4}, random));
    for (int edits = random.nextInt(4); edits >= 0; edits--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    byte[] cut =
        Arrays.copyOf(bytes, bytes.length - random.nextInt(2) * random.nextInt(bytes.length));
    try {
      assertThat(read(cut).size()).isNotNegative();
    } catch (BadInputException e) {
      assertThat(e).hasMessageStartingWith("x.npy: ");
    }
  }

  @Test
  void refusesWithTheReason() {
    refuses(new byte[0], "not an .npy file");
    refuses("PK\3\4 and more".getBytes(StandardCharsets.ISO_8859_1), "not an .npy file");
    refuses(file(9, "{}"), ".npy version 9.0");
    refuses(file(1, "{}"), "'descr'");
    refuses(file(1, "{'descr': '<f4', 'shape': (2,), }"), "'fortran_order': True or False");
    refuses(file(1, header("<f4", "(2, -1)")), "'shape': a tuple of sizes");
    refuses(file(1, header("<f4", "(2,)")), "0 bytes of elements (expected: 8 for shape [2]");
    refuses(file(1, header("|O", "(2,)")), "allow_pickle=False");
    refuses(file(1, header("<c16", "(2,)")), "'<c16'");
    refuses(file(1, header("<f4", "(99999999999, 99999999999)")), "at most 2 GiB");
    refuses(file(1, header("<f8", "(2000000000,)")), "at most 2 GiB");
    refuses(file(1, header("<f4", "(99999999999999999999,)")), "64 bits");
    refuses(file(1, header("<U999999", "(9999,)")), "at most 2 GiB");
    // A big claim with nothing behind it costs nothing.
    refuses(file(1, header("|u1", "(2000000000,)")), "0 bytes of elements");
  }

  private static String header(String descriptor, String shape) {
    return "{'descr': '" + descriptor + "', 'fortran_order': False, 'shape': " + shape + ", }";
  }

  private static byte[] file(int major, String header) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, 0});
    out.writeBytes(new byte[] {(byte) header.length(), 0});
    out.writeBytes(header.getBytes(StandardCharsets.ISO_8859_1));
    return out.toByteArray();
  }

  private static void refuses(byte[] bytes, String part) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("x.npy: ")
        .hasMessageContaining(part);
  }

  @Test
  void namedArraysComeBackInOrder(@TempDir Path folder) throws IOException {
    Map<String, NdArray> arrays = new LinkedHashMap<>();
    arrays.put("ids", NdArray.longs(new long[] {1, 2}, 1, 2));
    arrays.put("a/b", NdArray.floats(new float[] {0.5f}, 1));
    Path file = folder.resolve("x.npz");
    Npz.write(file, arrays);
    assertThat(Npz.read(file)).containsExactlyEntriesOf(arrays);
    assertThat(TensorFiles.read(file)).isEqualTo(arrays);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> Npz.read(file))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("x.npz");
  }

  @Test
  void readsTensorsFromJson(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("x.json");
    Files.writeString(
        file,
        """
        {"whole": [[1, 2], [3, 4]], "real": [0.5, 1], "text": ["a"], "flag": true,
         "flat": {"type": "uint8", "shape": [2, 1], "data": [1, 255]}}
        """);
    Map<String, NdArray> tensors = TensorFiles.read(file);
    assertThat(tensors)
        .containsEntry("whole", NdArray.longs(new long[] {1, 2, 3, 4}, 2, 2))
        .containsEntry("real", NdArray.floats(new float[] {0.5f, 1}, 2))
        .containsEntry("text", NdArray.strings(List.of("a"), 1))
        .containsEntry("flag", NdArray.booleans(new boolean[] {true}).reshape())
        .hasEntrySatisfying(
            "flat",
            a -> {
              assertThat(a).hasToString("uint8[2, 1]");
              assertThat(a.toLongs()).containsExactly(1, 255);
            });
    Map<String, String> bad =
        Map.of(
            "{\"x\": [[1], [2, 3]]}", "different lengths",
            "{\"x\": [1, \"a\"]}", "numbers only",
            "{\"x\": null}", "null",
            "{\"x\": {\"type\": \"float\", \"shape\": [3], \"data\": [1]}}", "shape: [3]",
            "{\"x\": [1,", "not valid JSON",
            "", "empty");
    for (Map.Entry<String, String> entry : bad.entrySet()) {
      Files.writeString(file, entry.getKey());
      assertThatThrownBy(() -> TensorFiles.read(file))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining(entry.getValue());
    }
  }
}
