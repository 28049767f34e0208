package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;

import java.util.ArrayList;
import java.util.List;

/**
 * A table whose rows turn into blocks on a narrow screen, each cell then named by its column.
 *
 * <p>The first cell of a row is its heading.
 */
final class Table {
  private final String caption;
  private final List<Column> columns;
  private final List<Html> rows = new ArrayList<>();

  private Table(String caption, List<Column> columns) {
    this.caption = caption;
    this.columns = columns;
  }

  /** What a column holds. */
  enum Kind {
    TEXT,
    NUMBER,
    /** A drawing, which on a narrow screen takes a line of its own. */
    DRAWN
  }

  record Column(String title, Kind kind) {}

  static Column words(String title) {
    return new Column(title, Kind.TEXT);
  }

  static Column number(String title) {
    return new Column(title, Kind.NUMBER);
  }

  static Column drawn(String title) {
    return new Column(title, Kind.DRAWN);
  }

  static Table of(String caption, Column... columns) {
    return new Table(caption, List.of(columns));
  }

  Table row(Html... cells) {
    return row("", cells);
  }

  /** A row of the given class of the style sheet. */
  Table row(String style, Html... cells) {
    var row = new ArrayList<Html>();
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      if (i == 0) {
        row.add(el("th.name", attr("scope", "row"), cells[i]));
        continue;
      }
      String selector =
          switch (column.kind()) {
            case TEXT -> "td.text";
            case NUMBER -> "td.num";
            case DRAWN -> "td.drawn";
          };
      row.add(el(selector, attr("data-label", column.title()), cells[i]));
    }
    rows.add(el("tr", attr("class", style), Html.join(row)));
    return this;
  }

  Html html() {
    Html head =
        Html.each(
            columns,
            column ->
                el(
                    column.kind() == Kind.NUMBER ? "th.num" : "th",
                    attr("scope", "col"),
                    Html.text(column.title())));
    return el(
        "div.scroll",
        el(
            "table.stack",
            el("caption", caption),
            el("thead", el("tr", head)),
            el("tbody", Html.join(rows))));
  }
}
