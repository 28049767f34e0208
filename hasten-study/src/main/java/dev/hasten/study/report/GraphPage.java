package dev.hasten.study.report;

import static dev.hasten.study.report.Html.escape;

import dev.hasten.runtime.AtomicFiles;
import dev.hasten.study.picture.Picture;
import java.nio.file.Path;
import java.util.Map;

/** A model's graph as a page to walk through: one file that loads nothing from the network. */
public final class GraphPage {
  private GraphPage() {}

  /** Writes the page, whole or not at all. */
  public static void write(Picture picture, Path html) {
    AtomicFiles.write(html, html(picture));
  }

  /** The page. */
  public static String html(Picture picture) {
    String script = Page.resource("graph.js");
    return Page.fill(
        Page.resource("graph.html"),
        Map.of(
            "policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src " + Page.hash(script),
            "title",
            escape(picture.title()) + " – Hasten",
            "style",
            Page.resource("graph.css"),
            "heading",
            escape(picture.title()),
            "facts",
            escape(String.join(" · ", picture.facts())),
            "data",
            Page.json(picture),
            "script",
            script));
  }
}
