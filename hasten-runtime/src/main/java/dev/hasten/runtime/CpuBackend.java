package dev.hasten.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** ONNX Runtime's CPU provider. */
final class CpuBackend implements Backend {
  static final CpuBackend INSTANCE = new CpuBackend();

  private CpuBackend() {}

  /** Makes the native session. */
  @FunctionalInterface
  private interface Opener {
    OrtSession open(OrtSession.SessionOptions options) throws OrtException;
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String version() {
    return OnnxRuntime.version();
  }

  @Override
  public Availability availability() {
    Throwable failure = OnnxRuntime.failure();
    return failure == null
        ? new Availability.Available(
            "ONNX Runtime " + version() + ", " + Cores.available() + " cores given")
        : new Availability.Missing(
            "ONNX Runtime's native library cannot be loaded: " + failure,
            "use Linux (glibc 2.28 or later), macOS or Windows on x86-64 or arm64, and a temporary"
                + " folder that allows execution (-Djava.io.tmpdir)");
  }

  @Override
  public Session open(Path model, SessionOptions options) {
    if (!Files.isRegularFile(model)) {
      throw new BadInputException(
          "model: " + model + " (expected: an ONNX file; " + found(model) + ")");
    }
    return open(
        model.toString(),
        options,
        settings -> OnnxRuntime.environment().createSession(model.toString(), settings));
  }

  @Override
  public Session open(byte[] model, String name, SessionOptions options) {
    return open(
        name, options, settings -> OnnxRuntime.environment().createSession(model, settings));
  }

  private static String found(Path model) {
    return Files.isDirectory(model) ? "this is a folder" : "there is no such file";
  }

  private static Session open(String name, SessionOptions options, Opener opener) {
    OnnxRuntime.environment();
    OrtSession.SessionOptions settings = new OrtSession.SessionOptions();
    OrtSession session = null;
    try {
      configure(settings, options);
      session = opener.open(settings);
      // The native options must outlive the session: it owns them from here on.
      return new OnnxSession(name, session, settings, options.profileTo().isPresent());
    } catch (OrtException | RuntimeException e) {
      closeQuietly(session);
      settings.close();
      if (e instanceof OrtException refused) {
        throw new BadInputException(
            "%s: refused by ONNX Runtime %s: %s"
                .formatted(name, OnnxRuntime.version(), OnnxRuntime.reason(refused)),
            refused);
      }
      throw (RuntimeException) e;
    }
  }

  private static void closeQuietly(@Nullable OrtSession session) {
    if (session != null) {
      try {
        session.close();
      } catch (OrtException e) {
        // The error that led here tells more.
      }
    }
  }

  private static void configure(OrtSession.SessionOptions settings, SessionOptions options)
      throws OrtException {
    settings.setOptimizationLevel(
        switch (options.optimization()) {
          case NONE -> OrtSession.SessionOptions.OptLevel.NO_OPT;
          case BASIC -> OrtSession.SessionOptions.OptLevel.BASIC_OPT;
          case EXTENDED -> OrtSession.SessionOptions.OptLevel.EXTENDED_OPT;
          case ALL -> OrtSession.SessionOptions.OptLevel.ALL_OPT;
        });
    configureThreads(settings, options);
    if (options.profileTo().isPresent()) {
      settings.enableProfiling(options.profileTo().get().toString());
    }
    for (Map.Entry<String, String> entry : options.config().entrySet()) {
      settings.addConfigEntry(entry.getKey(), entry.getValue());
    }
  }

  private static void configureThreads(OrtSession.SessionOptions settings, SessionOptions options)
      throws OrtException {
    // The shared pool never spins and is as wide as the cores given; whoever wants another gets its
    // own.
    int threads = options.intraOpThreads() == 0 ? Cores.available() : options.intraOpThreads();
    if (options.spinning() == Spinning.NEVER
        && OnnxRuntime.hasSharedPool()
        && threads == OnnxRuntime.sharedThreads()) {
      settings.disablePerSessionThreads();
      return;
    }
    settings.setIntraOpNumThreads(threads);
    settings.setInterOpNumThreads(1);
    settings.addConfigEntry(
        "session.intra_op.allow_spinning", options.spinning() == Spinning.NEVER ? "0" : "1");
    if (options.spinning() == Spinning.WITHIN_RUN) {
      settings.addConfigEntry("session.force_spinning_stop", "1");
    }
  }
}
