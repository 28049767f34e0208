package dev.hasten.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Named tensors from the kinds of file that people have them in. */
public final class TensorFiles {
  private TensorFiles() {}

  /**
   * By the file's ending: {@code .npz}; {@code .npy} (one array, under the file's name); {@code
   * .json}: {@code {"name": [[1, 2], [3, 4]], ...}} or {@code {"name": {"type": "float", "shape":
   * [2, 2], "data": [1, 2, 3, 4]}}}.
   */
  public static Map<String, NdArray> read(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String ending = dot < 0 ? "" : name.substring(dot).toLowerCase(Locale.ROOT);
    return switch (ending) {
      case ".npz" -> Npz.read(file);
      case ".npy" -> Map.of(name.substring(0, dot), Npy.read(file));
      case ".json" -> json(file);
      default ->
          throw new BadInputException(file + ": (expected: a name ending in .npz, .npy or .json)");
    };
  }

  private static Map<String, NdArray> json(Path file) {
    byte[] text;
    try {
      text = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + AtomicFiles.reason(e), e);
    }
    Map<String, NdArray> tensors = new LinkedHashMap<>();
    Json.parseObject(file.toString(), text)
        .forEach((key, value) -> {
          String name = String.valueOf(key);
          if (value == null) {
            throw new BadInputException(file + ": " + name + ": null (expected: numbers)");
          }
          tensors.put(name, tensor(file + ": " + name, value));
        });
    return tensors;
  }

  private static NdArray tensor(String where, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      return NestedLists.array(where, value);
    }
    Section section = new Section(where, map);
    String type = section.text("type");
    ElementType element =
        Arrays.stream(ElementType.values())
            .filter(t -> t.toString().equals(type))
            .findFirst()
            .orElseThrow(() -> section.wrong("type", type, "float, int64, …"));
    NdArray flat = NestedLists.array(where, section.list("data"));
    long[] shape =
        NestedLists.array(where, section.list("shape"))
            .reshape(section.list("shape").size())
            .toLongs();
    section.rejectOthers();
    return Conversion.to(element, flat, where).reshape(shape);
  }

  /**
   * Nested lists of numbers, booleans or strings, as JSON and YAML give them. Whole numbers become
   * int64, others float; pipelines convert to what the model declares.
   *
   * @param name for messages
   */
  public static NdArray ofNested(String name, Object value) {
    return NestedLists.array(name, value);
  }
}
