package dev.hasten.runtime;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Opens tokenizers without a word to the network. Left alone, DJL looks for a GPU and downloads a
 * build for it where it finds one, and asks the cloud's metadata service whom to report the use to.
 */
final class TokenizerLibrary {
  /** The processor's build is in the jar; offline, DJL neither downloads nor reports. */
  private static final Map<String, String> SETTINGS =
      Map.of("RUST_FLAVOR", "cpu", "ai.djl.offline", "true");

  private TokenizerLibrary() {}

  /**
   * @throws EnvironmentException if the native library cannot be loaded
   * @throws IOException or RuntimeException if the file is refused
   */
  static HuggingFaceTokenizer open(Path file, Map<String, String> options) throws IOException {
    // The settings are DJL's to read, hence system properties; they are put back at once, since the
    // application may use DJL itself, online.
    synchronized (TokenizerLibrary.class) {
      Map<String, @Nullable String> before = new LinkedHashMap<>();
      SETTINGS.forEach((key, value) -> before.put(key, System.setProperty(key, value)));
      try {
        load();
        return HuggingFaceTokenizer.newInstance(file, options);
      } finally {
        before.forEach(TokenizerLibrary::restore);
      }
    }
  }

  private static void load() {
    try {
      LibUtils.checkStatus();
    } catch (LinkageError | RuntimeException e) {
      throw new EnvironmentException(
          "the tokenizer's native library cannot be loaded on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + e
              + " (it is unpacked into the home folder, or where ENGINE_CACHE_DIR says: that folder"
              + " must be writable and allow execution)",
          e);
    }
  }

  private static void restore(String key, @Nullable String value) {
    if (value == null) {
      System.clearProperty(key);
    } else {
      System.setProperty(key, value);
    }
  }
}
