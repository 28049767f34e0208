package dev.hasten.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * ONNX Runtime in this process. Its environment is one per process by its own design, hence the
 * static holder; it is made on first use, with a thread pool that the sessions share.
 */
final class OnnxRuntime {
  /** Measured on Linux: 3,967 characters run, 3,979 crash. */
  private static final int LONGEST_COMMAND_LINE = 3_900;

  private static final String NO_TELEMETRY = "ORT_DISABLE_TELEMETRY";

  private OnnxRuntime() {}

  private record Loaded(OrtEnvironment environment, boolean sharedPool, int sharedThreads) {}

  private static final class Holder {
    static final @Nullable Loaded LOADED;
    static final @Nullable Throwable FAILURE;

    static {
      Loaded loaded = null;
      Throwable failure = null;
      try {
        loaded = load();
      } catch (OrtException | RuntimeException | LinkageError e) {
        failure = e;
      }
      LOADED = loaded;
      FAILURE = failure;
    }
  }

  /**
   * @throws EnvironmentException if the native library cannot be loaded
   */
  static OrtEnvironment environment() {
    return loaded().environment();
  }

  /** Whether sessions can share the pool. Not if other code made the environment before us. */
  static boolean hasSharedPool() {
    return loaded().sharedPool();
  }

  /** Width of the shared pool, the caller's thread included. */
  static int sharedThreads() {
    return loaded().sharedThreads();
  }

  /** Why it cannot be used; null if it can. */
  static @Nullable Throwable failure() {
    return Holder.FAILURE;
  }

  static String version() {
    return Holder.LOADED == null ? "" : Holder.LOADED.environment().getVersion();
  }

  private static Loaded loaded() {
    Loaded loaded = Holder.LOADED;
    if (loaded == null && Holder.FAILURE instanceof EnvironmentException told) {
      throw new EnvironmentException(String.valueOf(told.getMessage()), told);
    }
    if (loaded == null) {
      throw new EnvironmentException(
          "ONNX Runtime's native library cannot be loaded on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + Holder.FAILURE
              + " (it needs glibc 2.28 or later on Linux, and a temporary folder that allows"
              + " execution: -Djava.io.tmpdir)",
          Holder.FAILURE == null ? new IllegalStateException() : Holder.FAILURE);
    }
    return loaded;
  }

  /**
   * ONNX Runtime 1.29 reads its process's command line when it starts and takes the JVM down, with
   * no word, where that is longer than about 3,970 characters: a class path of fifty jars will do.
   *
   * @param commandLine {@code /proc/self/cmdline}; anywhere else there is none
   */
  static void refuseLongCommandLine(Path commandLine) {
    try {
      int length = Files.isReadable(commandLine) ? Files.readAllBytes(commandLine).length : 0;
      if (length > LONGEST_COMMAND_LINE) {
        throw new EnvironmentException(
            "the command line of this process has "
                + length
                + " characters (expected: at most "
                + LONGEST_COMMAND_LINE
                + "): ONNX Runtime 1.29 would crash the JVM; give the class path in the environment"
                + " variable CLASSPATH, in a jar's manifest or in an argument file (java @file), or"
                + " set the environment variable ORT_DISABLE_TELEMETRY=1");
      }
    } catch (IOException e) {
      // Where the system does not tell, there is nothing to go by.
    }
  }

  /**
   * The same version asks a shell who this machine is where no file says so, and takes the JVM down
   * if there is no shell: in the small images of containers there is neither.
   */
  static void refuseNamelessWithoutShell(Path machineId, Path shell) {
    try {
      boolean named = Files.isReadable(machineId) && Files.size(machineId) > 0;
      if (!named && !Files.isExecutable(shell)) {
        throw new EnvironmentException(
            ("neither %s (expected: not empty) nor %s is there: ONNX Runtime 1.29 would crash the"
                    + " JVM; set the environment variable %s=1")
                .formatted(machineId, shell, NO_TELEMETRY));
      }
    } catch (IOException e) {
      // As above.
    }
  }

  /** Both crashes come of its telemetry, which can be kept from starting only from outside. */
  private static void refuseWhatCrashes() {
    boolean linux = System.getProperty("os.name", "").startsWith("Linux");
    if (linux && !"1".equals(System.getenv(NO_TELEMETRY))) {
      refuseLongCommandLine(Path.of("/proc/self/cmdline"));
      refuseNamelessWithoutShell(Path.of("/etc/machine-id"), Path.of("/bin/sh"));
    }
  }

  private static Loaded load() throws OrtException {
    refuseWhatCrashes();
    int threads = Cores.available();
    OrtEnvironment environment;
    boolean shared = true;
    try (OrtEnvironment.ThreadingOptions pool = new OrtEnvironment.ThreadingOptions()) {
      pool.setGlobalIntraOpNumThreads(threads);
      pool.setGlobalInterOpNumThreads(1);
      pool.setGlobalSpinControl(false);
      // What goes wrong comes as an exception; logged too, it would be on the console twice.
      environment =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "hasten", pool);
    } catch (IllegalStateException e) {
      // The application (or another library in it) made the environment first: use it as it is.
      environment = OrtEnvironment.getEnvironment();
      shared = false;
    }
    environment.setTelemetry(false);
    return new Loaded(environment, shared, threads);
  }

  /**
   * What an exception of the runtime says, without its error code, the file it was loading and the
   * place in its own sources.
   */
  static String reason(OrtException e) {
    String message = String.valueOf(e.getMessage());
    return message
        .replaceFirst("^Error code - \\S+ - message: ", "")
        .replaceFirst("^Load model from .*? failed:\\s*", "")
        .replaceFirst("^/\\S+:\\d+ .*?\\) (?=[A-Z\\[])", "")
        .strip();
  }
}
