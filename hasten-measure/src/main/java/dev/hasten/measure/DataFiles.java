package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Datasets in files: opening, checking, streaming. */
final class DataFiles {
  private static final Set<String> IMAGES =
      Set.of(".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp");

  private DataFiles() {}

  static Dataset open(DataSpec spec) {
    Path path = spec.path();
    if (!Files.exists(path)) {
      throw new BadInputException(path + ": no such file (expected: a dataset); check the path");
    }
    boolean folder = spec.format() == DataFormat.FOLDER;
    if (!(folder ? Files.isDirectory(path) : Files.isRegularFile(path))
        || !Files.isReadable(path)) {
      throw new BadInputException(
          path + ": not a readable " + (folder ? "folder" : "file") + " (expected: a dataset)");
    }
    try (RecordReader reader = reader(spec)) {
      // JSON lines have the fields of their records: no record, no field to miss.
      if (!reader.fields().isEmpty()) {
        checkFields(spec, reader.fields());
      }
      if (reader.next() == null) {
        throw new BadInputException(path + ": holds no examples (expected: at least one)");
      }
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(path, e);
    }
    return new FileDataset(spec);
  }

  /** Says that a file can't be read and why. */
  static BadInputException unreadable(Path path, Exception e) {
    return new BadInputException(path + ": cannot be read: " + e.getMessage(), e);
  }

  private static RecordReader reader(DataSpec spec) throws IOException {
    return switch (spec.format()) {
      case JSONL -> JsonLinesReader.open(spec.path());
      case CSV -> CsvReader.open(spec.path());
      case NPZ -> NpzReader.open(spec.path(), wantedFields(spec));
      case PARQUET -> ParquetReader.open(spec.path(), wantedFields(spec));
      case FOLDER -> FolderReader.open(spec.path(), suffixes(spec));
      case IDX -> IdxReader.open(spec.path());
    };
  }

  private static Set<String> suffixes(DataSpec spec) {
    return switch (spec.content()) {
      case Content.Image i -> IMAGES;
      case Content.Audio a -> Set.of(".wav");
      case Content.Text t -> throw noFolders(spec, "texts");
      case Content.Tensors t -> throw noFolders(spec, "tensors");
      case Content.Row r -> throw noFolders(spec, "rows");
    };
  }

  private static BadInputException noFolders(DataSpec spec, String what) {
    return new BadInputException(
        spec.path() + ": a folder of " + what + " (expected: a file of them)");
  }

  /** The fields that have a role; empty: all of them. */
  private static Set<String> wantedFields(DataSpec spec) {
    Set<String> wanted = new LinkedHashSet<>(spec.content().fields());
    if (wanted.isEmpty()) {
      return Set.of();
    }
    addIfNamed(wanted, spec.labelField());
    addIfNamed(wanted, spec.idField());
    wanted.addAll(spec.sliceFields());
    return wanted;
  }

  private static void addIfNamed(Set<String> fields, @Nullable String field) {
    if (field != null) {
      fields.add(field);
    }
  }

  private static void checkFields(DataSpec spec, List<String> found) {
    check(spec, "label", spec.labelField(), found);
    check(spec, "id", spec.idField(), found);
    spec.sliceFields().forEach(field -> check(spec, "slice", field, found));
    String role =
        switch (spec.content()) {
          case Content.Text t -> "text";
          case Content.Tensors t -> "tensor";
          case Content.Image i -> "image";
          case Content.Audio a -> "audio";
          case Content.Row r -> "column";
        };
    spec.content().fields().forEach(field -> check(spec, role, field, found));
  }

  private static void check(
      DataSpec spec, String role, @Nullable String field, List<String> found) {
    if (field != null && !found.contains(field)) {
      throw new BadInputException(
          "%s: no field `%s` for the %s (found: %s); name one of these"
              .formatted(spec.path(), field, role, String.join(", ", found)));
    }
  }

  private record FileDataset(DataSpec spec) implements Dataset {
    @Override
    public String name() {
      return spec.path().toString();
    }

    @Override
    public Stream<LabeledExample> stream() {
      RecordReader reader;
      try {
        reader = reader(spec);
      } catch (IOException e) {
        throw unreadable(spec.path(), e);
      }
      Stream<LabeledExample> all =
          StreamSupport.stream(
                  Spliterators.spliteratorUnknownSize(
                      new Examples(spec, reader), Spliterator.ORDERED | Spliterator.NONNULL),
                  false)
              .onClose(() -> close(reader));
      return spec.limit().isPresent() ? all.limit(spec.limit().getAsLong()) : all;
    }

    private void close(RecordReader reader) {
      try {
        reader.close();
      } catch (IOException e) {
        throw unreadable(spec.path(), e);
      }
    }
  }

  private static final class Examples implements Iterator<LabeledExample> {
    private final DataSpec spec;
    private final RecordReader reader;
    private final ExampleMapper mapper;
    private long count;
    private @Nullable LabeledExample ahead;

    Examples(DataSpec spec, RecordReader reader) {
      this.spec = spec;
      this.reader = reader;
      this.mapper = new ExampleMapper(spec, reader.fields());
    }

    @Override
    public boolean hasNext() {
      if (ahead == null) {
        RecordReader.Item item;
        try {
          item = reader.next();
        } catch (IOException | UncheckedIOException e) {
          throw unreadable(spec.path(), e);
        }
        if (item != null) {
          ahead = mapper.map(item, count++);
        }
      }
      return ahead != null;
    }

    @Override
    public LabeledExample next() {
      if (!hasNext() || ahead == null) {
        throw new NoSuchElementException();
      }
      LabeledExample result = ahead;
      ahead = null;
      return result;
    }
  }
}
