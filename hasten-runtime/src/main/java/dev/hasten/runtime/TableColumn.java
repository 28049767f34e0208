package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model gets of one field of a row. A field may stand in several columns (its value, and
 * whether it is missing). Every parameter is a fitted one: what scikit-learn calls {@code
 * statistics_}, {@code mean_}, {@code categories_}.
 */
public sealed interface TableColumn {
  /** The row's field. */
  String field();

  /** The model's input that it goes to; absent: its only one, or the one of the field's name. */
  Optional<String> input();

  /** How many numbers (or texts) it makes. */
  default int width() {
    return switch (this) {
      case OneHot c -> c.categories().size() - (c.drop().isPresent() ? 1 : 0);
      case Numeric c -> 1;
      case Ordinal c -> 1;
      case Text c -> 1;
      case Missing c -> 1;
    };
  }

  /**
   * A number: {@code (x - shift) / divisor}.
   *
   * @param fill stands in for a missing value, before scaling ({@code SimpleImputer.statistics_})
   * @param keepMissing a missing value without {@code fill} becomes NaN, else it is refused
   */
  record Numeric(
      String field,
      Optional<String> input,
      Optional<Double> fill,
      boolean keepMissing,
      Optional<Scale> scale)
      implements TableColumn {
    public Numeric {
      if (fill.isPresent() && !Double.isFinite(fill.get())) {
        throw new BadInputException(
            "fill: " + fill.get() + " (expected: a finite number; for NaN, keepMissing: true)");
      }
    }
  }

  /**
   * One column per category, 1 in the value's, 0 elsewhere ({@code OneHotEncoder}).
   *
   * @param categories texts, numbers, booleans; null: a missing value is a category too
   * @param drop the category that gets no column ({@code drop_idx_})
   * @param ignoreUnknown whether a value that is no category makes zeros ({@code
   *     handle_unknown='ignore'}), else it is refused
   * @param keepMissing whether a missing value makes zeros
   */
  record OneHot(
      String field,
      Optional<String> input,
      List<@Nullable Object> categories,
      Optional<Object> drop,
      boolean ignoreUnknown,
      Optional<Object> fill,
      boolean keepMissing)
      implements TableColumn {
    public OneHot {
      categories = checked(categories);
      among("drop", drop, categories);
      among("fill", fill, categories);
    }
  }

  /**
   * A category's place in the list, from 0 ({@code OrdinalEncoder}, pandas' codes).
   *
   * @param unknown the number of a value that is no category ({@code unknown_value}); absent: it is
   *     refused
   * @param keepMissing whether a missing value makes NaN
   */
  record Ordinal(
      String field,
      Optional<String> input,
      List<@Nullable Object> categories,
      Optional<Integer> unknown,
      Optional<Object> fill,
      boolean keepMissing)
      implements TableColumn {
    public Ordinal {
      categories = checked(categories);
      among("fill", fill, categories);
    }
  }

  /**
   * A text as it is, for a model that takes strings.
   *
   * @param keepMissing a missing value without {@code fill} becomes the empty text, else it is
   *     refused
   */
  record Text(String field, Optional<String> input, Optional<String> fill, boolean keepMissing)
      implements TableColumn {}

  /** 1 where the field is missing, else 0 ({@code MissingIndicator}). */
  record Missing(String field, Optional<String> input) implements TableColumn {}

  /** {@code (x - shift) / divisor}. */
  record Scale(double shift, double divisor) {
    public Scale {
      if (!Double.isFinite(shift) || !Double.isFinite(divisor) || divisor == 0) {
        throw new BadInputException(
            "scale: (x - "
                + shift
                + ") / "
                + divisor
                + " (expected: finite numbers, a std other than 0, a min other than max; of a"
                + " column that is constant the std is 1)");
      }
    }

    /** {@code StandardScaler}: {@code mean_} and {@code scale_}. */
    public static Scale standard(double mean, double std) {
      return new Scale(mean, std);
    }

    /** {@code MinMaxScaler}: {@code data_min_} becomes 0, {@code data_max_} 1. */
    public static Scale minMax(double min, double max) {
      return new Scale(min, max - min);
    }
  }

  /** What two spellings of a category have in common: 3 and 3.0 are alike. */
  static String key(Object value) {
    if (value instanceof Number number) {
      double real = number.doubleValue();
      boolean whole = real == Math.rint(real) && Math.abs(real) < 1L << 53;
      return whole ? Long.toString((long) real) : number.toString();
    }
    return String.valueOf(value);
  }

  private static List<@Nullable Object> checked(List<@Nullable Object> categories) {
    List<@Nullable Object> copy = Collections.unmodifiableList(new ArrayList<>(categories));
    if (copy.isEmpty()) {
      throw new BadInputException("categories: none (expected: at least one)");
    }
    Set<@Nullable String> seen = new HashSet<>();
    for (Object category : copy) {
      if (!seen.add(category == null ? null : key(category))) {
        throw new BadInputException(
            "categories: " + category + " twice (expected: categories that differ)");
      }
    }
    return copy;
  }

  private static void among(String name, Optional<Object> value, List<@Nullable Object> all) {
    if (value.isPresent()
        && all.stream().filter(Objects::nonNull).noneMatch(c -> key(c).equals(key(value.get())))) {
      throw new BadInputException(name + ": " + value.get() + " (expected: one of " + all + ")");
    }
  }
}
