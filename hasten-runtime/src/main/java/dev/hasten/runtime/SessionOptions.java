package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * How to open a model.
 *
 * @param intraOpThreads threads of one run, the caller's included; 0: as many as the cores given to
 *     this process, which is the width of the pool that its sessions share
 * @param config further settings under the backend's own names, passed on as they are
 * @param profileTo prefix of the profile file; absent: no profiling. See {@link
 *     Session#endProfiling}
 */
public record SessionOptions(
    int intraOpThreads,
    Optimization optimization,
    Spinning spinning,
    Map<String, String> config,
    Optional<Path> profileTo) {
  public SessionOptions {
    if (intraOpThreads < 0) {
      throw new BadInputException("intraOpThreads: " + intraOpThreads + " (expected: >= 0)");
    }
    config = Map.copyOf(config);
  }

  /** The shared pool, all optimizations, no spinning, no profile. */
  public static SessionOptions defaults() {
    return new SessionOptions(0, Optimization.ALL, Spinning.NEVER, Map.of(), Optional.empty());
  }

  public SessionOptions withIntraOpThreads(int threads) {
    return new SessionOptions(threads, optimization, spinning, config, profileTo);
  }

  public SessionOptions withOptimization(Optimization level) {
    return new SessionOptions(intraOpThreads, level, spinning, config, profileTo);
  }

  public SessionOptions withSpinning(Spinning when) {
    return new SessionOptions(intraOpThreads, optimization, when, config, profileTo);
  }

  public SessionOptions withConfig(Map<String, String> entries) {
    return new SessionOptions(intraOpThreads, optimization, spinning, entries, profileTo);
  }

  /** Profiles every run; the file's name begins with {@code prefix}. */
  public SessionOptions withProfileTo(Path prefix) {
    return new SessionOptions(intraOpThreads, optimization, spinning, config, Optional.of(prefix));
  }
}
