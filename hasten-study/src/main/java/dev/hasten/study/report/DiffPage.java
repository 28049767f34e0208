package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.runtime.AtomicFiles;
import dev.hasten.study.picture.ModelDiff;
import dev.hasten.study.report.Page.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a recipe changed, as a page. */
public final class DiffPage {
  /** Rows shown of each list; the JSON has all. */
  private static final int MOST = 400;

  private DiffPage() {}

  /** Writes the page, whole or not at all. */
  public static void write(ModelDiff diff, Path html) {
    AtomicFiles.write(html, html(diff));
  }

  /** The page. */
  public static String html(ModelDiff diff) {
    Html head =
        el(
            "section.hero",
            attr("aria-labelledby", "title"),
            el(
                "div.title",
                el("h1", attr("id", "title"), text(diff.a().name() + " → " + diff.b().name()))),
            el("p.claim", claim(diff)),
            when(
                !diff.notes().isEmpty(),
                el("div.warning", el("ul", Html.each(diff.notes(), n -> el("li", n))))));
    List<Section> sections = new ArrayList<>();
    sections.add(new Section("whole", "Whole", "The models as a whole", whole(diff)));
    add(sections, "operators", "Operators", "Nodes by operator", operators(diff.operators()));
    add(sections, "added", "Added", "Nodes added", nodes(diff.added()));
    add(sections, "removed", "Removed", "Nodes removed", nodes(diff.removed()));
    add(sections, "changed", "Changed", "Nodes changed", changes(diff.changed()));
    add(sections, "weights", "Weights", "Weights", weights(diff));
    return Page.render(
        diff.b().name() + " – Hasten diff",
        head,
        sections,
        text("Made by Hasten. This page loads nothing from the network."),
        new ChartData(null, null));
  }

  private static void add(List<Section> to, String id, String link, String heading, Html content) {
    if (!content.equals(Html.NOTHING)) {
      to.add(new Section(id, link, heading, content));
    }
  }

  private static String claim(ModelDiff diff) {
    return diff.none()
        ? "The models are the same."
        : "%s added, %s removed, %s changed, %s the same."
            .formatted(
                Format.counted(diff.added().size(), "node"),
                Format.count(diff.removed().size()),
                Format.count(diff.changed().size()),
                Format.count(diff.equal()));
  }

  private static Html whole(ModelDiff diff) {
    var table =
        Table.of(
            "",
            Table.words("Model"),
            Table.number("nodes"),
            Table.number("parameters"),
            Table.number("weights"));
    for (ModelDiff.Side side : List.of(diff.a(), diff.b())) {
      table.row(
          text(side.name()),
          text(Format.count(side.nodes())),
          text(Format.count(side.parameters())),
          text(Format.bytes(side.weightBytes())));
    }
    return table.html();
  }

  private static Html operators(List<ModelDiff.Count> counts) {
    var table =
        Table.of("", Table.words("Operator"), Table.number("before"), Table.number("after"));
    counts.forEach(
        c -> table.row(el("code", c.op()), text(Format.count(c.a())), text(Format.count(c.b()))));
    return when(!counts.isEmpty(), table.html());
  }

  private static Html nodes(List<ModelDiff.DiffNode> nodes) {
    var table = Table.of("", Table.words("Node"), Table.words("operator"));
    nodes.stream().limit(MOST).forEach(n -> table.row(el("code", n.name()), el("code", n.op())));
    return when(!nodes.isEmpty(), join(table.html(), rest(nodes.size())));
  }

  private static Html changes(List<ModelDiff.DiffChange> changes) {
    var table =
        Table.of("", Table.words("Node"), Table.words("operator"), Table.words("difference"));
    changes.stream()
        .limit(MOST)
        .forEach(c ->
            table.row(
                el("code", c.name()),
                el("code", c.op()),
                Html.each(c.what(), w -> el("div", el("code", w)))));
    return when(!changes.isEmpty(), join(table.html(), rest(changes.size())));
  }

  private static Html weights(ModelDiff diff) {
    var table =
        Table.of(
            "Largest first",
            Table.words("Weight"),
            Table.words("before"),
            Table.words("after"),
            Table.number("bytes"),
            Table.words(""));
    diff.weightsChanged().stream()
        .limit(MOST)
        .forEach(w ->
            table.row(
                el("code", w.name()),
                el("code", w.typeA()),
                el("code", w.typeB()),
                text(Format.bytes(w.bytesA()) + " → " + Format.bytes(w.bytesB())),
                text(w.what())));
    diff.weightsAdded().stream()
        .limit(MOST)
        .forEach(w ->
            table.row(
                el("code", w.name()),
                text("–"),
                el("code", w.type()),
                text("+" + Format.bytes(w.bytes())),
                text("added")));
    diff.weightsRemoved().stream()
        .limit(MOST)
        .forEach(w ->
            table.row(
                el("code", w.name()),
                el("code", w.type()),
                text("–"),
                text("−" + Format.bytes(w.bytes())),
                text("removed")));
    int all =
        diff.weightsChanged().size() + diff.weightsAdded().size() + diff.weightsRemoved().size();
    return when(all > 0, table.html());
  }

  private static Html rest(int size) {
    return when(
        size > MOST, el("p.soft", "And " + Format.count(size - MOST) + " more, in the JSON."));
  }
}
