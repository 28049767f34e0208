package dev.hasten.runtime;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@link CtcSpec} as the section of a YAML or JSON file. */
final class CtcSpecs {
  private CtcSpecs() {}

  static CtcSpec parse(Section section) {
    String type = section.text("type");
    if (!type.equals("ctc")) {
      throw section.wrong("type", type, "ctc");
    }
    CtcSpec spec =
        new CtcSpec(
            section.text("characters"),
            section.integer("blank", 0, 0),
            section.flag("space", false));
    section.rejectOthers();
    return spec;
  }

  static Map<String, Object> toMap(CtcSpec ctc) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("type", "ctc");
    map.put("characters", ctc.characters());
    map.put("blank", ctc.blank());
    map.put("space", ctc.space());
    return map;
  }
}
