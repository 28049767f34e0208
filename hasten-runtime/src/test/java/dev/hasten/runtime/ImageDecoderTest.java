package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ImageDecoderTest {
  private static final ImageDecoder DECODER = new ImageDecoder(10_000, true);

  static List<String> files() {
    return ImageGolden.below("file").stream().map(name -> name.substring(5)).toList();
  }

  /**
   * Lossless formats to the bit; JPEGs up to rounding. The library's lossy WebP strays further from
   * libwebp's, as {@code docs/images.md} says.
   */
  @ParameterizedTest
  @MethodSource("files")
  void decodesAsPillowDoes(String name) {
    ImageSource source = ImageSource.Encoded.of(ImageGolden.file(name));
    PixelGrid wanted = ImageGolden.pixels(ImageGolden.get("decoded/" + name));
    PixelGrid decoded = DECODER.decode(source).withChannels(3, ImageLibrary.PILLOW);
    int most = name.contains("lossy") ? 40 : name.startsWith("jpeg") ? 2 : 0;
    assertThat(ImageGolden.largestDifference(decoded, wanted)).as(name).isLessThanOrEqualTo(most);
    assertThat(DECODER.size(source))
        .isEqualTo(new ImageDecoder.Size(wanted.width(), wanted.height()));
  }

  @Test
  void leavesImagesAsStoredWhenAsked() {
    ImageSource turned = ImageSource.Encoded.of(ImageGolden.file("jpeg-turned-6"));
    ImageSource plain = ImageSource.Encoded.of(ImageGolden.file("jpeg-turned-1"));
    ImageDecoder asStored = new ImageDecoder(10_000, false);
    assertThat(asStored.decode(turned).data()).isEqualTo(DECODER.decode(plain).data());
    assertThat(asStored.size(turned)).isEqualTo(DECODER.size(plain));
  }

  /** A PNG that claims 50,000 × 50,000 pixels in some 60 bytes. */
  @Test
  void refusesBombsBeforeDecoding(@TempDir Path folder) throws Exception {
    byte[] png = ImageGolden.file("png-rgb");
    java.nio.ByteBuffer.wrap(png).putInt(16, 50_000).putInt(20, 50_000);
    java.util.zip.CRC32 crc = new java.util.zip.CRC32();
    crc.update(png, 12, 17);
    java.nio.ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
    Path file = Files.write(folder.resolve("bomb.png"), png);
    ImageDecoder decoder = new ImageDecoder(PipelineSpec.Image.MAX_PIXELS, true);
    assertThatThrownBy(() -> decoder.decode(new ImageSource.File(file)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("bomb.png: 50000×50000 pixels (expected: at most 100000000 pixels")
        .hasMessageContaining("input.maxPixels");
  }

  /** The decoder fills up with zeros what it lacks, here without end. */
  @Test
  @Timeout(60)
  void endsWhereAFileDoes() {
    byte[] damaged = Base64.getDecoder().decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGJiP4HAA==");
    assertThatThrownBy(() -> DECODER.decode(ImageSource.Encoded.of(damaged)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("cannot be decoded as WEBP");
  }

  @Test
  void namesWhatIsNoImage(@TempDir Path folder) throws Exception {
    Path text = Files.writeString(folder.resolve("a.jpg"), "no image");
    assertThatThrownBy(() -> DECODER.decode(new ImageSource.File(text)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("a.jpg: not an image of a known format (expected: JPEG, PNG, BMP");
    assertThatThrownBy(() -> DECODER.decode(new ImageSource.File(folder.resolve("b.png"))))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("b.png: no such file");
    assertThatThrownBy(() -> Example.image(NdArray.longs(new long[6], 2, 3)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("int64[2, 3] (expected: uint8[height, width]");
  }

  /** Whatever the damage: an image, or an error that names it; nothing else, and soon. */
  @ParameterizedTest
  @MethodSource("files")
  void survivesDamage(String name) {
    byte[] file = ImageGolden.file(name);
    Random random = new Random(7);
    for (int i = 0; i < 60; i++) {
      byte[] damaged = i % 3 == 0 ? Arrays.copyOf(file, random.nextInt(file.length)) : file.clone();
      for (int k = 0; k < 3 && i % 3 != 0; k++) {
        damaged[random.nextInt(Math.min(damaged.length, 200))] = (byte) random.nextInt();
      }
      try {
        PixelGrid image = DECODER.decode(ImageSource.Encoded.of(damaged));
        assertThat(image.data()).hasSize(image.width() * image.height() * image.channels());
      } catch (BadInputException e) {
        assertThat(e).hasMessageStartingWith("image of " + damaged.length + " bytes: ");
      }
    }
  }

  @Test
  void takesOrientationsFromDamagedRemarksOnlyWhenTheyMakeSense() {
    byte[] exif = "Exif\0\0II*\0\u00FF\u00FF\u00FF\u007F".getBytes(StandardCharsets.ISO_8859_1);
    byte[] jpeg = new byte[exif.length + 6];
    System.arraycopy(new byte[] {-1, -40, -1, -31, 0, (byte) (exif.length + 2)}, 0, jpeg, 0, 6);
    System.arraycopy(exif, 0, jpeg, 6, exif.length);
    assertThat(ImageMarks.of(ImageFormat.JPEG, jpeg).orientation()).isEqualTo(1);
  }
}
