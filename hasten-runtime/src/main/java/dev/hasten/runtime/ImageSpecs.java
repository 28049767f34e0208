package dev.hasten.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** {@link PipelineSpec.Image} as the section of a YAML or JSON file. */
final class ImageSpecs {
  private ImageSpecs() {}

  static PipelineSpec.Image parse(Section section) {
    Optional<Section> resize = section.optionalSection("resize");
    Fit fit = resize.map(ImageSpecs::fit).orElse(new Fit.Natural());
    Resampling method =
        resize.map(r -> r.choice("method", Resampling.BILINEAR)).orElse(Resampling.BILINEAR);
    resize.ifPresent(Section::rejectOthers);
    Optional<CropSize> crop =
        section
            .optionalSection("crop")
            .map(c -> {
              CropSize size = new CropSize(c.integer("width", 1), c.integer("height", 1));
              c.rejectOthers();
              return size;
            });
    return section.checked(() ->
        new PipelineSpec.Image(
            section.choice("colors", Colors.RGB),
            section.choice("like", ImageLibrary.PILLOW),
            section.flag("exif", true),
            fit,
            method,
            crop,
            section.optionalInteger("padding", 0),
            section.real("scale", PipelineSpec.Image.SCALE),
            section.reals("mean"),
            section.reals("std"),
            section.choice("layout", ChannelOrder.NCHW),
            section.whole("maxPixels", PipelineSpec.Image.MAX_PIXELS, 1),
            section.optionalSection("decode").map(CtcSpecs::parse)));
  }

  private static Fit fit(Section resize) {
    String fit = resize.text("fit");
    return resize.checked(() ->
        switch (fit) {
          case "stretch" ->
              new Fit.Stretch(resize.integer("width", 1), resize.integer("height", 1));
          case "shortest" -> new Fit.Shortest(resize.integer("size", 1));
          case "inside" ->
              new Fit.Inside(
                  resize.integer("width", 1),
                  resize.integer("height", 1),
                  resize.flag("centered", true));
          case "height" ->
              new Fit.Height(
                  resize.integer("height", 1),
                  resize.integer("minWidth", 1, 1),
                  resize.optionalInteger("maxWidth", 1));
          case "multiple" ->
              new Fit.Multiple(
                  resize.optionalInteger("atMost", 1),
                  resize.optionalInteger("atLeast", 1),
                  resize.integer("multiple", 32, 1));
          default ->
              throw resize.wrong("fit", fit, "stretch, shortest, inside, height or multiple");
        });
  }

  static Map<String, Object> toMap(PipelineSpec.Image image) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("colors", Section.label(image.colors()));
    map.put("like", Section.label(image.library()));
    map.put("exif", image.exif());
    Map<String, Object> resize = resize(image.fit());
    if (!resize.isEmpty()) {
      resize.put("method", Section.label(image.resampling()));
      map.put("resize", resize);
    }
    image
        .crop()
        .ifPresent(crop -> map.put("crop", Map.of("width", crop.width(), "height", crop.height())));
    image.padding().ifPresent(padding -> map.put("padding", padding));
    map.put("scale", image.scale());
    map.put("mean", image.mean());
    map.put("std", image.std());
    map.put("layout", Section.label(image.layout()));
    map.put("maxPixels", image.maxPixels());
    image.decode().ifPresent(ctc -> map.put("decode", CtcSpecs.toMap(ctc)));
    return map;
  }

  /** Empty for images as large as they are. */
  private static Map<String, Object> resize(Fit fit) {
    Map<String, Object> map = new LinkedHashMap<>();
    switch (fit) {
      case Fit.Natural n -> {}
      case Fit.Stretch(int width, int height) -> {
        map.put("fit", "stretch");
        map.put("width", width);
        map.put("height", height);
      }
      case Fit.Shortest(int size) -> {
        map.put("fit", "shortest");
        map.put("size", size);
      }
      case Fit.Inside(int width, int height, boolean centered) -> {
        map.put("fit", "inside");
        map.put("width", width);
        map.put("height", height);
        map.put("centered", centered);
      }
      case Fit.Height(int height, int minWidth, Optional<Integer> maxWidth) -> {
        map.put("fit", "height");
        map.put("height", height);
        map.put("minWidth", minWidth);
        maxWidth.ifPresent(most -> map.put("maxWidth", most));
      }
      case Fit.Multiple(Optional<Integer> atMost, Optional<Integer> atLeast, int multiple) -> {
        map.put("fit", "multiple");
        atMost.ifPresent(size -> map.put("atMost", size));
        atLeast.ifPresent(size -> map.put("atLeast", size));
        map.put("multiple", multiple);
      }
    }
    return map;
  }
}
