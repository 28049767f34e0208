package dev.hasten.serve;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Bearer tokens (RFC 6750), known by their SHA-256 only. A file has one a line, {@code #} begins a
 * comment: name, digest in hexadecimal, scopes.
 *
 * <pre>{@code
 * shop 5e88…42d8 infer,jobs
 * }</pre>
 */
final class AccessTokens {
  /** What a token allows. */
  enum Scope {
    INFER,
    JOBS,
    ADMIN
  }

  /** Of whom, and what they may do. */
  record Token(String name, Set<Scope> scopes, byte[] digest) {}

  private final List<Token> tokens;

  private AccessTokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  /**
   * Reads a file.
   *
   * @throws BadInputException if a line is not a token, or there is none
   */
  static AccessTokens read(Path file) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (CharacterCodingException e) {
      throw new BadInputException(
          file + ": not text in UTF-8 (expected: lines of name, SHA-256, scopes)", e);
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        tokens.add(token(file + ":" + (i + 1), line));
      }
    }
    if (tokens.isEmpty()) {
      throw new BadInputException(
          file + ": no token in it (expected: lines of name, SHA-256, scopes)");
    }
    return new AccessTokens(tokens);
  }

  private static Token token(String where, String line) {
    List<String> fields = Arrays.asList(line.split("\\s+", -1));
    if (fields.size() != 3) {
      throw new BadInputException(
          "%s: %d fields (expected: name, SHA-256, scopes)".formatted(where, fields.size()));
    }
    if (!fields.get(1).matches("[0-9a-fA-F]{64}")) {
      // What stands there may be the token itself: not repeated.
      throw new BadInputException(
          where + ": no SHA-256 (expected: 64 hexadecimal digits, as sha256sum prints)");
    }
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    for (String scope : fields.get(2).split(",", -1)) {
      try {
        scopes.add(Scope.valueOf(scope.toUpperCase(Locale.ROOT)));
      } catch (IllegalArgumentException e) {
        throw new BadInputException(
            "%s: scope '%s' (expected: infer, jobs or admin)".formatted(where, scope), e);
      }
    }
    return new Token(fields.get(0), scopes, HexFormat.of().parseHex(fields.get(1)));
  }

  /** The token's entry. Takes as long whichever it is: every digest is compared in full. */
  Optional<Token> find(String secret) {
    byte[] digest = sha256(secret);
    Optional<Token> found = Optional.empty();
    for (Token token : tokens) {
      if (MessageDigest.isEqual(token.digest(), digest)) {
        found = Optional.of(token);
      }
    }
    return found;
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
