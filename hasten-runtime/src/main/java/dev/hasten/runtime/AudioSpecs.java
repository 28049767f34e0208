package dev.hasten.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** {@link PipelineSpec.Audio} as the section of a YAML or JSON file. */
final class AudioSpecs {
  private AudioSpecs() {}

  static PipelineSpec.Audio parse(Section section) {
    return section.checked(() ->
        new PipelineSpec.Audio(
            section.integer("rate", PipelineSpec.Audio.RATE, 1),
            section.optionalReal("seconds"),
            section.flag("normalize", false),
            section.optionalSection("mel").map(AudioSpecs::mel),
            section.integer("maxSeconds", PipelineSpec.Audio.MAX_SECONDS, 1),
            section.optionalSection("decode").map(CtcSpecs::parse)));
  }

  private static MelSpec mel(Section section) {
    MelStyle style = section.choice("like", MelStyle.WHISPER);
    MelSpec defaults =
        switch (style) {
          case WHISPER -> MelSpec.whisper();
          case LIBROSA -> MelSpec.librosa();
        };
    MelSpec mel =
        new MelSpec(
            style,
            section.integer("window", defaults.window(), 2),
            section.integer("hop", defaults.hop(), 1),
            section.integer("bands", defaults.bands(), 1),
            section.real("lowest", defaults.lowest()),
            section.optionalReal("highest"),
            section.flag("framesFirst", defaults.framesFirst()));
    section.rejectOthers();
    return mel;
  }

  static Map<String, Object> toMap(PipelineSpec.Audio audio) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("rate", audio.rate());
    audio.seconds().ifPresent(seconds -> map.put("seconds", seconds));
    map.put("normalize", audio.normalize());
    audio.mel().ifPresent(mel -> map.put("mel", mel(mel)));
    map.put("maxSeconds", audio.maxSeconds());
    audio.decode().ifPresent(ctc -> map.put("decode", CtcSpecs.toMap(ctc)));
    return map;
  }

  private static Map<String, Object> mel(MelSpec mel) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("like", Section.label(mel.style()));
    map.put("window", mel.window());
    map.put("hop", mel.hop());
    map.put("bands", mel.bands());
    map.put("lowest", mel.lowest());
    Optional<Double> highest = mel.highest();
    highest.ifPresent(hertz -> map.put("highest", hertz));
    map.put("framesFirst", mel.framesFirst());
    return map;
  }
}
