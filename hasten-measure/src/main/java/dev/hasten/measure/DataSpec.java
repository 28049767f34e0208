package dev.hasten.measure;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Which file holds the examples and what its fields mean.
 *
 * @param path the file
 * @param format how it is written
 * @param content the fields that make the example
 * @param labelField the field that holds the label, if any
 * @param idField the field that identifies the example, if any
 * @param sliceFields fields by whose values quality is told apart
 * @param limit read no more than this many examples from the head of the file
 * @param generated whether the examples were made up: what is found holds for such inputs only
 */
public record DataSpec(
    Path path,
    DataFormat format,
    Content content,
    @Nullable String labelField,
    @Nullable String idField,
    List<String> sliceFields,
    OptionalLong limit,
    boolean generated) {
  public DataSpec {
    sliceFields = List.copyOf(sliceFields);
  }

  /** Real examples. */
  public DataSpec(
      Path path,
      DataFormat format,
      Content content,
      @Nullable String labelField,
      @Nullable String idField,
      List<String> sliceFields,
      OptionalLong limit) {
    this(path, format, content, labelField, idField, sliceFields, limit, false);
  }

  /** Text examples from {@code path}, in the format that its name tells. */
  public static DataSpec text(Path path, String textField) {
    return of(path, new Content.Text(textField));
  }

  /** Tensor examples from {@code path}, in the format that its name tells. */
  public static DataSpec tensors(Path path, String... tensorFields) {
    return of(path, new Content.Tensors(List.of(tensorFields)));
  }

  /** Image examples: {@code path} names their files, in the format that its own name tells. */
  public static DataSpec images(Path path, String fileField) {
    return of(path, new Content.Image(fileField));
  }

  /** Recordings: {@code path} names their WAV files, in the format that its own name tells. */
  public static DataSpec audio(Path path, String fileField) {
    return of(path, new Content.Audio(fileField));
  }

  /** Rows of a table from {@code path}, in the format that its name tells. */
  public static DataSpec rows(Path path, String... fields) {
    return of(path, new Content.Row(List.of(fields)));
  }

  private static DataSpec of(Path path, Content content) {
    return new DataSpec(
        path, DataFormat.of(path), content, null, null, List.of(), OptionalLong.empty());
  }

  /** The same, in another format. */
  public DataSpec withFormat(DataFormat format) {
    return new DataSpec(path, format, content, labelField, idField, sliceFields, limit, generated);
  }

  /** The same with labels. */
  public DataSpec withLabel(@Nullable String labelField) {
    return new DataSpec(path, format, content, labelField, idField, sliceFields, limit, generated);
  }

  /** The same with identifiers. */
  public DataSpec withId(@Nullable String idField) {
    return new DataSpec(path, format, content, labelField, idField, sliceFields, limit, generated);
  }

  /** The same with slices. */
  public DataSpec withSlices(List<String> sliceFields) {
    return new DataSpec(path, format, content, labelField, idField, sliceFields, limit, generated);
  }

  /** The same, reading at most {@code limit} examples. */
  public DataSpec withLimit(long limit) {
    return new DataSpec(
        path, format, content, labelField, idField, sliceFields, OptionalLong.of(limit), generated);
  }

  /** The same, made up or not. */
  public DataSpec withGenerated(boolean madeUp) {
    return new DataSpec(path, format, content, labelField, idField, sliceFields, limit, madeUp);
  }
}
