package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.serve.protocol.ProtocolException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Models in a folder: one bundle, or a folder of models, each a bundle itself or with one folder
 * per version, named by its number: {@code models/minilm/bundle.json}, {@code
 * models/minilm/2/bundle.json}, {@code models/resnet/1/model.onnx}. Follows what changes in it.
 */
public final class FolderRepository implements ModelRepository {
  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final RepositoryFolder folder;
  private final RepositoryOptions options;
  private final ModelOpener opener;
  private final Board board = new Board();

  /** Held by whoever changes models. */
  private final ReentrantLock changes = new ReentrantLock();

  /** What each model was last brought to. Guarded by {@link #changes}. */
  private final Map<String, ModelFiles> applied = new HashMap<>();

  private @Nullable Watcher watcher;
  private volatile boolean loaded;
  private volatile boolean closed;

  private FolderRepository(RepositoryFolder folder, RepositoryOptions options) {
    this.folder = folder;
    this.options = options;
    this.opener = new ModelOpener(options.batcher());
  }

  /**
   * Finds the models, and opens none: they are listed as being loaded until {@link #loadAll} has
   * come to them.
   *
   * @throws BadInputException if there is no model at all
   */
  public static FolderRepository of(Path folder, RepositoryOptions options) {
    FolderRepository repository = new FolderRepository(RepositoryFolder.of(folder), options);
    repository
        .folder
        .models()
        .forEach((name, files) -> {
          repository.board.require(name);
          List<String> wanted =
              options.versions().candidates(files.versions().keySet()).stream()
                  .limit(options.versions().most())
                  .toList();
          repository.board.put(name, Versions.waiting(wanted, files));
        });
    return repository;
  }

  /**
   * Opens and warms up every model of the folder, then begins to look for changes; a model that
   * cannot be opened is listed with the reason, and the others answer.
   */
  public void loadAll() {
    Map<String, ModelFiles> models = folder.models();
    models.forEach((name, files) -> {
      changes.lock();
      try {
        if (!closed && !applied.containsKey(name)) {
          bring(name, files, false);
        }
      } finally {
        changes.unlock();
      }
    });
    loaded = true;
    changes.lock();
    try {
      if (!closed && options.poll().isPresent()) {
        watcher = Watcher.start(options.poll().get(), models, this);
      }
    } finally {
      changes.unlock();
    }
  }

  /** Why some versions could not be opened. Under {@link #changes}. */
  private List<String> bring(String name, ModelFiles files, boolean again) {
    applied.put(name, files);
    return new ModelUpdate(name, files, board, opener, options.listener(), () -> closed)
        .run(policy(name, files), again);
  }

  /** A model's own, else that of all. */
  private VersionPolicy policy(String name, ModelFiles files) {
    try {
      return files.versions().isEmpty()
          ? options.versions()
          : TritonConfig.read(files.versions().firstEntry().getValue().home(), name)
              .flatMap(TritonConfig::versions)
              .orElse(options.versions());
    } catch (BadInputException e) {
      // Said of each version when it is opened.
      return options.versions();
    }
  }

  /** What the folder has now. */
  Map<String, ModelFiles> look() {
    return folder.models();
  }

  List<String> names() {
    return board.names();
  }

  void unreadable(String reason) {
    options.listener().unreadable(reason);
  }

  /** Takes on what changed and has come to rest: {@code now} is what it was a while ago, too. */
  void follow(String name, @Nullable ModelFiles now) {
    changes.lock();
    try {
      if (closed || Objects.equals(applied.get(name), now)) {
        return;
      }
      Versions before = board.get(name);
      if (now == null) {
        if (folder.mayShrink()) {
          drop(name, before);
        }
      } else if (!before.unloaded()) {
        bring(name, now, false);
      }
    } finally {
      changes.unlock();
    }
  }

  private void drop(String name, Versions before) {
    applied.remove(name);
    board.remove(name);
    board.retireAll(name, before);
    before
        .open()
        .keySet()
        .forEach(
            version -> options.listener().closed(name, version, "removed from the repository"));
  }

  @Override
  public List<Entry> index() {
    return board.index();
  }

  @Override
  public List<Loads> loads() {
    return board.loads();
  }

  @Override
  public Lease lease(String model, String version) {
    return board.lease(model, version);
  }

  @Override
  public void load(String model) {
    changes.lock();
    try {
      @Nullable ModelFiles files = folder.models().get(model);
      if (files == null || closed) {
        throw ProtocolException.notFound("no model '" + model + "' in the repository");
      }
      List<String> failures = bring(model, files, true);
      if (!failures.isEmpty()) {
        throw ProtocolException.invalid(
            "model '%s': version %s".formatted(model, String.join("; version ", failures)));
      }
    } finally {
      changes.unlock();
    }
  }

  @Override
  public void unload(String model) {
    changes.lock();
    try {
      Versions old = board.get(model);
      if (!board.knows(model) || old.unloaded()) {
        throw ProtocolException.notFound("no model '" + model + "' is open");
      }
      board.put(model, old.away());
      board.forget(model);
      board.retireAll(model, old);
      old.open()
          .keySet()
          .forEach(version -> options.listener().closed(model, version, Versions.UNLOADED));
    } finally {
      changes.unlock();
    }
  }

  @Override
  public boolean ready() {
    return loaded && board.ready();
  }

  /** Closes all; waits a while for requests in flight, whose models are freed when they end. */
  @Override
  public void close() {
    closed = true;
    List<CompletableFuture<Void>> closing = new ArrayList<>();
    // Waits for a model that is being opened: freeing what it is about to use would end badly.
    changes.lock();
    try {
      if (watcher != null) {
        watcher.stop();
      }
      for (String name : board.names()) {
        Versions versions = board.get(name);
        board.remove(name);
        board.retireAll(name, versions);
        versions.open().values().forEach(version -> closing.add(version.slot().closed()));
      }
    } finally {
      changes.unlock();
    }
    // A process that ends meanwhile would pull the runtime's libraries from under what is closing.
    CompletableFuture.allOf(closing.toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, CLOSING.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }
}
