package dev.hasten.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.hasten.runtime.BadInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One JSON object a line; blank lines are passed over. */
final class JsonLinesReader implements RecordReader {
  /** Objects may differ in fields; those of the first ones stand for the file's. */
  private static final int LOOK_AHEAD = 100;

  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_LONG_FOR_INTS)
          .build()
          .readerFor(new TypeReference<Map<String, @Nullable Object>>() {});

  private final Path path;
  private final BufferedReader lines;
  private final Deque<Item> ahead = new ArrayDeque<>();
  private final Set<String> fields = new LinkedHashSet<>();
  private @Nullable BadInputException fault;
  private long line;

  private JsonLinesReader(Path path, BufferedReader lines) {
    this.path = path;
    this.lines = lines;
  }

  static JsonLinesReader open(Path path) throws IOException {
    BufferedReader lines = Files.newBufferedReader(path, StandardCharsets.UTF_8);
    JsonLinesReader reader = new JsonLinesReader(path, lines);
    try {
      reader.lookAhead();
      return reader;
    } catch (IOException | RuntimeException e) {
      lines.close();
      throw e;
    }
  }

  private void lookAhead() throws IOException {
    while (ahead.size() < LOOK_AHEAD) {
      Item item;
      try {
        item = read();
      } catch (BadInputException e) {
        // Kept until the reader gets there; on the first line it is the answer.
        if (ahead.isEmpty()) {
          throw e;
        }
        fault = e;
        return;
      }
      if (item == null) {
        return;
      }
      fields.addAll(item.values().keySet());
      ahead.add(item);
    }
  }

  @Override
  public List<String> fields() {
    return List.copyOf(fields);
  }

  @Override
  public @Nullable Item next() throws IOException {
    Item item = ahead.poll();
    if (item != null) {
      return item;
    }
    if (fault != null) {
      throw fault;
    }
    return read();
  }

  private @Nullable Item read() throws IOException {
    String text;
    do {
      try {
        text = lines.readLine();
      } catch (CharacterCodingException e) {
        throw new BadInputException(
            path + ": after line " + line + ": not UTF-8 (expected: UTF-8); convert the file", e);
      }
      line++;
      if (line == 1 && text != null && text.startsWith("\uFEFF")) {
        text = text.substring(1);
      }
    } while (text != null && text.isBlank());
    if (text == null) {
      return null;
    }
    try {
      if (!text.stripLeading().startsWith("{")) {
        throw new BadInputException(
            path
                + ": line "
                + line
                + ": starts with `"
                + head(text)
                + "` (expected: a JSON object)");
      }
      Map<String, @Nullable Object> values = JSON.readValue(text);
      return new Item("line " + line, values);
    } catch (JsonProcessingException e) {
      throw new BadInputException(
          "%s: line %d, column %d: not valid JSON: %s (expected: one object a line)"
              .formatted(
                  path,
                  line,
                  e.getLocation() == null ? 0 : e.getLocation().getColumnNr(),
                  plain(e.getOriginalMessage())),
          e);
    }
  }

  /** Without the parser's own idea of where it is: it knows one line only. */
  private static String plain(String message) {
    return message.replaceFirst(" \\(start marker at .*\\)$", "");
  }

  private static String head(String text) {
    return text.length() > 20 ? text.substring(0, 20) + "…" : text;
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
