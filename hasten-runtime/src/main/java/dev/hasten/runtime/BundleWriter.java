package dev.hasten.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes bundles: to a temporary place beside the goal, then moved. */
final class BundleWriter {
  /** The same content makes the same zip, whenever it is written. */
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private BundleWriter() {}

  static void write(Path to, BundleManifest manifest, Map<String, Path> files) {
    BundleManifest own = manifest.withPipeline(manifest.pipeline().bundled());
    check(own.pipeline(), files);
    Path target = to.toAbsolutePath().normalize();
    refuseForeign(target);
    if (isZip(target)) {
      AtomicFiles.write(target, out -> writeZip(out, own, files));
    } else {
      try {
        writeFolder(target, own, files);
      } catch (IOException e) {
        throw new EnvironmentException(
            to + ": the bundle cannot be written: " + AtomicFiles.reason(e), e);
      }
    }
  }

  static void retune(Path path, Tuning tuning, Map<String, Path> reports) {
    try (Bundle bundle = Bundle.open(path)) {
      BundleManifest manifest = bundle.manifest().withTuning(tuning).withTunedOn(TunedOn.here());
      reports
          .keySet()
          .forEach(name -> {
            BundleNames.resolve(bundle.folder(), name, "bundle");
            // In a zip everything is part of the bundle, the report of an earlier tuning, too.
            if (!Files.isRegularFile(path) && manifest.files().containsKey(name)) {
              throw new BadInputException(
                  "bundle: "
                      + path
                      + ": "
                      + name
                      + " is part of it (expected: a name for a report)");
            }
          });
      if (Files.isRegularFile(path)) {
        Map<String, Path> files = new TreeMap<>();
        manifest.files().keySet().forEach(name -> files.put(name, bundle.folder().resolve(name)));
        files.putAll(reports);
        write(path, manifest, files);
        return;
      }
      for (Map.Entry<String, Path> report : reports.entrySet()) {
        AtomicFiles.write(
            bundle.folder().resolve(report.getKey()), out -> Files.copy(report.getValue(), out));
      }
      // Last: whoever sees the new settings sees their reports.
      AtomicFiles.write(bundle.folder().resolve(Bundle.MANIFEST), ManifestJson.write(manifest));
    }
  }

  private static boolean isZip(Path target) {
    return target.toString().toLowerCase(Locale.ROOT).endsWith(".zip");
  }

  private static void check(PipelineSpec pipeline, Map<String, Path> files) {
    require(files, Bundle.MODEL);
    pipeline.files().keySet().forEach(name -> require(files, name));
    files.forEach((name, file) -> {
      BundleNames.resolve(Path.of("bundle").toAbsolutePath(), name, "bundle");
      if (name.equals(Bundle.MANIFEST)) {
        throw new BadInputException("bundle: " + name + " is written by the bundle itself");
      }
      if (!Files.isRegularFile(file)) {
        throw new BadInputException("bundle: " + file + " (for " + name + ") is not a file");
      }
    });
  }

  private static void require(Map<String, Path> files, String name) {
    if (!files.containsKey(name)) {
      throw new BadInputException(
          "bundle: " + name + " is missing (given: " + new TreeMap<>(files).keySet() + ")");
    }
  }

  private static void refuseForeign(Path target) {
    try {
      boolean foreign =
          isZip(target)
              ? Files.exists(target) && !BundleReader.isBundleZip(target)
              : Files.isDirectory(target)
                  ? !(Bundle.isBundle(target) || Folders.isEmpty(target))
                  : Files.exists(target);
      if (foreign) {
        throw new BadInputException(
            target
                + " exists and is not a bundle (expected: a new name, an empty folder, or a"
                + " bundle to replace)");
      }
    } catch (IOException e) {
      throw new EnvironmentException(target + " cannot be read: " + AtomicFiles.reason(e), e);
    }
  }

  private static void writeFolder(Path target, BundleManifest manifest, Map<String, Path> files)
      throws IOException {
    Files.createDirectories(AtomicFiles.parent(target));
    Path temporary = AtomicFiles.sibling(target);
    try {
      Files.createDirectory(temporary);
      Map<String, String> digests = new TreeMap<>();
      for (Map.Entry<String, Path> file : files.entrySet()) {
        Path copy = BundleNames.resolve(temporary, file.getKey(), "bundle");
        Files.createDirectories(AtomicFiles.parent(copy));
        AtomicFiles.write(copy, out -> digests.put(file.getKey(), copy(file.getValue(), out)));
      }
      AtomicFiles.write(
          temporary.resolve(Bundle.MANIFEST), ManifestJson.write(manifest.withFiles(digests)));
      replace(temporary, target);
    } finally {
      Folders.delete(temporary);
    }
  }

  /** A folder that is not empty cannot be replaced in one step: the old one steps aside first. */
  private static void replace(Path by, Path target) throws IOException {
    Path old = AtomicFiles.sibling(target);
    boolean existed = Files.exists(target);
    if (existed) {
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    try {
      AtomicFiles.move(by, target);
    } catch (IOException e) {
      if (existed) {
        Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
      }
      throw e;
    }
    Folders.delete(old);
  }

  private static void writeZip(OutputStream out, BundleManifest manifest, Map<String, Path> files)
      throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
    // Weights hardly get smaller; the fastest level already takes what is to be had.
    zip.setLevel(Deflater.BEST_SPEED);
    Map<String, String> digests = new TreeMap<>();
    for (Map.Entry<String, Path> file : new TreeMap<>(files).entrySet()) {
      zip.putNextEntry(entry(file.getKey()));
      digests.put(file.getKey(), copy(file.getValue(), zip));
      zip.closeEntry();
    }
    zip.putNextEntry(entry(Bundle.MANIFEST));
    zip.write(ManifestJson.write(manifest.withFiles(digests)).getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
    zip.finish();
  }

  private static ZipEntry entry(String name) {
    ZipEntry entry = new ZipEntry(name);
    entry.setTimeLocal(NO_TIME);
    return entry;
  }

  private static String copy(Path file, OutputStream out) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Sha256.copying(in, out);
    }
  }
}
