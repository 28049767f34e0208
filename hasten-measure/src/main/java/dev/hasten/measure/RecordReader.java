package dev.hasten.measure;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a file's records one after the other. */
interface RecordReader extends Closeable {
  /** The fields that a record may have, in the file's order. */
  List<String> fields();

  /** The next record, null at the end. */
  @Nullable Item next() throws IOException;

  /**
   * One record.
   *
   * @param where for messages, for example {@code line 7}
   * @param values field to value: String, Number, Boolean, List of values, {@code NdArray} or null
   */
  record Item(String where, Map<String, @Nullable Object> values) {}
}
