package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Bundle;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds models and their versions in a folder, or in a bundle alone; opens none. */
final class RepositoryFolder {
  private static final String EXPECTED =
      "(expected: a bundle, or a folder of bundles; a model without one is put into it as"
          + " NAME/1/model.onnx)";

  /** Deeper ones are no model's. */
  private static final int DEPTH = 12;

  private final Path folder;

  /** The name of the only model, if the folder is a bundle. Clients know it by that. */
  private final Optional<String> single;

  private RepositoryFolder(Path folder, Optional<String> single) {
    this.folder = folder;
    this.single = single;
  }

  /**
   * @throws BadInputException if there is no model in it, or the bundle is damaged
   */
  static RepositoryFolder of(Path folder) {
    if (Files.isRegularFile(folder) && folder.toString().endsWith(".onnx")) {
      throw new BadInputException(folder + ": a model's file " + EXPECTED);
    }
    if (Files.isRegularFile(folder) || isBundle(folder)) {
      try (Bundle bundle = Bundle.open(folder)) {
        return new RepositoryFolder(folder, Optional.of(bundle.manifest().name()));
      }
    }
    RepositoryFolder repository = new RepositoryFolder(folder, Optional.empty());
    if (repository.models().isEmpty()) {
      throw new BadInputException(folder + ": no model in it " + EXPECTED);
    }
    return repository;
  }

  private static boolean isBundle(Path folder) {
    return Files.isRegularFile(folder.resolve(Bundle.MANIFEST));
  }

  /**
   * Every model by its name.
   *
   * @throws BadInputException if the folder cannot be read
   */
  Map<String, ModelFiles> models() {
    try {
      if (single.isPresent()) {
        // One that is replaced is away for a moment; one that was deleted still answers.
        return Files.exists(folder) ? Map.of(single.get(), model(folder)) : Map.of();
      }
      Map<String, ModelFiles> models = new TreeMap<>();
      for (Path home : children(folder)) {
        models.put(String.valueOf(home.getFileName()), model(home));
      }
      return models;
    } catch (IOException e) {
      throw new BadInputException(folder + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Whether its models may go when their files do. */
  boolean mayShrink() {
    return single.isEmpty();
  }

  private ModelFiles model(Path home) {
    try {
      return read(home);
    } catch (IOException e) {
      return new ModelFiles(
          new TreeMap<>(), Optional.of(home + ": cannot be read: " + e.getMessage()));
    }
  }

  private ModelFiles read(Path home) throws IOException {
    NavigableMap<String, ModelFiles.Version> versions = new TreeMap<>(ModelFiles.BY_NUMBER);
    if (Files.isRegularFile(home) || isBundle(home)) {
      versions.put("1", version(home, home, List.of()));
      return new ModelFiles(versions, Optional.empty());
    }
    List<Path> numbered =
        children(home).stream()
            .filter(path -> String.valueOf(path.getFileName()).matches(VersionPolicy.NUMBER))
            .toList();
    if (numbered.isEmpty()) {
      return new ModelFiles(versions, Optional.empty());
    }
    List<ModelFiles.Stamp> shared = new ArrayList<>();
    Optional<String> problem = walk(home, Set.copyOf(numbered), shared);
    for (Path path : numbered) {
      ModelFiles.Version version = version(path, home, shared);
      versions.put(
          String.valueOf(path.getFileName()),
          problem.isEmpty()
              ? version
              : new ModelFiles.Version(path, home, version.files(), problem));
    }
    return new ModelFiles(versions, Optional.empty());
  }

  private ModelFiles.Version version(Path path, Path home, List<ModelFiles.Stamp> shared)
      throws IOException {
    List<ModelFiles.Stamp> stamps = new ArrayList<>(shared);
    Optional<String> problem = walk(path, Set.of(), stamps);
    return new ModelFiles.Version(path, home, stamps, problem);
  }

  /** What is hidden, and what file systems put at the top of a volume. */
  private static boolean isNoModel(String name) {
    return name.startsWith(".") || name.equals("lost+found");
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isDirectory)
          .filter(path -> !isNoModel(String.valueOf(path.getFileName())))
          .sorted()
          .toList();
    }
  }

  /** Adds all files below; returns what is wrong with them. */
  private Optional<String> walk(Path top, Set<Path> without, List<ModelFiles.Stamp> stamps)
      throws IOException {
    // A single bundle's own folder may be a link itself: the user named it.
    Path root = (single.isPresent() && Files.isDirectory(folder) ? top : folder).toRealPath();
    List<String> problems = new ArrayList<>();
    List<ModelFiles.Stamp> found = new ArrayList<>();
    Files.walkFileTree(
        top,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        DEPTH,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            if (without.contains(path) || escapes(path)) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
            if (!escapes(path)) {
              found.add(
                  new ModelFiles.Stamp(
                      path.toString(),
                      attributes.size(),
                      attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS)));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path path, IOException failure) {
            // Gone since it was listed, a loop of links, or no right to read it.
            found.add(new ModelFiles.Stamp(path.toString(), -1, 0));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path path, @Nullable IOException failure) {
            return FileVisitResult.CONTINUE;
          }

          /** Who may write here may not thereby read elsewhere. */
          private boolean escapes(Path path) {
            try {
              if (path.equals(folder) || path.toRealPath().startsWith(root)) {
                return false;
              }
            } catch (IOException e) {
              // A link to nothing, or gone by now.
              return false;
            }
            problems.add(path + ": a link that leads out of the repository");
            return true;
          }
        });
    found.sort(Comparator.comparing(ModelFiles.Stamp::name));
    stamps.addAll(found);
    return problems.stream().findFirst();
  }
}
