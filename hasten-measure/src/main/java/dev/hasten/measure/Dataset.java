package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.List;
import java.util.stream.Stream;

/**
 * Examples, streamed: a file larger than memory is fine.
 *
 * <pre>{@code
 * try (Stream<LabeledExample> examples = Dataset.open(DataSpec.text(file, "text")).stream()) {
 *   examples.forEach(...);
 * }
 * }</pre>
 */
public interface Dataset {
  /** What the data are called in messages: the file's path. */
  String name();

  /**
   * The examples in the file's order, from the start on each call. Close the stream: it holds the
   * file open. A fault in the file throws {@link BadInputException}, naming file, line and field,
   * from the stream's operations.
   */
  Stream<LabeledExample> stream();

  /**
   * A dataset in a file. Opening checks that the file is there and has the fields asked for.
   *
   * @throws BadInputException if the file is missing, unreadable, empty or lacks a field
   */
  static Dataset open(DataSpec spec) {
    return DataFiles.open(spec);
  }

  /** A dataset in memory. */
  static Dataset of(String name, List<LabeledExample> examples) {
    List<LabeledExample> copy = List.copyOf(examples);
    return new Dataset() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Stream<LabeledExample> stream() {
        return copy.stream();
      }
    };
  }
}
