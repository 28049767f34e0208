package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which columns go to which of a model's inputs: all to its only one, else each to the input that
 * it names or whose name is its field's. Columns of one input stand beside each other in their
 * order.
 */
final class TableInputs {
  /**
   * One input and its columns.
   *
   * @param width numbers or texts per row
   */
  record Target(TensorInfo input, List<TableColumn> columns, int width) {
    boolean texts() {
      return input.type() == ElementType.STRING;
    }

    /** {@code [rows, width]}, or {@code [rows]} where the model declares one axis. */
    long[] shape(int rows) {
      return input.rank() == 1 ? new long[] {rows} : new long[] {rows, width};
    }
  }

  private TableInputs() {}

  /**
   * @throws BadInputException if an input gets no column, one of a wrong kind, or another number of
   *     them than it declares
   */
  static List<Target> of(PipelineSpec.Table spec, List<TensorInfo> declared) {
    Map<String, List<TableColumn>> columns = new LinkedHashMap<>();
    declared.forEach(input -> columns.put(input.name(), new ArrayList<>()));
    for (TableColumn column : spec.columns()) {
      String name = input(column, declared);
      List<TableColumn> own = columns.get(name);
      if (own == null) {
        throw new BadInputException(
            "column "
                + column.field()
                + ": the model has no input "
                + name
                + " (expected: "
                + OnnxTensors.describe(declared)
                + "); name the column's input");
      }
      own.add(column);
    }
    List<Target> targets = new ArrayList<>();
    for (TensorInfo input : declared) {
      targets.add(target(input, columns.getOrDefault(input.name(), List.of())));
    }
    return List.copyOf(targets);
  }

  private static String input(TableColumn column, List<TensorInfo> declared) {
    Optional<String> named = column.input();
    if (named.isPresent()) {
      return named.get();
    }
    return declared.size() == 1 ? declared.getFirst().name() : column.field();
  }

  private static Target target(TensorInfo input, List<TableColumn> columns) {
    if (columns.isEmpty()) {
      throw new BadInputException(
          "the model takes "
              + input
              + ", to which no column goes (expected: a column of that name, or with input: "
              + input.name()
              + ")");
    }
    for (TableColumn column : columns) {
      if (column instanceof TableColumn.Text != (input.type() == ElementType.STRING)) {
        throw new BadInputException(
            "column "
                + column.field()
                + ": makes "
                + (column instanceof TableColumn.Text ? "texts" : "numbers")
                + " (expected: "
                + (input.type() == ElementType.STRING ? "kind text" : "kind number or category")
                + ", the model takes "
                + input
                + ")");
      }
    }
    int width = columns.stream().mapToInt(TableColumn::width).sum();
    checkShape(input, columns, width);
    return new Target(input, List.copyOf(columns), width);
  }

  private static void checkShape(TensorInfo input, List<TableColumn> columns, int width) {
    // A model without a declared shape looks like a scalar here: it takes whatever comes.
    boolean fits = input.rank() == 0 || input.rank() == 2 || (input.rank() == 1 && width == 1);
    if (!fits) {
      throw new BadInputException(
          "the model takes "
              + input
              + " (expected: [batch, columns], or [batch] for one column); for others use"
              + " input.type tensors");
    }
    if (input.rank() > 0 && input.shape().getFirst() > 1) {
      throw new BadInputException(
          "the model takes "
              + input
              + ", "
              + input.shape().getFirst()
              + " rows at once and no others (expected: an open first axis, or 1); export it with"
              + " an open batch axis");
    }
    long declared = input.rank() == 2 ? input.shape().get(1) : -1;
    if (declared >= 0 && declared != width) {
      throw new BadInputException(
          "the model takes "
              + input
              + ", the columns make "
              + width
              + (width == 1 ? " number" : " numbers")
              + ": "
              + widths(columns)
              + " (expected: "
              + declared
              + ")");
    }
  }

  private static String widths(List<TableColumn> columns) {
    List<String> words = new ArrayList<>();
    for (TableColumn column : columns.subList(0, Math.min(12, columns.size()))) {
      words.add(column.field() + (column.width() == 1 ? "" : " (" + column.width() + ")"));
    }
    return String.join(", ", words) + (columns.size() > 12 ? ", …" : "");
  }

  static int mostAtOnce(List<Target> targets) {
    boolean single =
        targets.stream().anyMatch(t -> t.input().rank() > 0 && t.input().shape().getFirst() == 1);
    return single ? 1 : Integer.MAX_VALUE;
  }

  /** The fields that a row may have, in the columns' order. */
  static List<String> fields(PipelineSpec.Table spec) {
    return Collections.unmodifiableList(
        new ArrayList<>(
            new java.util.LinkedHashSet<>(
                spec.columns().stream().map(TableColumn::field).toList())));
  }
}
