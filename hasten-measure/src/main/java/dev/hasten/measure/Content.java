package dev.hasten.measure;

import java.util.List;

/** Which of a file's fields make the example. */
public sealed interface Content {
  /** A text. */
  record Text(String field) implements Content {}

  /**
   * Tensors, named as their fields.
   *
   * @param fields with none, every field that has no other role
   */
  record Tensors(List<String> fields) implements Content {
    public Tensors {
      fields = List.copyOf(fields);
    }
  }

  /** An image: the field holds the name of its file, relative to the file that names it. */
  record Image(String field) implements Content {}

  /** A recording: the field holds the name of its WAV file, relative to the file that names it. */
  record Audio(String field) implements Content {}

  /**
   * A row of a table.
   *
   * @param fields its fields
   */
  record Row(List<String> fields) implements Content {
    public Row {
      fields = List.copyOf(fields);
    }
  }

  /** The fields that are named, in their order. */
  default List<String> fields() {
    return switch (this) {
      case Text(String field) -> List.of(field);
      case Tensors(List<String> fields) -> fields;
      case Image(String field) -> List.of(field);
      case Audio(String field) -> List.of(field);
      case Row(List<String> fields) -> fields;
    };
  }
}
