package dev.hasten.cli;

import dev.hasten.runtime.AtomicFiles;
import dev.hasten.runtime.EnvironmentException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The demo's folder: a real model, real text and the workload file, laid out as a user's own would
 * be.
 *
 * @param folder where they stand
 */
record DemoFiles(Path folder) {
  /** Glosses drawn from WordNet; the splits are made of them. */
  static final int EXAMPLES = 9_000;

  static final long SEED = 31;

  private static final String MODEL = "all-minilm-l6-v2.onnx";
  private static final String PEER = "all-minilm-l6-v2-q.onnx";
  private static final String TOKENIZER = "all-minilm-l6-v2-tokenizer.json";

  Path workload() {
    return folder.resolve("workload.yaml");
  }

  Path examples() {
    return folder.resolve("glosses.jsonl");
  }

  /** Writes what is not there yet; a workload file that the user has changed stays as it is. */
  DemoFiles prepare() throws IOException {
    Files.createDirectories(folder);
    extract(MODEL, "model.onnx");
    extract(TOKENIZER, "tokenizer.json");
    extract(PEER, "published-int8.onnx");
    if (Files.notExists(examples())) {
      AtomicFiles.write(
          examples(),
          WordNet.sample(EXAMPLES, SEED).toJsonLines().getBytes(StandardCharsets.UTF_8));
    }
    extract("demo-workload.yaml", "workload.yaml");
    return this;
  }

  private void extract(String resource, String name) throws IOException {
    Path file = folder.resolve(name);
    if (Files.exists(file)) {
      return;
    }
    try (InputStream stream = DemoFiles.class.getResourceAsStream("/" + resource)) {
      if (stream == null) {
        throw new EnvironmentException(
            "the demo's file " + resource + " is not on the class path. Build again with ./hasten");
      }
      AtomicFiles.write(file, stream.readAllBytes());
    }
  }
}
