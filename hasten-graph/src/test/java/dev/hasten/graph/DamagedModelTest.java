package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that are no models, or broken ones: a clear message, never another exception. */
class DamagedModelTest {
  @TempDir Path folder;

  @Test
  void mutationsAreReadOrRefused() {
    byte[] good = TestModels.small().toBytes();
    Random random = new Random(7);
    int refused = 0;
    for (int round = 0; round < 6000; round++) {
      byte[] bad = good.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      if (random.nextInt(4) == 0) {
        bad = Arrays.copyOf(bad, random.nextInt(bad.length));
      }
      try {
        Model model = Model.read(bad, "mutated");
        model.validate();
        model.copy().toBytes();
        assertThat(model.fingerprint()).hasSize(64);
        assertThat(model.describe()).isNotEmpty();
      } catch (ModelException e) {
        assertThat(e).hasMessageContaining("mutated");
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }

  @Test
  void truncationAtAnyByteIsSeen() {
    byte[] good = TestModels.small().toBytes();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> Model.read(cut, "cut").validate())
          .isInstanceOf(ModelException.class);
    }
  }

  @Test
  void otherFilesAreNamed() throws IOException {
    Path lfs = file("version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
    assertThatThrownBy(() -> Model.read(lfs)).hasMessageContaining("git lfs pull");
    Path zip = file("PK\u0003\u0004rest");
    assertThatThrownBy(() -> Model.read(zip)).hasMessageContaining("zip archive");
    Path text = file("this is not a model at all");
    assertThatThrownBy(() -> Model.read(text)).hasMessageContaining("not an ONNX model");
    Path empty = file("");
    assertThatThrownBy(() -> Model.read(empty)).hasMessageContaining("empty");
    assertThatThrownBy(() -> Model.read(folder))
        .hasMessageContaining("a folder (expected: an ONNX model)");
    assertThatThrownBy(() -> Model.read(folder.resolve("absent.onnx")))
        .hasMessageContaining("no such file");
  }

  @Test
  void oldOpsetsAndUnknownVersionsAreRefused() {
    Model old = TestModels.small();
    old.setOpset("", 6);
    assertThatThrownBy(() -> Model.read(old.toBytes(), "old"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("old: opset 6 (expected: 7 or newer)");
    Model future = TestModels.small();
    future.setIrVersion(99);
    assertThatThrownBy(() -> Model.read(future.toBytes(), "future"))
        .hasMessageContaining("IR version 99");
  }

  @Test
  void wrongAmountOfDataIsRefused() throws IOException {
    ModelProto.Builder proto = ModelProto.parseFrom(TestModels.small().toBytes()).toBuilder();
    proto.getGraphBuilder().getInitializerBuilder(0).setDims(0, 1L << 50);
    assertThatThrownBy(() -> Model.read(proto.build().toByteArray(), "m"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("initializer 'w'")
        .hasMessageContaining("24 bytes of data");
  }

  @ParameterizedTest
  @CsvSource({
    "../secret, 0, 24, leaves the folder",
    "/etc/passwd, 0, 24, leaves the folder",
    "a/../../secret, 0, 24, leaves the folder",
    "'', 0, 24, leaves the folder",
    "link, 0, 24, symbolic link",
    "absent, 0, 24, is missing",
    "data, 8, 24, at least 8 + 24",
    "data, -1, 24, whole number",
    "data, 9223372036854775807, 24, at least",
    "data, x, 24, whole number",
    "data, 0, 25, 24 bytes for its type"
  })
  void externalDataAreConfined(String location, String offset, String length, String message)
      throws IOException {
    Files.write(folder.resolve("data"), new byte[24]);
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("data"));
    Path model = external(location, offset, length);
    assertThatThrownBy(() -> Model.read(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(model.toString())
        .hasMessageContaining("initializer 'w'")
        .hasMessageContaining(message);
  }

  @Test
  void externalDataAreRead() throws IOException {
    Files.write(folder.resolve("data"), new byte[32]);
    Model model = Model.read(external("data", "8", "24"));
    Tensor tensor = Objects.requireNonNull(model.graph().value("w").constant());
    assertThat(tensor.toFloats()).containsOnly(0).hasSize(6);
  }

  @Test
  void anUnwritableTargetIsNamedAndNothingIsLeft() throws IOException {
    Path target = folder.resolve("absent/model.onnx");
    assertThatThrownBy(() -> TestModels.small().write(target))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(target + ": cannot be written: there is no such folder");
    Path taken = Files.createDirectories(folder.resolve("taken.onnx/inside"));
    assertThatThrownBy(() -> TestModels.small().write(folder.resolve("taken.onnx")))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(taken).exists();
    try (var left = Files.list(folder)) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void aLinkedFolderIsRefusedToo() throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Files.write(elsewhere.resolve("data"), new byte[24]);
    Files.createSymbolicLink(folder.resolve("sub"), elsewhere);
    Path model = external("sub/data", "0", "24");
    assertThatThrownBy(() -> Model.read(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("symbolic link");
    Files.delete(folder.resolve("sub"));
    Files.createDirectories(folder.resolve("sub"));
    Files.copy(elsewhere.resolve("data"), folder.resolve("sub/data"));
    assertThat(Model.read(model).files()).containsExactly(model, folder.resolve("sub/data"));
  }

  @Test
  void checksumsAreVerifiedWhereGiven() throws IOException, NoSuchAlgorithmException {
    byte[] data = "weights of the model 6*4".getBytes(StandardCharsets.US_ASCII);
    Files.write(folder.resolve("data"), data);
    byte[] sha1 = MessageDigest.getInstance("SHA-1").digest(data);
    Path good = external("data", "0", "24", HexFormat.of().formatHex(sha1));
    Model.read(good).validate();
    sha1[3]++;
    Path bad = external("data", "0", "24", HexFormat.of().withUpperCase().formatHex(sha1));
    assertThatThrownBy(() -> Model.read(bad))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("initializer 'w': 'data' has the SHA-1 checksum")
        .hasMessageContaining(HexFormat.of().withUpperCase().formatHex(sha1));
  }

  /** Else a file of n bytes and m such tensors would stand for n·m bytes of weights. */
  @Test
  void tensorsShareTheirBytesWholeOrNotAtAll() throws IOException {
    Files.write(folder.resolve("data"), new byte[64]);
    Path model = external("data", "8", "24");
    ModelProto.Builder proto = ModelProto.parseFrom(Files.readAllBytes(model)).toBuilder();
    TensorProto.Builder second =
        proto
            .getGraphBuilder()
            .addInitializer(proto.getGraph().getInitializer(0))
            .getInitializerBuilder(proto.getGraph().getInitializerCount() - 1)
            .setName("again");
    Files.write(model, proto.build().toByteArray());
    Model shared = Model.read(model);
    Path out = folder.resolve("out.onnx");
    List<Path> files = shared.write(out, new WriteOptions(WriteOptions.ExternalData.ALWAYS, 24));
    assertThat(Files.size(files.getLast())).isEqualTo(24);
    assertThat(Model.read(out).fingerprint()).isEqualTo(shared.fingerprint());

    second.getExternalDataBuilder(1).setValue("12");
    Files.write(model, proto.build().toByteArray());
    assertThatThrownBy(() -> Model.read(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("initializer 'again'")
        .hasMessageContaining("bytes 12 to 36 of 'data', which overlap another tensor's 8 to 32");
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("file.onnx"), content, StandardCharsets.ISO_8859_1);
  }

  private Path external(String location, String offset, String length, String... checksum)
      throws IOException {
    ModelProto.Builder proto = ModelProto.parseFrom(TestModels.small().toBytes()).toBuilder();
    TensorProto.Builder w = proto.getGraphBuilder().getInitializerBuilder(0);
    w.clearRawData().setDataLocation(TensorProto.DataLocation.EXTERNAL_VALUE);
    w.addExternalDataBuilder().setKey("location").setValue(location);
    w.addExternalDataBuilder().setKey("offset").setValue(offset);
    w.addExternalDataBuilder().setKey("length").setValue(length);
    for (String sum : checksum) {
      w.addExternalDataBuilder().setKey("checksum").setValue(sum);
    }
    return Files.write(folder.resolve("model.onnx"), proto.build().toByteArray());
  }
}
