package dev.hasten.runtime;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@link PipelineSpec} as the section of a YAML or JSON file. */
final class PipelineSpecs {
  private PipelineSpecs() {}

  static PipelineSpec parse(String path, Map<?, ?> values) {
    Section section = new Section(path, values);
    String type = section.text("type");
    PipelineSpec spec =
        switch (type) {
          case "text" -> text(section);
          case "tensors" -> new PipelineSpec.Tensors(section.flag("batchAxis", true));
          case "image" -> ImageSpecs.parse(section);
          case "audio" -> AudioSpecs.parse(section);
          case "table" -> TableSpecs.parse(section);
          default -> throw section.wrong("type", type, "text, image, audio, table or tensors");
        };
    section.rejectOthers();
    return spec;
  }

  private static PipelineSpec.Text text(Section section) {
    Pooling pooling = section.choice("pooling", Pooling.MEAN);
    return new PipelineSpec.Text(
        section.text("tokenizer", Bundle.TOKENIZER),
        section.integer("maxLength", PipelineSpec.Text.MAX_LENGTH, 1),
        section.integer("padToMultiple", 1, 1),
        section.text("prefix", ""),
        pooling,
        section.flag("normalize", pooling != Pooling.NONE),
        section.optionalText("output"));
  }

  static Map<String, Object> toMap(PipelineSpec spec) {
    Map<String, Object> map = new LinkedHashMap<>();
    switch (spec) {
      case PipelineSpec.Text text -> {
        map.put("type", "text");
        map.put("tokenizer", text.tokenizer());
        map.put("maxLength", text.maxLength());
        map.put("padToMultiple", text.padToMultiple());
        map.put("prefix", text.prefix());
        map.put("pooling", Section.label(text.pooling()));
        map.put("normalize", text.normalize());
        text.output().ifPresent(output -> map.put("output", output));
      }
      case PipelineSpec.Tensors tensors -> {
        map.put("type", "tensors");
        map.put("batchAxis", tensors.batchAxis());
      }
      case PipelineSpec.Image image -> {
        map.put("type", "image");
        map.putAll(ImageSpecs.toMap(image));
      }
      case PipelineSpec.Audio audio -> {
        map.put("type", "audio");
        map.putAll(AudioSpecs.toMap(audio));
      }
      case PipelineSpec.Table table -> {
        map.put("type", "table");
        map.putAll(TableSpecs.toMap(table));
      }
    }
    return map;
  }
}
