package dev.hasten.study.report;

import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.text;

import java.util.ArrayList;
import java.util.List;

/** A list of names and values; what is unknown is left out. */
final class Facts {
  private final List<Html> entries = new ArrayList<>();

  Facts add(String name, Html value) {
    if (!value.equals(Html.NOTHING)) {
      entries.add(el("dt", name));
      entries.add(el("dd", value));
    }
    return this;
  }

  Facts add(String name, String value) {
    return add(name, text(value));
  }

  Html html() {
    return el("dl.facts", Html.join(entries));
  }

  /** Text to be taken along: a recipe, a command. The script adds a button that copies it. */
  static Html copyable(String text) {
    return el("div.copyable", el("pre", Html.attr("tabindex", "0"), el("code", text)));
  }
}
