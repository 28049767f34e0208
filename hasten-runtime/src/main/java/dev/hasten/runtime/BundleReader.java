package dev.hasten.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** Opens and verifies bundles. */
final class BundleReader {
  /** A manifest is small; whatever claims to be one and is not, is not read into memory. */
  private static final int MOST_MANIFEST_BYTES = 16 << 20;

  private BundleReader() {}

  static Bundle open(Path path) {
    try {
      if (Files.isDirectory(path)) {
        return openFolder(path.toAbsolutePath().normalize());
      }
      if (Files.isRegularFile(path)) {
        return openZip(path);
      }
    } catch (ZipException e) {
      throw new BadInputException(
          "bundle: " + path + " (expected: a folder or a zip): " + e.getMessage(), e);
    } catch (IOException e) {
      throw new EnvironmentException("bundle: " + path + ": " + AtomicFiles.reason(e), e);
    }
    throw new BadInputException(
        "bundle: " + path + " (expected: a folder or a zip; there is no such file)");
  }

  private static Bundle openFolder(Path folder) throws IOException {
    Path file = folder.resolve(Bundle.MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw new BadInputException(
          "bundle: "
              + folder
              + " has no "
              + Bundle.MANIFEST
              + " (expected: a folder that hasten optimize wrote)");
    }
    BundleManifest manifest;
    try (InputStream in = Files.newInputStream(file)) {
      manifest = manifest(file.toString(), in);
    }
    for (Map.Entry<String, String> entry : manifest.files().entrySet()) {
      Path content = BundleNames.resolve(folder, entry.getKey(), file.toString());
      if (!Files.isRegularFile(content)) {
        throw missing(folder, entry.getKey());
      }
      verify(content.toString(), entry.getValue(), Sha256.of(content));
    }
    return new Bundle(manifest, folder, false);
  }

  static boolean isBundleZip(Path file) {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return zip.getEntry(Bundle.MANIFEST) != null;
    } catch (IOException e) {
      return false;
    }
  }

  private static Bundle openZip(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      ZipEntry manifestEntry = zip.getEntry(Bundle.MANIFEST);
      if (manifestEntry == null) {
        throw new BadInputException("bundle: " + file + " has no " + Bundle.MANIFEST);
      }
      zip.stream()
          .filter(entry -> !entry.isDirectory())
          .forEach(entry ->
              BundleNames.resolve(Path.of("").toAbsolutePath(), entry.getName(), file.toString()));
      BundleManifest manifest;
      try (InputStream in = zip.getInputStream(manifestEntry)) {
        manifest = manifest(file + "!" + Bundle.MANIFEST, in);
      }
      Path folder = Files.createTempDirectory("hasten-bundle");
      Bundle bundle = new Bundle(manifest, folder, true);
      try {
        for (Map.Entry<String, String> entry : manifest.files().entrySet()) {
          unpack(zip, file, entry.getKey(), entry.getValue(), folder);
        }
        return bundle;
      } catch (IOException | RuntimeException e) {
        bundle.close();
        throw e;
      }
    }
  }

  /** Only what the manifest names is unpacked. */
  private static void unpack(ZipFile zip, Path file, String name, String digest, Path folder)
      throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null || entry.isDirectory()) {
      throw missing(file, name);
    }
    Path to = BundleNames.resolve(folder, name, file.toString());
    Files.createDirectories(AtomicFiles.parent(to));
    try (InputStream in = zip.getInputStream(entry);
        OutputStream out = Files.newOutputStream(to)) {
      verify(file + "!" + name, digest, Sha256.copying(in, out));
    }
  }

  private static BundleManifest manifest(String where, InputStream in) throws IOException {
    byte[] text = in.readNBytes(MOST_MANIFEST_BYTES + 1);
    if (text.length > MOST_MANIFEST_BYTES) {
      throw new BadInputException(
          where + ": more than " + MOST_MANIFEST_BYTES + " bytes (expected: a small JSON file)");
    }
    BundleManifest manifest = ManifestJson.read(where, text);
    requireListed(where, manifest, Bundle.MODEL);
    manifest.pipeline().files().values().forEach(name -> requireListed(where, manifest, name));
    return manifest;
  }

  /** What is not listed is not verified, and must not be used. */
  private static void requireListed(String where, BundleManifest manifest, String name) {
    if (!manifest.files().containsKey(name)) {
      throw new BadInputException(
          where + ": files: " + name + " is not listed (found: " + manifest.files().keySet() + ")");
    }
  }

  private static void verify(String file, String expected, String found) {
    if (!found.equals(expected)) {
      throw new BadInputException(
          file
              + ": SHA-256 is "
              + found
              + " (expected: "
              + expected
              + "; the file was changed or damaged after the bundle was written)");
    }
  }

  private static BadInputException missing(Path bundle, String name) {
    return new BadInputException(
        "bundle: "
            + bundle
            + ": "
            + name
            + " is missing (expected: every file that "
            + Bundle.MANIFEST
            + " lists)");
  }
}
