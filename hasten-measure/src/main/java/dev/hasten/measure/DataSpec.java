package dev.hasten.measure;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Which file holds the examples and what its fields mean.
 *
 * <p>Text examples name a {@code textField}. Tensor examples name none: each field in {@code
 * tensorFields} becomes the tensor of that name; with an empty list every field that has no other
 * role does.
 *
 * @param path the file
 * @param format how it is written
 * @param textField the field that holds the text, null for tensor examples
 * @param tensorFields the fields that hold tensors
 * @param labelField the field that holds the label, if any
 * @param idField the field that identifies the example, if any
 * @param sliceFields fields by whose values quality is told apart
 * @param limit read no more than this many examples from the head of the file
 * @param generated whether the examples were made up: what is found holds for such inputs only
 */
public record DataSpec(
    Path path,
    DataFormat format,
    @Nullable String textField,
    List<String> tensorFields,
    @Nullable String labelField,
    @Nullable String idField,
    List<String> sliceFields,
    OptionalLong limit,
    boolean generated) {
  public DataSpec {
    tensorFields = List.copyOf(tensorFields);
    sliceFields = List.copyOf(sliceFields);
  }

  /** Real examples. */
  public DataSpec(
      Path path,
      DataFormat format,
      @Nullable String textField,
      List<String> tensorFields,
      @Nullable String labelField,
      @Nullable String idField,
      List<String> sliceFields,
      OptionalLong limit) {
    this(path, format, textField, tensorFields, labelField, idField, sliceFields, limit, false);
  }

  /** Text examples from {@code path}, in the format that its name tells. */
  public static DataSpec text(Path path, String textField) {
    return new DataSpec(
        path,
        DataFormat.of(path),
        textField,
        List.of(),
        null,
        null,
        List.of(),
        OptionalLong.empty());
  }

  /** Tensor examples from {@code path}, in the format that its name tells. */
  public static DataSpec tensors(Path path, String... tensorFields) {
    return new DataSpec(
        path,
        DataFormat.of(path),
        null,
        List.of(tensorFields),
        null,
        null,
        List.of(),
        OptionalLong.empty());
  }

  /** The same, in another format. */
  public DataSpec withFormat(DataFormat format) {
    return new DataSpec(
        path, format, textField, tensorFields, labelField, idField, sliceFields, limit, generated);
  }

  /** The same with labels. */
  public DataSpec withLabel(@Nullable String labelField) {
    return new DataSpec(
        path, format, textField, tensorFields, labelField, idField, sliceFields, limit, generated);
  }

  /** The same with identifiers. */
  public DataSpec withId(@Nullable String idField) {
    return new DataSpec(
        path, format, textField, tensorFields, labelField, idField, sliceFields, limit, generated);
  }

  /** The same with slices. */
  public DataSpec withSlices(List<String> sliceFields) {
    return new DataSpec(
        path, format, textField, tensorFields, labelField, idField, sliceFields, limit, generated);
  }

  /** The same, reading at most {@code limit} examples. */
  public DataSpec withLimit(long limit) {
    return new DataSpec(
        path,
        format,
        textField,
        tensorFields,
        labelField,
        idField,
        sliceFields,
        OptionalLong.of(limit),
        generated);
  }

  /** The same, made up or not. */
  public DataSpec withGenerated(boolean madeUp) {
    return new DataSpec(
        path, format, textField, tensorFields, labelField, idField, sliceFields, limit, madeUp);
  }
}
