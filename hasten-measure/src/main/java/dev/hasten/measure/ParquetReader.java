package dev.hasten.measure;

import dev.hardwood.InputFile;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Parquet's top-level columns: numbers, texts, and lists of them. */
final class ParquetReader implements RecordReader {
  /** The library tells its choice of decompressors at INFO: on a console that is noise. */
  private static final Logger LIBRARY_LOG = Logger.getLogger("dev.hardwood");

  private final Path path;
  private final ParquetFileReader file;
  private final List<SchemaNode> columns;
  private final List<String> fields;
  private @Nullable RowReader rows;
  private final Set<String> wanted;
  private long position;

  private ParquetReader(Path path, ParquetFileReader file, Set<String> wanted) {
    this.path = path;
    this.file = file;
    this.wanted = wanted;
    List<SchemaNode> all = file.getFileSchema().getRootNode().children();
    this.fields = all.stream().map(SchemaNode::name).toList();
    this.columns = all.stream().filter(c -> wanted.isEmpty() || wanted.contains(c.name())).toList();
  }

  /**
   * @param wanted the columns to read; empty: all
   */
  static ParquetReader open(Path path, Set<String> wanted) throws IOException {
    if (LIBRARY_LOG.getLevel() == null) {
      LIBRARY_LOG.setLevel(Level.WARNING);
    }
    ParquetFileReader file;
    try {
      file = ParquetFileReader.open(InputFile.of(path));
    } catch (IOException | RuntimeException e) {
      throw new BadInputException(
          path + ": not a Parquet file that can be read: " + e.getMessage(), e);
    }
    return new ParquetReader(path, file, wanted);
  }

  @Override
  public List<String> fields() {
    return fields;
  }

  @Override
  public @Nullable Item next() throws IOException {
    try {
      RowReader reader = rows;
      if (reader == null) {
        reader = wanted.isEmpty() ? file.rowReader() : projected();
        rows = reader;
      }
      if (!reader.hasNext()) {
        return null;
      }
      reader.next();
      Map<String, @Nullable Object> values = new LinkedHashMap<>();
      for (SchemaNode column : columns) {
        values.put(column.name(), value(reader, column));
      }
      return new Item("row " + position++, values);
    } catch (BadInputException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new BadInputException(path + ": row " + position + ": " + e.getMessage(), e);
    }
  }

  private RowReader projected() {
    String[] names = columns.stream().map(SchemaNode::name).toArray(String[]::new);
    return file.buildRowReader().projection(ColumnProjection.columns(names)).build();
  }

  private @Nullable Object value(RowReader row, SchemaNode column) {
    String name = column.name();
    if (row.isNull(name)) {
      return null;
    }
    return switch (column) {
      case SchemaNode.PrimitiveNode primitive -> primitive(row, name, primitive);
      case SchemaNode.GroupNode group when group.isList() -> list(row.getList(name));
      case SchemaNode other ->
          throw new BadInputException(
              path + ": column `" + name + "` is nested (expected: a value or a list)");
    };
  }

  private Object primitive(RowReader row, String name, SchemaNode.PrimitiveNode node) {
    return switch (node.type()) {
      case BOOLEAN -> row.getBoolean(name);
      case INT32, INT64 -> integer(row, name, node);
      case FLOAT -> row.getFloat(name);
      case DOUBLE -> row.getDouble(name);
      case BYTE_ARRAY -> text(row.getRawValue(name));
      case INT96, FIXED_LEN_BYTE_ARRAY -> String.valueOf(row.getValue(name));
    };
  }

  /** Dates, times and decimals are stored as integers too: those read as text. */
  private static Object integer(RowReader row, String name, SchemaNode.PrimitiveNode node) {
    LogicalType logical = node.logicalType();
    if (logical == null || logical instanceof LogicalType.IntType) {
      return ((Number) row.getRawValue(name)).longValue();
    }
    return String.valueOf(row.getValue(name));
  }

  private static Object text(Object raw) {
    // Columns written without a logical type hold bare bytes; text is what people put there.
    return raw instanceof byte[] bytes
        ? new String(bytes, StandardCharsets.UTF_8)
        : String.valueOf(raw);
  }

  private static List<@Nullable Object> list(PqList list) {
    List<@Nullable Object> values = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      Object value = list.isNull(i) ? null : list.get(i);
      values.add(
          switch (value) {
            case null -> null;
            case PqList inner -> list(inner);
            case Integer number -> number.longValue();
            case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
            default -> value;
          });
    }
    return values;
  }

  @Override
  public void close() throws IOException {
    if (rows != null) {
      rows.close();
    }
    file.close();
  }
}
