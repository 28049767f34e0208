package dev.hasten.runtime;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Files that appear whole or not at all: written beside their place, forced to the disk, moved. On
 * failure nothing new is left and what was there before is untouched.
 */
public final class AtomicFiles {
  private AtomicFiles() {}

  /** Writes the file's content. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  public static void write(Path file, String text) {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  public static void write(Path file, byte[] bytes) {
    write(file, out -> out.write(bytes));
  }

  /**
   * Missing parent folders are made.
   *
   * @throws BadInputException if a folder stands in the file's place, or a file in a folder's
   * @throws EnvironmentException naming the file if it cannot be written
   */
  public static void write(Path file, Content content) {
    Path target = file.toAbsolutePath();
    Path temporary = sibling(target);
    if (Files.isDirectory(target)) {
      throw new BadInputException(file + ": a folder (expected: a file's name)");
    }
    try {
      Files.createDirectories(parent(target));
      try (FileChannel channel =
              FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel))) {
        content.writeTo(out);
        out.flush();
        channel.force(true);
      }
      move(temporary, target);
    } catch (FileAlreadyExistsException e) {
      throw new BadInputException(
          "%s: %s is a file (expected: a folder)".formatted(file, e.getFile()), e);
    } catch (IOException | UncheckedIOException e) {
      throw new EnvironmentException(file + ": cannot be written: " + reason(e), e);
    } finally {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        // The write's own outcome matters more than a stray temporary file.
      }
    }
  }

  /** Moves within one file system, replacing what is there, and makes the new name durable. */
  static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
    forceFolder(parent(to));
  }

  /** A name beside {@code target} that nothing else uses. */
  static Path sibling(Path target) {
    return target.resolveSibling(
        "." + target.getFileName() + "." + Long.toHexString(System.nanoTime()) + ".tmp");
  }

  static Path parent(Path absolute) {
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new BadInputException(absolute + ": a file's name was expected, not a root folder");
    }
    return parent;
  }

  /** The JDK's exceptions on files say the reason in their type, and repeat the temporary name. */
  static String reason(Exception e) {
    Throwable cause =
        e instanceof UncheckedIOException u && u.getCause() != null ? u.getCause() : e;
    return switch (cause) {
      case NoSuchFileException absent -> "there is no " + absent.getFile();
      case AccessDeniedException denied -> "permission denied: " + denied.getFile();
      case FileSystemException file when file.getReason() != null -> file.getReason();
      default -> cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    };
  }

  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every file system lets a folder be opened; the content itself is already forced.
    }
  }
}
