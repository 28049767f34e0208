package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@link PipelineSpec.Table} as the section of a YAML or JSON file. */
final class TableSpecs {
  private enum Kind {
    NUMBER,
    CATEGORY,
    TEXT,
    MISSING
  }

  private enum Encode {
    ONE_HOT,
    ORDINAL
  }

  private TableSpecs() {}

  static PipelineSpec.Table parse(Section section) {
    List<TableColumn> columns = new ArrayList<>();
    for (Section column : section.sections("columns")) {
      columns.add(column.checked(() -> column(column)));
      column.rejectOthers();
    }
    List<String> marks = section.optionalTexts("missing").orElse(PipelineSpec.Table.MISSING_MARKS);
    return section.checked(
        () -> new PipelineSpec.Table(columns, marks, section.optionalText("output")));
  }

  private static TableColumn column(Section section) {
    String field = section.text("name");
    Optional<String> input = section.optionalText("input");
    Kind kind = section.choice("kind", Kind.NUMBER);
    return switch (kind) {
      case NUMBER ->
          new TableColumn.Numeric(
              field,
              input,
              section.optionalReal("fill"),
              section.flag("keepMissing", false),
              section.optionalSection("scale").map(TableSpecs::scale));
      case CATEGORY -> category(section, field, input);
      case TEXT ->
          new TableColumn.Text(
              field, input, section.optionalText("fill"), section.flag("keepMissing", false));
      case MISSING -> new TableColumn.Missing(field, input);
    };
  }

  private static TableColumn category(Section section, String field, Optional<String> input) {
    Optional<Object> unknown = section.optionalScalar("unknown");
    Optional<Object> fill = section.optionalScalar("fill");
    boolean keepMissing = section.flag("keepMissing", false);
    return switch (section.choice("encode", Encode.ONE_HOT)) {
      case ONE_HOT -> {
        String how = unknown.map(String::valueOf).orElse("refuse");
        if (!how.equals("refuse") && !how.equals("ignore")) {
          throw section.wrong("unknown", how, "refuse or ignore, as encode is one-hot");
        }
        yield new TableColumn.OneHot(
            field,
            input,
            section.scalars("categories"),
            section.optionalScalar("drop"),
            how.equals("ignore"),
            fill,
            keepMissing);
      }
      case ORDINAL -> {
        boolean refuse = unknown.map(v -> v.equals("refuse")).orElse(true);
        yield new TableColumn.Ordinal(
            field,
            input,
            section.scalars("categories"),
            refuse ? Optional.empty() : Optional.of(code(section, unknown.orElseThrow())),
            fill,
            keepMissing);
      }
    };
  }

  private static int code(Section section, Object unknown) {
    if (unknown instanceof Integer || unknown instanceof Long) {
      return Math.toIntExact(((Number) unknown).longValue());
    }
    throw section.wrong("unknown", unknown, "refuse or a whole number, as encode is ordinal");
  }

  private static TableColumn.Scale scale(Section section) {
    Optional<Double> mean = section.optionalReal("mean");
    Optional<Double> std = section.optionalReal("std");
    Optional<Double> min = section.optionalReal("min");
    Optional<Double> max = section.optionalReal("max");
    section.rejectOthers();
    if (min.isPresent() && max.isPresent() && mean.isEmpty() && std.isEmpty()) {
      return TableColumn.Scale.minMax(min.get(), max.get());
    }
    if (min.isPresent() || max.isPresent() || (mean.isEmpty() && std.isEmpty())) {
      throw section.wrong("", "mean, std, min, max", "mean and std, or min and max");
    }
    return TableColumn.Scale.standard(mean.orElse(0.0), std.orElse(1.0));
  }

  static Map<String, Object> toMap(PipelineSpec.Table table) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("columns", table.columns().stream().map(TableSpecs::toMap).toList());
    map.put("missing", table.missing());
    table.output().ifPresent(output -> map.put("output", output));
    return map;
  }

  private static Map<String, Object> toMap(TableColumn.Scale scale) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("mean", scale.shift());
    map.put("std", scale.divisor());
    return map;
  }

  private static Map<String, Object> toMap(TableColumn column) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", column.field());
    column.input().ifPresent(input -> map.put("input", input));
    switch (column) {
      case TableColumn.Numeric c -> {
        map.put("kind", "number");
        c.fill().ifPresent(fill -> map.put("fill", fill));
        map.put("keepMissing", c.keepMissing());
        c.scale().ifPresent(scale -> map.put("scale", toMap(scale)));
      }
      case TableColumn.OneHot c -> {
        map.put("kind", "category");
        map.put("encode", "one-hot");
        map.put("categories", c.categories());
        c.drop().ifPresent(drop -> map.put("drop", drop));
        map.put("unknown", c.ignoreUnknown() ? "ignore" : "refuse");
        c.fill().ifPresent(fill -> map.put("fill", fill));
        map.put("keepMissing", c.keepMissing());
      }
      case TableColumn.Ordinal c -> {
        map.put("kind", "category");
        map.put("encode", "ordinal");
        map.put("categories", c.categories());
        map.put("unknown", c.unknown().isPresent() ? c.unknown().get() : "refuse");
        c.fill().ifPresent(fill -> map.put("fill", fill));
        map.put("keepMissing", c.keepMissing());
      }
      case TableColumn.Text c -> {
        map.put("kind", "text");
        c.fill().ifPresent(fill -> map.put("fill", fill));
        map.put("keepMissing", c.keepMissing());
      }
      case TableColumn.Missing c -> map.put("kind", "missing");
    }
    return map;
  }
}
