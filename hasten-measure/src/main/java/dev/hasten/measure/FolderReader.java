package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Files in folders, one folder per class: {@code file} is the file's name from the top folder on,
 * {@code label} the folder's name, {@code class} its number when the folders are sorted by name
 * (torchvision's {@code ImageFolder} counts so). Names are listed folder by folder, contents never
 * read here.
 */
final class FolderReader implements RecordReader {
  static final String FILE = "file";
  static final String LABEL = "label";
  static final String CLASS = "class";

  private final Path top;
  private final Set<String> suffixes;
  private final List<Path> folders;
  private final Queue<Path> files = new ArrayDeque<>();
  private int folder = -1;

  private FolderReader(Path top, Set<String> suffixes, List<Path> folders) {
    this.top = top;
    this.suffixes = suffixes;
    this.folders = folders;
  }

  /**
   * @param suffixes of the files that count, in lower case, with the dot; others are passed over
   */
  static FolderReader open(Path top, Set<String> suffixes) throws IOException {
    try (Stream<Path> entries = Files.list(top)) {
      List<Path> folders =
          entries.filter(Files::isDirectory).filter(f -> !hidden(f)).sorted().toList();
      if (folders.isEmpty()) {
        throw new BadInputException(
            top
                + ": holds no folders (expected: one per class, named as the class); for files"
                + " without classes name them in a CSV or JSONL file");
      }
      return new FolderReader(top, suffixes, folders);
    }
  }

  @Override
  public List<String> fields() {
    return List.of(FILE, LABEL, CLASS);
  }

  @Override
  public @Nullable Item next() throws IOException {
    while (files.isEmpty()) {
      if (folder + 1 == folders.size()) {
        return null;
      }
      list(folders.get(++folder));
    }
    Path file = files.remove();
    Map<String, @Nullable Object> values = new HashMap<>();
    String name = top.relativize(file).toString();
    values.put(FILE, name);
    values.put(LABEL, String.valueOf(folders.get(folder).getFileName()));
    values.put(CLASS, (long) folder);
    return new Item(name, values);
  }

  private void list(Path from) throws IOException {
    Path start = Files.isSymbolicLink(from) ? from.toRealPath() : from;
    try (Stream<Path> all = Files.walk(start)) {
      all.filter(this::counts)
          .sorted()
          .map(file -> from.resolve(start.relativize(file)))
          .forEach(files::add);
    }
  }

  private boolean counts(Path file) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0
        && suffixes.contains(name.substring(dot).toLowerCase(Locale.ROOT))
        && Files.isRegularFile(file);
  }

  private static boolean hidden(Path path) {
    return String.valueOf(path.getFileName()).startsWith(".");
  }

  @Override
  public void close() {}
}
