package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.DataSpec;
import dev.hasten.runtime.EnvironmentException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Where a study keeps what it measured, beside the workload; one study at a time may hold it. */
final class StudyFolder implements AutoCloseable {
  private final String identity;
  private final Path path;
  private final FileChannel lockFile;
  private final FileLock lock;

  private StudyFolder(String identity, Path path) throws IOException {
    this.identity = identity;
    this.path = path;
    Files.createDirectories(path);
    this.lockFile =
        FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    this.lock = locked();
    Leftovers.sweep(path);
  }

  /**
   * Makes the folder if need be, and takes its lock.
   *
   * @throws EnvironmentException if another study holds it or it cannot be written
   */
  static StudyFolder open(Workload workload) {
    String identity = identity(workload);
    Path path = path(workload, identity);
    try {
      return new StudyFolder(identity, path);
    } catch (IOException e) {
      throw new EnvironmentException(
          path + ": the study cannot be kept here: " + e + "; make the folder writable", e);
    }
  }

  /** Beside the workload, one folder for each workload, output and budget. */
  static Path path(Workload workload) {
    return path(workload, identity(workload));
  }

  private static Path path(Workload workload, String identity) {
    return workload.folder().resolve(".hasten").resolve(identity.substring(0, 16));
  }

  /** Changes with everything that the outcome depends on, file contents included. */
  private static String identity(Workload workload) {
    StringBuilder text = new StringBuilder();
    // The fingerprint sees weights that lie in files of their own.
    text.append(Hashes.file(workload.model())).append(Model.read(workload.model()).fingerprint());
    text.append(workload.pipeline().toMap());
    new TreeMap<>(workload.pipeline().files())
        .values()
        .forEach(file -> text.append(Hashes.file(workload.folder().resolve(file))));
    for (DataSpec spec : workload.data()) {
      text.append(Hashes.data(spec.path())).append(spec);
    }
    for (Workload.Peer peer : workload.peers()) {
      text.append(peer.name())
          .append(Hashes.file(peer.model()))
          .append(Model.read(peer.model(), 1).fingerprint());
    }
    Workload.MetricName metric = workload.metric();
    if (metric != null && metric.jar() != null) {
      text.append(Hashes.file(metric.jar()));
    }
    text.append(workload.splitter().seed())
        .append(new TreeMap<>(workload.splitter().fractions()))
        .append(new TreeMap<>(workload.splitter().limits()))
        .append(workload.metric())
        .append(workload.promise())
        .append(workload.objective())
        .append(workload.limits())
        .append(workload.rows())
        .append(new TreeSet<>(workload.include()))
        .append(new TreeSet<>(workload.exclude()))
        .append(workload.output())
        .append(workload.budget());
    return Hashes.text(text.toString());
  }

  private FileLock locked() throws IOException {
    FileLock taken = null;
    try {
      taken = lockFile.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another study of this process: the same refusal as for one of another process.
    }
    if (taken == null) {
      lockFile.close();
      throw new EnvironmentException(
          path + ": another study of this workload is running; wait for it or stop it");
    }
    return taken;
  }

  String identity() {
    return identity;
  }

  Path journal() {
    return path.resolve(StudyRun.JOURNAL);
  }

  /** The models of the candidates, named by their content. */
  Path artifacts() {
    return path.resolve("artifacts");
  }

  /**
   * What the original answers, as found out under these conditions; another processor or runtime
   * may answer otherwise.
   */
  Path answers(Map<String, String> conditions) {
    String text = new TreeMap<>(conditions).toString();
    return path.resolve("answers").resolve(Hashes.text(text).substring(0, 16));
  }

  /** Files on their way into the bundle. */
  Path staged() {
    return path.resolve("bundle-files");
  }

  /** The folder itself: where the report goes if there is no bundle. */
  Path path() {
    return path;
  }

  @Override
  public void close() {
    try {
      lock.release();
      lockFile.close();
    } catch (IOException e) {
      throw new EnvironmentException(path + ": the lock cannot be released: " + e, e);
    }
  }
}
