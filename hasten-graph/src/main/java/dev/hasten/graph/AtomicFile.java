package dev.hasten.graph;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that gets its name only when it is complete; until then nothing under that name changes.
 */
final class AtomicFile implements AutoCloseable {
  private final Path temporary;
  private final FileChannel channel;
  private boolean committed;

  private AtomicFile(Path temporary, FileChannel channel) {
    this.temporary = temporary;
    this.channel = channel;
  }

  /** Opens a temporary file in the folder of {@code target}. */
  static AtomicFile beside(Path target) throws IOException {
    String suffix = Long.toHexString(ThreadLocalRandom.current().nextLong());
    Path name = Objects.requireNonNull(target.getFileName());
    Path temporary = target.resolveSibling("." + name + "." + suffix + ".tmp");
    return new AtomicFile(
        temporary,
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  FileChannel channel() {
    return channel;
  }

  /** Brings the content to the disk and gives the file its name. */
  void commit(Path target) throws IOException {
    channel.force(true);
    channel.close();
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    committed = true;
  }

  /** Removes the temporary file if it was not committed. */
  @Override
  public void close() throws IOException {
    channel.close();
    if (!committed) {
      Files.deleteIfExists(temporary);
    }
  }
}
