package dev.hasten.measure;

import dev.hasten.measure.RecordReader.Item;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From a file's records to examples, as a {@link DataSpec} tells. */
final class ExampleMapper {
  private final DataSpec spec;
  private final List<String> fields;

  /**
   * @param found the file's fields, for tensor examples that name none
   */
  ExampleMapper(DataSpec spec, List<String> found) {
    this.spec = spec;
    List<String> named = spec.content().fields();
    this.fields =
        named.isEmpty() ? found.stream().filter(field -> !hasOtherRole(field)).toList() : named;
  }

  private boolean hasOtherRole(String field) {
    return field.equals(spec.labelField())
        || field.equals(spec.idField())
        || spec.sliceFields().contains(field);
  }

  LabeledExample map(Item item, long position) {
    String id = spec.idField() == null ? Long.toString(position) : scalar(item, spec.idField());
    String label = spec.labelField() == null ? null : scalarOrNull(item, spec.labelField());
    Map<String, String> slices = new LinkedHashMap<>();
    for (String field : spec.sliceFields()) {
      String value = scalarOrNull(item, field);
      if (value != null) {
        slices.put(field, value);
      }
    }
    return new LabeledExample(id, example(item), label, slices);
  }

  private Example example(Item item) {
    return switch (spec.content()) {
      case Content.Text(String field) -> Example.text(text(item, field));
      case Content.Tensors t -> tensors(item);
      case Content.Image(String field) ->
          item.values().get(field) instanceof NdArray pixels
              ? Example.image(pixels)
              : Example.image(file(item, field));
      case Content.Audio(String field) -> Example.audio(file(item, field));
      case Content.Row(List<String> names) -> row(item, names);
    };
  }

  private Example row(Item item, List<String> names) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (String field : names) {
      Object value = item.values().get(field);
      values.put(field, value instanceof NdArray array ? scalar(item, field, array) : value);
    }
    return Example.row(values, spec.path() + ": " + item.where());
  }

  private Object scalar(Item item, String field, NdArray array) {
    if (array.size() != 1) {
      throw wrong(item, field, array, "one value");
    }
    if (array.type() == ElementType.STRING) {
      return array.strings().getFirst();
    }
    return array.type().isFloating() ? (Object) array.toDoubles()[0] : array.toLongs()[0];
  }

  private Example tensors(Item item) {
    Map<String, NdArray> tensors = new LinkedHashMap<>();
    for (String field : fields) {
      Object value = item.values().get(field);
      if (value == null) {
        throw missing(item, field);
      }
      tensors.put(field, tensor(item, field, value));
    }
    return Example.tensors(tensors);
  }

  private Path file(Item item, String field) {
    String name = text(item, field);
    try {
      Path file =
          spec.format() == DataFormat.FOLDER
              ? spec.path().resolve(name)
              : spec.path().resolveSibling(name);
      if (Files.isRegularFile(file)) {
        return file;
      }
    } catch (InvalidPathException e) {
      // Told below, with the name.
    }
    throw wrong(item, field, name, "a file's name, relative to the data file; there is no such");
  }

  private String text(Item item, String field) {
    Object value = item.values().get(field);
    if (value == null) {
      throw missing(item, field);
    }
    if (value instanceof String text) {
      return text;
    }
    throw wrong(item, field, value, "a text");
  }

  private String scalar(Item item, String field) {
    String value = scalarOrNull(item, field);
    if (value == null) {
      throw missing(item, field);
    }
    return value;
  }

  private @Nullable String scalarOrNull(Item item, String field) {
    Object value = item.values().get(field);
    return switch (value) {
      case null -> null;
      case String text -> text.isEmpty() ? null : text;
      case Boolean flag -> flag.toString();
      case Number number -> number.toString();
      case NdArray array when array.rank() == 0 -> number(array);
      case List<?> list -> list.toString();
      case NdArray array when array.type() != ElementType.STRING -> list(array);
      default -> throw wrong(item, field, value, "a text, a number, true/false or a list");
    };
  }

  /** Flat: boxes and masks know their own form. */
  private static String list(NdArray array) {
    return array.type().isFloating()
        ? java.util.Arrays.toString(array.toDoubles())
        : java.util.Arrays.toString(array.toLongs());
  }

  private static String number(NdArray array) {
    return array.type().isFloating()
        ? Double.toString(array.toDoubles()[0])
        : Long.toString(array.toLongs()[0]);
  }

  private NdArray tensor(Item item, String field, Object value) {
    try {
      return Nested.toArray(value);
    } catch (IllegalArgumentException e) {
      throw new BadInputException(
          "%s: %s: field `%s`: %s".formatted(spec.path(), item.where(), field, e.getMessage()), e);
    }
  }

  private BadInputException missing(Item item, String field) {
    return new BadInputException(
        "%s: %s: field `%s` is missing or null (found: %s)"
            .formatted(
                spec.path(), item.where(), field, String.join(", ", item.values().keySet())));
  }

  private BadInputException wrong(Item item, String field, Object value, String expected) {
    String shown = String.valueOf(value);
    return new BadInputException(
        "%s: %s: field `%s`: %s (expected: %s)"
            .formatted(
                spec.path(),
                item.where(),
                field,
                shown.length() > 60 ? shown.substring(0, 60) + "…" : shown,
                expected));
  }
}
