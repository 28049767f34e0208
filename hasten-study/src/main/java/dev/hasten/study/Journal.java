package dev.hasten.study;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a study has measured and decided so far: one JSON object a line, each forced to the disk
 * before the study goes on.
 *
 * <p>The study is a function of {@link #once} calls, so a killed one that runs again gets the same
 * answers from here up to where it stopped, and takes the same turns.
 */
final class Journal implements AutoCloseable {
  private static final String HEADER = "header";

  private final FileChannel channel;
  private final Path file;
  private final Map<String, JsonNode> values = new LinkedHashMap<>();
  private final LongSupplier nanoTime;
  private final long opened;
  private double spentBefore;
  private Instant started = Instant.now();

  private Journal(Path file, FileChannel channel, LongSupplier nanoTime) {
    this.file = file;
    this.channel = channel;
    this.nanoTime = nanoTime;
    this.opened = nanoTime.getAsLong();
  }

  /**
   * Opens the journal, or begins one. A last line that a kill cut short is forgotten.
   *
   * @param header what must be equal for the journal to be of use; if it differs, the old journal
   *     is kept aside and a new one begun
   * @throws BadInputException if a line before the last is damaged
   */
  static Journal open(Path file, Map<String, String> header, boolean fresh) {
    return open(file, header, fresh, System::nanoTime);
  }

  static Journal open(Path file, Map<String, String> header, boolean fresh, LongSupplier nanoTime) {
    try {
      if (fresh) {
        putAside(file);
      }
      Journal journal = load(file, nanoTime);
      JsonNode expected = Json.MAPPER.valueToTree(header);
      JsonNode found = journal.values.get(HEADER);
      if (found != null && !found.equals(expected)) {
        journal.close();
        putAside(file);
        journal = load(file, nanoTime);
        found = null;
      }
      if (found == null) {
        journal.append(HEADER, expected);
      }
      return journal;
    } catch (IOException e) {
      throw new EnvironmentException(file + ": the journal cannot be used: " + e, e);
    }
  }

  private static void putAside(Path file) throws IOException {
    if (Files.exists(file)) {
      String stamp = Instant.now().toString().replace(":", "").replaceAll("\\..*", "");
      Path aside = file.resolveSibling(file.getFileName() + "." + stamp);
      for (int i = 2; Files.exists(aside); i++) {
        aside = file.resolveSibling(file.getFileName() + "." + stamp + "-" + i);
      }
      Files.move(file, aside);
    }
  }

  private static Journal load(Path file, LongSupplier nanoTime) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    Journal journal = new Journal(file, channel, nanoTime);
    int start = 0;
    int line = 1;
    while (start < bytes.length) {
      int end = start;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      if (end == bytes.length) {
        break;
      }
      try {
        JsonNode entry =
            Json.MAPPER.readTree(new String(bytes, start, end - start, StandardCharsets.UTF_8));
        journal.take(entry);
      } catch (JsonProcessingException | IllegalArgumentException | DateTimeException e) {
        if (end + 1 < bytes.length) {
          channel.close();
          throw new BadInputException(
              file + ":" + line + ": damaged; start anew with --fresh (it is kept aside)", e);
        }
        break;
      }
      start = end + 1;
      line++;
    }
    channel.truncate(start);
    channel.position(start);
    return journal;
  }

  private void take(JsonNode entry) {
    if (!entry.isObject() || !entry.hasNonNull("key")) {
      throw new IllegalArgumentException("no key");
    }
    if (values.isEmpty()) {
      started = Instant.parse(entry.path("at").asText());
    }
    values.put(entry.path("key").asText(), entry.path("value"));
    spentBefore = entry.path("spent").asDouble();
  }

  /** Whether anything but the header is known. */
  boolean resumed() {
    return values.size() > 1;
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** When the study first began. */
  Instant started() {
    return started;
  }

  /** Time spent, that of earlier runs included as far as journaled. */
  Duration spent() {
    long now = nanoTime.getAsLong() - opened;
    return Duration.ofNanos(Math.round(spentBefore * 1e9) + now);
  }

  /** The value under {@code key}; found out, and written down, if not known yet. */
  <T> T once(String key, Class<T> type, Supplier<T> find) {
    JsonNode known = values.get(key);
    try {
      if (known == null) {
        // Even a value just found is read back from its text: so a resumed study sees the same.
        known = Json.MAPPER.readTree(Json.line(find.get()));
        append(key, known);
      }
      return Json.MAPPER.treeToValue(known, type);
    } catch (JsonProcessingException e) {
      throw new BadInputException(
          file + ": '" + key + "' is of another form; start anew with --fresh", e);
    }
  }

  private void append(String key, JsonNode value) {
    Instant now = Instant.now();
    if (values.isEmpty()) {
      started = now;
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("key", key);
    entry.put("at", now);
    entry.put("spent", spent().toNanos() / 1e9);
    entry.put("value", value);
    ByteBuffer line = ByteBuffer.wrap((Json.line(entry) + "\n").getBytes(StandardCharsets.UTF_8));
    try {
      while (line.hasRemaining()) {
        channel.write(line);
      }
      channel.force(true);
    } catch (IOException e) {
      throw new EnvironmentException(file + ": the journal cannot be written: " + e, e);
    }
    values.put(key, value);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new EnvironmentException(file + ": cannot be closed: " + e, e);
    }
  }
}
