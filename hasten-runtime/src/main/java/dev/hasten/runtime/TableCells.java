package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One column's values as numbers. */
sealed interface TableCells {
  /**
   * Writes {@link TableColumn#width} numbers, which are 0 before.
   *
   * @param value null: missing
   * @throws BadInputException that begins with what was found
   */
  void write(@Nullable Object value, double[] to, int at);

  static TableCells of(TableColumn column, Set<String> marks) {
    return switch (column) {
      case TableColumn.Numeric c -> new Numbers(c, marks);
      case TableColumn.OneHot c -> new Places(new Categories(c.categories(), c.fill(), marks), c);
      case TableColumn.Ordinal c -> new Codes(new Categories(c.categories(), c.fill(), marks), c);
      case TableColumn.Missing c -> new Indicator(marks);
      case TableColumn.Text c -> throw new IllegalStateException(c.field() + " makes texts");
    };
  }

  /** Whether a value stands for none. */
  private static boolean missing(@Nullable Object value, Set<String> marks) {
    return value == null
        || (value instanceof String text && marks.contains(text.strip()))
        || (value instanceof Double d && d.isNaN())
        || (value instanceof Float f && f.isNaN());
  }

  private static BadInputException refused() {
    return new BadInputException(
        "missing (expected: a value; for rows without one give the column fill: or keepMissing:"
            + " true)");
  }

  record Numbers(TableColumn.Numeric column, Set<String> marks) implements TableCells {
    @Override
    public void write(@Nullable Object value, double[] to, int at) {
      double number;
      if (value != null && !missing(value, marks)) {
        number = number(value);
      } else if (column.fill().isPresent()) {
        number = column.fill().get();
      } else if (column.keepMissing()) {
        number = Double.NaN;
      } else {
        throw refused();
      }
      TableColumn.Scale scale = column.scale().orElse(null);
      to[at] = scale == null ? number : (number - scale.shift()) / scale.divisor();
    }

    private static double number(Object value) {
      double number =
          switch (value) {
            case Number n -> n.doubleValue();
            case Boolean b -> b ? 1 : 0;
            default -> parsed(String.valueOf(value).strip());
          };
      if (!Double.isFinite(number)) {
        throw notANumber(value);
      }
      return number;
    }

    private static double parsed(String text) {
      switch (text.toLowerCase(Locale.ROOT)) {
        case "true":
          return 1;
        case "false":
          return 0;
        default:
      }
      // Java's own forms, 1f and 0x1p3, are nobody's numbers.
      boolean plain =
          !text.isEmpty() && text.chars().allMatch(c -> "+-.eE0123456789".indexOf(c) >= 0);
      if (plain) {
        try {
          return Double.parseDouble(text);
        } catch (NumberFormatException e) {
          // Told below.
        }
      }
      throw notANumber(text);
    }

    private static BadInputException notANumber(Object value) {
      return new BadInputException(
          Categories.shown(value)
              + " (expected: a finite number with a decimal point; if it means that there is no"
              + " value, list it in input.missing; if it is a category, kind: category)");
    }
  }

  record Places(Categories categories, TableColumn.OneHot column) implements TableCells {
    @Override
    public void write(@Nullable Object value, double[] to, int at) {
      int place = categories.place(value);
      if (place == Categories.MISSING && !column.keepMissing()) {
        throw refused();
      }
      if (place == Categories.UNKNOWN && !column.ignoreUnknown()) {
        throw categories.unknown(value, "ignore");
      }
      int dropped = column.drop().map(categories::place).orElse(Integer.MAX_VALUE);
      if (place >= 0 && place != dropped) {
        to[at + place - (place > dropped ? 1 : 0)] = 1;
      }
    }
  }

  record Codes(Categories categories, TableColumn.Ordinal column) implements TableCells {
    @Override
    public void write(@Nullable Object value, double[] to, int at) {
      int place = categories.place(value);
      if (place == Categories.MISSING) {
        if (!column.keepMissing()) {
          throw refused();
        }
        to[at] = Double.NaN;
        return;
      }
      if (place == Categories.UNKNOWN) {
        to[at] = column.unknown().orElseThrow(() -> categories.unknown(value, "-1"));
        return;
      }
      to[at] = place;
    }
  }

  record Indicator(Set<String> marks) implements TableCells {
    @Override
    public void write(@Nullable Object value, double[] to, int at) {
      to[at] = missing(value, marks) ? 1 : 0;
    }
  }

  /** Categories by what their spellings have in common. */
  final class Categories {
    static final int UNKNOWN = -1;
    static final int MISSING = -2;

    private final Map<String, Integer> places = new HashMap<>();
    private final int ofMissing;
    private final boolean numbers;
    private final @Nullable Object fill;
    private final Set<String> marks;

    Categories(List<@Nullable Object> all, Optional<Object> fill, Set<String> marks) {
      for (int i = 0; i < all.size(); i++) {
        Object category = all.get(i);
        if (category != null) {
          places.put(TableColumn.key(category), i);
        }
      }
      this.ofMissing = all.indexOf(null) >= 0 ? all.indexOf(null) : MISSING;
      this.numbers = all.stream().filter(Objects::nonNull).allMatch(Number.class::isInstance);
      this.fill = fill.orElse(null);
      this.marks = marks;
    }

    int place(@Nullable Object value) {
      Integer place = value == null ? null : places.get(TableColumn.key(value));
      // A category may be spelt like a mark of missing values: being listed, it is a category.
      if (place != null) {
        return place;
      }
      if (missing(value, marks)) {
        return fill == null ? ofMissing : place(fill);
      }
      return numbers && value instanceof String text ? ofNumber(text.strip()) : UNKNOWN;
    }

    private int ofNumber(String text) {
      try {
        return places.getOrDefault(TableColumn.key(Double.valueOf(text)), UNKNOWN);
      } catch (NumberFormatException e) {
        return UNKNOWN;
      }
    }

    BadInputException unknown(@Nullable Object value, String remedy) {
      List<String> known = new ArrayList<>(places.keySet());
      known.sort(java.util.Comparator.comparing(places::get));
      String some = String.join(", ", known.subList(0, Math.min(12, known.size())));
      return new BadInputException(
          shown(value)
              + " (expected: one of "
              + some
              + (known.size() > 12 ? ", …" : "")
              + "; to let others pass, unknown: "
              + remedy
              + ")");
    }

    static String shown(@Nullable Object value) {
      String text = String.valueOf(value);
      String head = text.length() > 60 ? text.substring(0, 60) + "…" : text;
      return value instanceof String ? "'" + head + "'" : head;
    }
  }
}
