package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.runtime.AtomicFiles;
import dev.hasten.study.LayerErrors;
import dev.hasten.study.report.Page.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where the error of a quantized model enters, as a page. */
public final class LayersPage {
  private static final int STEPS = 25;

  /** Rows of the whole table; the JSON has all. */
  private static final int MOST = 600;

  private LayersPage() {}

  /** Writes the page, whole or not at all. */
  public static void write(LayerErrors errors, Path html) {
    AtomicFiles.write(html, html(errors));
  }

  /** The page. */
  public static String html(LayerErrors errors) {
    Html head =
        el(
            "section.hero",
            attr("aria-labelledby", "title"),
            el("div.title", el("h1", attr("id", "title"), text(errors.a() + " → " + errors.b()))),
            el(
                "p.claim",
                "Where the error enters, on %s; %s compared."
                    .formatted(
                        Format.counted(errors.examples(), "example"),
                        Format.counted(errors.layers().size(), "value"))),
            when(
                !errors.notes().isEmpty(),
                el("div.warning", el("ul", Html.each(errors.notes(), n -> el("li", n))))));
    List<Section> sections = new ArrayList<>();
    sections.add(new Section("try", "Try", "What to try", suggestions(errors)));
    sections.add(
        new Section(
            "steps",
            "Steps",
            "Largest steps",
            layers(errors.bySteps().stream().limit(STEPS).toList())));
    sections.add(
        new Section(
            "worst", "Examples", "Examples whose answers suffer most", worst(errors.worst())));
    sections.add(
        new Section(
            "order",
            "Order",
            "All layers, in the model’s order",
            join(
                layers(errors.layers().stream().limit(MOST).toList()),
                when(
                    errors.layers().size() > MOST,
                    el("p.soft", "And more, in the JSON of hasten compare --per-layer.")))));
    return Page.render(
        errors.b() + " – Hasten layers",
        head,
        sections,
        text(
            "SQNR: 10·log10 of the signal’s energy over the energy of the difference. Noise added: as"
                + " a share of the signal, beyond that of the worst input. Made by Hasten; this"
                + " page loads nothing from the network."),
        new ChartData(null, null));
  }

  private static Html suggestions(LayerErrors errors) {
    return el(
        "ul",
        Html.each(
            errors.suggestions(),
            s ->
                el(
                    "li",
                    el("strong", s.what()),
                    text(": " + s.why()),
                    when(!s.recipe().isEmpty(), Facts.copyable(s.recipe())))));
  }

  private static Html layers(List<LayerErrors.Layer> layers) {
    double most = layers.stream().mapToDouble(LayerErrors.Layer::added).max().orElse(1);
    var table =
        Table.of(
            "Computed in fewer bits: marked",
            Table.words("Node"),
            Table.words("operator"),
            Table.number("SQNR in, dB"),
            Table.number("SQNR out, dB"),
            Table.number("noise added, %"),
            Table.number("crest"),
            Table.drawn(""));
    for (LayerErrors.Layer layer : layers) {
      double width = most <= 0 ? 0 : Math.max(0, 100 * layer.added() / most);
      table.row(
          join(
              el("code", layer.node()),
              when(layer.fewBits(), join(text(" "), el("span.mark", "quantized")))),
          el("code", layer.operator()),
          text(number("%.1f", layer.inputDecibels())),
          text(number("%.1f", layer.decibels())),
          text(number("%+.3f", 100 * layer.added())),
          text(number("%.0f", layer.crest())),
          el(
              "div.pair",
              el(
                  "div.bar",
                  attr("aria-hidden", "true"),
                  attr("style", number("width:%.2f%%", width)))));
    }
    return table.html();
  }

  private static Html worst(List<LayerErrors.Worst> worst) {
    var table =
        Table.of(
            "Worst first",
            Table.words("Example"),
            Table.number("SQNR, dB"),
            Table.number("cosine"),
            Table.words("input"));
    worst.forEach(w ->
        table.row(
            text("#" + w.example()),
            text(number("%.1f", w.decibels())),
            text(number("%.4f", w.cosine())),
            text(w.input())));
    return table.html();
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
