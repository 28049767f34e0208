package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/**
 * Looks through a repository again and again. A change counts once the folder looked the same
 * twice: what is still being copied is left alone.
 */
final class Watcher implements Runnable {
  private final Duration interval;
  private final FolderRepository repository;
  private final Thread thread;
  private Map<String, ModelFiles> seen;
  private String trouble = "";

  private Watcher(Duration interval, Map<String, ModelFiles> seen, FolderRepository repository) {
    this.interval = interval;
    this.repository = repository;
    this.seen = seen;
    this.thread = Thread.ofPlatform().name("hasten-repository").daemon().unstarted(this);
  }

  /**
   * @param seen what was there when the models were opened
   */
  static Watcher start(
      Duration interval, Map<String, ModelFiles> seen, FolderRepository repository) {
    Watcher watcher = new Watcher(interval, seen, repository);
    watcher.thread.start();
    return watcher;
  }

  void stop() {
    thread.interrupt();
  }

  @Override
  public void run() {
    try {
      while (true) {
        Thread.sleep(interval);
        look();
      }
    } catch (InterruptedException e) {
      // Told to stop.
    }
  }

  private void look() {
    Map<String, ModelFiles> now;
    try {
      now = repository.look();
      trouble = "";
    } catch (BadInputException e) {
      String reason = String.valueOf(e.getMessage());
      // Once, not every few seconds.
      if (!reason.equals(trouble)) {
        repository.unreadable(reason);
      }
      trouble = reason;
      return;
    }
    TreeSet<String> names = new TreeSet<>(now.keySet());
    // Those that are gone, too.
    names.addAll(repository.names());
    for (String name : names) {
      if (Objects.equals(now.get(name), seen.get(name))) {
        repository.follow(name, now.get(name));
      }
    }
    seen = now;
  }
}
