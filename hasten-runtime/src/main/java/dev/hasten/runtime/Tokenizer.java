package dev.hasten.runtime;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** A {@code tokenizer.json}. Thread-safe: the native tokenizer is only read. */
final class Tokenizer implements AutoCloseable {
  private static final Set<String> PADDING_TOKENS = Set.of("[PAD]", "<pad>", "<|pad|>");

  private final HuggingFaceTokenizer tokenizer;
  private final long paddingId;
  private final Gate gate;

  private Tokenizer(Path file, HuggingFaceTokenizer tokenizer, long paddingId) {
    this.tokenizer = tokenizer;
    this.paddingId = paddingId;
    this.gate = new Gate("the tokenizer " + file.getFileName(), tokenizer::close);
  }

  /**
   * @param maxLength longer texts are cut to this many tokens
   */
  static Tokenizer open(Path file, int maxLength) {
    if (!Files.isRegularFile(file)) {
      throw new BadInputException(
          "tokenizer: "
              + file
              + " (expected: a Hugging Face tokenizer.json; there is no such file)");
    }
    long paddingId = paddingId(file);
    Map<String, String> options =
        Map.of(
            "addSpecialTokens", "true",
            "truncation", "true",
            "maxLength", Integer.toString(maxLength),
            "modelMaxLength", Integer.toString(maxLength),
            "padding", "false");
    try {
      return new Tokenizer(file, TokenizerLibrary.open(file, options), paddingId);
    } catch (EnvironmentException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new BadInputException(
          "tokenizer: "
              + file
              + " is refused: "
              + e.getMessage()
              + " (expected: a Hugging Face tokenizer.json)",
          e);
    }
  }

  /** What fills up the shorter texts of a batch. */
  long paddingId() {
    return paddingId;
  }

  Encoding encode(String text) {
    gate.enter();
    try {
      return tokenizer.encode(text, true, false);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void close() {
    gate.close();
    gate.awaitReleased();
  }

  /**
   * The padding token's number: from the file's {@code padding}, else from the added tokens, else
   * 0. Models like RoBERTa derive positions from it, so any number will not do.
   */
  private static long paddingId(Path file) {
    long byName = 0;
    try (JsonParser parser = Json.FACTORY.createParser(file.toFile())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new BadInputException("tokenizer: " + file + " is not a JSON object");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        if (key.equals("padding") && value == JsonToken.START_OBJECT) {
          return idOfPadding(parser);
        } else if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
          byName = idOfPaddingToken(parser);
        } else {
          parser.skipChildren();
        }
      }
      return byName;
    } catch (IOException e) {
      throw Json.bad("tokenizer: " + file, e);
    }
  }

  private static long idOfPadding(JsonParser parser) throws IOException {
    long id = 0;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      if (key.equals("pad_id")) {
        id = parser.getLongValue();
      } else {
        parser.skipChildren();
      }
    }
    return id;
  }

  private static long idOfPaddingToken(JsonParser parser) throws IOException {
    long found = 0;
    while (parser.nextToken() == JsonToken.START_OBJECT) {
      long id = 0;
      String content = "";
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "id" -> id = parser.getLongValue();
          case "content" -> content = parser.getText();
          default -> parser.skipChildren();
        }
      }
      if (PADDING_TOKENS.contains(content)) {
        found = id;
      }
    }
    return found;
  }
}
