package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;

/** SHA-256 of files, folders and texts. */
final class Hashes {
  private Hashes() {}

  static String file(Path file) {
    MessageDigest sha = sha256();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sha.update(buffer, 0, n);
      }
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + e, e);
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  /**
   * Of a file; of a folder its files' names, sizes and times of change, since reading them all
   * would take as long as the study's own reading.
   */
  static String data(Path path) {
    if (!Files.isDirectory(path)) {
      return file(path);
    }
    StringBuilder listing = new StringBuilder();
    try (Stream<Path> files = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        listing.append(path.relativize(file)).append(' ').append(Files.size(file)).append(' ');
        listing.append(Files.getLastModifiedTime(file)).append('\n');
      }
    } catch (IOException | UncheckedIOException e) {
      throw new BadInputException(path + ": cannot be read: " + e, e);
    }
    return text(listing.toString());
  }

  static String text(String text) {
    return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Bytes of a model, the files that hold its weights included. */
  static long size(Path model) {
    // Whatever its opset: it may be somebody else's, only to be compared with.
    return Model.read(model, 1).files().stream().mapToLong(file -> file.toFile().length()).sum();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
