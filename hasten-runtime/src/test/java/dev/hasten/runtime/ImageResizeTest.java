package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ImageResizeTest {
  static List<String> pillow() {
    return ImageGolden.below("pillow");
  }

  static List<String> opencv() {
    return ImageGolden.below("opencv");
  }

  @ParameterizedTest
  @MethodSource({"pillow", "opencv"})
  void resizesToTheBit(String name) {
    String[] parts = name.split("/");
    ImageLibrary library = ImageLibrary.valueOf(parts[0].toUpperCase(Locale.ROOT));
    Resampling method = Resampling.valueOf(parts[2].toUpperCase(Locale.ROOT));
    PixelGrid wanted = ImageGolden.pixels(ImageGolden.get(name));
    PixelGrid source = ImageGolden.pixels(ImageGolden.get("source/" + parts[1]));
    PixelGrid resized = library.resize(source, wanted.width(), wanted.height(), method);
    assertThat(ImageGolden.largestDifference(resized, wanted)).as(name).isZero();
  }

  @Test
  void differsFromIntelsBicubicByOne() {
    PixelGrid wanted = ImageGolden.pixels(ImageGolden.get("ipp/color/bicubic/23x17"));
    PixelGrid source = ImageGolden.pixels(ImageGolden.get("source/color"));
    PixelGrid resized = ImageLibrary.OPENCV.resize(source, 23, 17, Resampling.BICUBIC);
    assertThat(ImageGolden.largestDifference(resized, wanted)).isEqualTo(1);
  }

  @Test
  void makesGrayToTheBit() {
    PixelGrid cube = ImageGolden.pixels(ImageGolden.get("source/cube"));
    for (ImageLibrary library : ImageLibrary.values()) {
      String name = "gray/" + Section.label(library);
      assertThat(cube.withChannels(1, library).data())
          .as(name)
          .isEqualTo(ImageGolden.pixels(ImageGolden.get(name)).data());
    }
  }
}
