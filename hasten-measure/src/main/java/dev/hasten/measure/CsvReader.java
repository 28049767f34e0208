package dev.hasten.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Comma- or tab-separated values with a header (RFC 4180: quotes, line breaks within them). */
final class CsvReader implements RecordReader {
  private static final CsvMapper CSV =
      CsvMapper.builder()
          .enable(CsvParser.Feature.WRAP_AS_ARRAY)
          .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
          .build();

  private final Path path;
  private final MappingIterator<String[]> rows;
  private final List<String> header;

  private CsvReader(Path path, MappingIterator<String[]> rows, List<String> header) {
    this.path = path;
    this.rows = rows;
    this.header = header;
  }

  static CsvReader open(Path path) throws IOException {
    boolean tabs = path.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".tsv");
    CsvSchema schema = CsvSchema.emptySchema().withColumnSeparator(tabs ? '\t' : ',');
    Reader text = Files.newBufferedReader(path, StandardCharsets.UTF_8);
    try {
      MappingIterator<String[]> rows = CSV.readerFor(String[].class).with(schema).readValues(text);
      CsvReader reader = new CsvReader(path, rows, List.of());
      String[] first = reader.row();
      if (first == null) {
        throw new BadInputException(path + ": is empty (expected: a header line and examples)");
      }
      if (first[0].startsWith("\uFEFF")) {
        first[0] = first[0].substring(1);
      }
      return new CsvReader(path, rows, checkedHeader(path, List.of(first)));
    } catch (IOException | RuntimeException e) {
      text.close();
      throw e;
    }
  }

  private static List<String> checkedHeader(Path path, List<String> header) {
    Set<String> seen = new HashSet<>();
    for (String column : header) {
      if (!seen.add(column)) {
        throw new BadInputException(
            path + ": line 1: two columns `" + column + "` (expected: names that differ)");
      }
    }
    return header;
  }

  @Override
  public List<String> fields() {
    return header;
  }

  @Override
  public @Nullable Item next() throws IOException {
    String[] row = row();
    if (row == null) {
      return null;
    }
    // The parser stands behind the row's end; a row whose cells hold line breaks began earlier.
    String where = "line " + (rows.getParser().currentTokenLocation().getLineNr());
    if (row.length != header.size()) {
      throw new BadInputException(
          "%s: %s: %d cells (expected: %d, as the header has: %s); quote cells that hold a separator"
              .formatted(path, where, row.length, header.size(), String.join(", ", header)));
    }
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    for (int i = 0; i < row.length; i++) {
      values.put(header.get(i), row[i]);
    }
    return new Item(where, values);
  }

  private String @Nullable [] row() throws IOException {
    try {
      return rows.hasNextValue() ? rows.nextValue() : null;
    } catch (CharacterCodingException e) {
      throw new BadInputException(path + ": not UTF-8 (expected: UTF-8); convert the file", e);
    } catch (JsonProcessingException e) {
      throw new BadInputException(
          "%s: line %d: not valid CSV: %s"
              .formatted(
                  path,
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  e.getOriginalMessage()),
          e);
    }
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
