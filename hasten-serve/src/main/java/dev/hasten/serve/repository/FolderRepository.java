package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.Bundle;
import dev.hasten.serve.protocol.ProtocolException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Models in a folder: one bundle, or a folder of models, each a bundle itself or with one folder
 * per version, named by its number: {@code models/minilm/bundle.json}, {@code
 * models/minilm/2/bundle.json}, {@code models/resnet/1/model.onnx}.
 */
public final class FolderRepository implements ModelRepository {
  private static final Comparator<String> BY_NUMBER = Comparator.comparingLong(Long::parseLong);

  /** Versions of one model by their numbers. */
  private record Versions(TreeMap<String, Slot> open, TreeMap<String, String> broken) {
    static Versions none() {
      return new Versions(new TreeMap<>(BY_NUMBER), new TreeMap<>(BY_NUMBER));
    }
  }

  private static final String EXPECTED =
      "(expected: a bundle, or a folder of bundles; a model without one is put into it as"
          + " NAME/1/model.onnx)";

  private final Path folder;
  private final ModelOpener opener;

  /** Replaced as a whole, never changed. */
  private final Map<String, Versions> models = new ConcurrentHashMap<>();

  private FolderRepository(Path folder, ModelOpener opener) {
    this.folder = folder;
    this.opener = opener;
  }

  /**
   * Opens every model of the folder; one that cannot be opened is listed with the reason, and the
   * others answer.
   *
   * @throws BadInputException if there is no model at all
   */
  public static FolderRepository open(Path folder, BatcherOptions options) {
    if (Files.isRegularFile(folder) && folder.toString().endsWith(".onnx")) {
      throw new BadInputException(folder + ": a model's file " + EXPECTED);
    }
    FolderRepository repository = new FolderRepository(folder, new ModelOpener(options));
    List<String> names = repository.names();
    if (names.isEmpty()) {
      throw new BadInputException(folder + ": no model in it " + EXPECTED);
    }
    for (String name : names) {
      repository.models.put(name, repository.read(name));
    }
    return repository;
  }

  private boolean single() {
    return Files.isRegularFile(folder) || Files.isRegularFile(folder.resolve(Bundle.MANIFEST));
  }

  private List<String> names() {
    if (single()) {
      try (Bundle bundle = Bundle.open(folder)) {
        return List.of(bundle.manifest().name());
      }
    }
    return children(folder).stream().map(path -> String.valueOf(path.getFileName())).toList();
  }

  /** The versions of a model by where they are. */
  private Map<String, Path> versions(String name) {
    Path home = single() ? folder : folder.resolve(name);
    if (single() || Files.isRegularFile(home.resolve(Bundle.MANIFEST))) {
      return Map.of("1", home);
    }
    Map<String, Path> versions = new TreeMap<>(BY_NUMBER);
    for (Path child : children(home)) {
      String version = String.valueOf(child.getFileName());
      if (version.matches("[1-9][0-9]{0,17}")) {
        versions.put(version, child);
      }
    }
    return versions;
  }

  private static List<Path> children(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isDirectory)
          .filter(path -> !String.valueOf(path.getFileName()).startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A link may not lead out of the repository: who may write here may not read elsewhere. */
  private void refuseEscape(Path path) {
    try {
      if (Files.exists(path) && !path.toRealPath().startsWith(folder.toRealPath())) {
        throw new BadInputException(path + ": a link that leads out of the repository");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Versions read(String name) {
    Versions versions = Versions.none();
    Map<String, Path> found = versions(name);
    if (found.isEmpty()) {
      versions.broken().put("1", "no version in it");
    }
    found.forEach((version, path) -> {
      try {
        refuseEscape(path);
        refuseEscape(path.resolve(Bundle.MODEL));
        versions.open().put(version, opener.open(name, version, path));
      } catch (RuntimeException e) {
        versions.broken().put(version, String.valueOf(e.getMessage()));
      }
    });
    return versions;
  }

  @Override
  public List<Entry> index() {
    List<Entry> entries = new ArrayList<>();
    new TreeMap<>(models)
        .forEach((name, versions) -> {
          versions.open().forEach((v, slot) -> entries.add(new Entry(name, v, State.READY, "")));
          versions
              .broken()
              .forEach((v, reason) -> entries.add(new Entry(name, v, State.UNAVAILABLE, reason)));
        });
    return entries;
  }

  @Override
  public Lease lease(String model, String version) {
    while (true) {
      Versions versions = models.get(model);
      if (versions == null) {
        throw ProtocolException.notFound(
            "no model '" + model + "' (known: " + models.keySet() + ")");
      }
      @Nullable Slot slot =
          version.isEmpty()
              ? versions.open().isEmpty() ? null : versions.open().lastEntry().getValue()
              : version.matches("[1-9][0-9]{0,17}") ? versions.open().get(version) : null;
      if (slot == null) {
        throw unavailable(model, version, versions);
      }
      Lease lease = slot.lease();
      if (lease != null) {
        return lease;
      }
      // Exchanged in between: its successor is in the map by now, or the model is gone.
      Thread.onSpinWait();
    }
  }

  private static ProtocolException unavailable(String model, String version, Versions versions) {
    if (!version.isEmpty() && !versions.broken().containsKey(version)) {
      return ProtocolException.notFound(
          "model '%s' has no version '%s' (known: %s)"
              .formatted(model, version, versions.open().keySet()));
    }
    return ProtocolException.of(
        ProtocolException.Kind.UNAVAILABLE,
        "model '%s' is not available: %s".formatted(model, versions.broken()));
  }

  @Override
  public void load(String model) {
    if (!names().contains(model)) {
      throw ProtocolException.notFound("no model '" + model + "' in the repository");
    }
    Versions fresh = read(model);
    if (fresh.open().isEmpty()) {
      throw ProtocolException.invalid("model '%s': %s".formatted(model, fresh.broken()));
    }
    Versions old = models.put(model, fresh);
    if (old != null) {
      old.open().values().forEach(Slot::retire);
    }
  }

  @Override
  public void unload(String model) {
    Versions old = models.remove(model);
    if (old == null) {
      throw ProtocolException.notFound("no model '" + model + "' is open");
    }
    old.open().values().forEach(Slot::retire);
  }

  @Override
  public boolean ready() {
    return models.values().stream().noneMatch(versions -> versions.open().isEmpty());
  }

  @Override
  public void close() {
    models.values().forEach(versions -> versions.open().values().forEach(Slot::retire));
    models.clear();
  }
}
