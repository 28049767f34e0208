package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Rows of a table to the matrices, or the single columns, that a model takes. */
final class TablePipeline implements InputPipeline {
  /** Beyond, a double no longer tells whole numbers apart. */
  private static final double LARGEST_WHOLE = 1L << 53;

  private final PipelineSpec.Table spec;
  private final Set<String> fields;
  private final List<TableInputs.Target> targets;

  /** Per target and column; none for columns of texts. */
  private final List<List<TableCells>> cells;

  TablePipeline(PipelineSpec.Table spec, List<TensorInfo> modelInputs) {
    this.spec = spec;
    this.fields = Collections.unmodifiableSet(new LinkedHashSet<>(spec.fields()));
    this.targets = TableInputs.of(spec, modelInputs);
    Set<String> marks = Set.copyOf(spec.missing());
    this.cells =
        targets.stream()
            .map(t ->
                t.texts()
                    ? List.<TableCells>of()
                    : t.columns().stream().map(c -> TableCells.of(c, marks)).toList())
            .toList();
  }

  @Override
  public PipelineSpec spec() {
    return spec;
  }

  @Override
  public boolean batches() {
    return true;
  }

  @Override
  public int mostAtOnce() {
    return TableInputs.mostAtOnce(targets);
  }

  /** Numbers and texts that a row makes. */
  @Override
  public int length(Example example) {
    return targets.stream().mapToInt(TableInputs.Target::width).sum();
  }

  /** A row's tensors, as for a batch of one. */
  private record Encoded(Map<String, NdArray> tensors, int length, long bytes) implements Prepared {
    @Override
    public String group() {
      return "";
    }
  }

  @Override
  public Prepared prepare(Example example) {
    Map<String, NdArray> tensors = encode(List.of(example));
    long bytes = tensors.values().stream().mapToLong(NdArray::heldBytes).sum();
    return new Encoded(tensors, length(example), bytes);
  }

  @Override
  public Map<String, NdArray> assemble(List<Prepared> examples) {
    checkCount(examples.size());
    Map<String, NdArray> tensors = new LinkedHashMap<>();
    for (TableInputs.Target target : targets) {
      String name = target.input().name();
      tensors.put(
          name,
          Rows.concatenate(
              examples.stream()
                  .map(e -> Objects.requireNonNull(((Encoded) e).tensors().get(name)))
                  .toList()));
    }
    return tensors;
  }

  private void checkCount(int examples) {
    if (examples == 0 || examples > mostAtOnce()) {
      throw new BadInputException(
          "examples: "
              + examples
              + " in one run (expected: "
              + (mostAtOnce() == 1 ? "1, as the model says" : "at least one")
              + ")");
    }
  }

  @Override
  public Map<String, NdArray> encode(List<? extends Example> examples) {
    checkCount(examples.size());
    List<Example.Row> rows = new ArrayList<>(examples.size());
    for (Example example : examples) {
      rows.add(row(example));
    }
    Map<String, NdArray> tensors = new LinkedHashMap<>();
    for (int t = 0; t < targets.size(); t++) {
      TableInputs.Target target = targets.get(t);
      tensors.put(
          target.input().name(), target.texts() ? texts(target, rows) : numbers(t, target, rows));
    }
    return tensors;
  }

  private Example.Row row(Example example) {
    if (!(example instanceof Example.Row row)) {
      throw Examples.unexpected(example, "a row");
    }
    for (String field : row.values().keySet()) {
      if (!fields.contains(field)) {
        throw fault(row, field, "is none of the columns (expected: " + fields + ")");
      }
    }
    return row;
  }

  private NdArray numbers(int t, TableInputs.Target target, List<Example.Row> rows) {
    double[] all = new double[Math.multiplyExact(rows.size(), target.width())];
    List<TableCells> own = cells.get(t);
    boolean whole = !target.input().type().isFloating();
    int at = 0;
    for (Example.Row row : rows) {
      for (int c = 0; c < own.size(); c++) {
        TableColumn column = target.columns().get(c);
        try {
          own.get(c).write(row.values().get(column.field()), all, at);
        } catch (BadInputException e) {
          throw fault(row, column.field(), String.valueOf(e.getMessage()));
        }
        if (whole) {
          checkWhole(row, column, target.input(), all[at]);
        }
        at += column.width();
      }
    }
    return Elements.ofDoubles(target.input().type(), all, target.shape(rows.size()));
  }

  private static void checkWhole(
      Example.Row row, TableColumn column, TensorInfo input, double value) {
    if (value != Math.rint(value) || Math.abs(value) > LARGEST_WHOLE) {
      throw fault(
          row,
          column.field(),
          value + " (expected: a whole number up to 2^53, the model takes " + input + ")");
    }
  }

  private static NdArray texts(TableInputs.Target target, List<Example.Row> rows) {
    List<String> all = new ArrayList<>(rows.size() * target.width());
    for (Example.Row row : rows) {
      for (TableColumn column : target.columns()) {
        all.add(text(row, (TableColumn.Text) column, row.values().get(column.field())));
      }
    }
    return NdArray.strings(all, target.shape(rows.size()));
  }

  private static String text(Example.Row row, TableColumn.Text column, @Nullable Object value) {
    if (value != null) {
      return TableColumn.key(value);
    }
    if (column.fill().isPresent()) {
      return column.fill().get();
    }
    if (column.keepMissing()) {
      return "";
    }
    throw fault(
        row,
        column.field(),
        "missing (expected: a text; for rows without one give the column fill: or keepMissing:"
            + " true)");
  }

  private static BadInputException fault(Example.Row row, String field, String message) {
    String where = row.where().isEmpty() ? "row" : row.where();
    return new BadInputException(where + ": field " + field + ": " + message);
  }

  /** The output that the spec names comes first: it is the one that is judged. */
  @Override
  public Map<String, NdArray> decode(Map<String, NdArray> encoded, Map<String, NdArray> outputs) {
    String first = spec.output().orElse(null);
    if (first == null) {
      return outputs;
    }
    NdArray array = outputs.get(first);
    if (array == null) {
      throw new BadInputException(
          "input.output: "
              + first
              + " (expected one of "
              + outputs.keySet()
              + "; outputs that are maps, as ZipMap makes them, cannot be taken: export the"
              + " classifier with zipmap=False)");
    }
    Map<String, NdArray> ordered = new LinkedHashMap<>();
    ordered.put(first, array);
    ordered.putAll(outputs);
    return Collections.unmodifiableMap(ordered);
  }

  @Override
  public void close() {}
}
