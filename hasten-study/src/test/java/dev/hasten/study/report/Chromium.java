package dev.hasten.study.report;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A headless browser, run as a process of its own. {@code HASTEN_CHROMIUM} names its binary. */
final class Chromium {
  private final String binary;

  private Chromium(String binary) {
    this.binary = binary;
  }

  /** What a page came to. */
  record Page(String dom, List<String> console) {}

  /** Skips the calling test where there is no browser. */
  static Chromium orSkip() {
    Optional<String> named =
        Optional.ofNullable(System.getProperty("HASTEN_CHROMIUM"))
            .or(() -> Optional.ofNullable(System.getenv("HASTEN_CHROMIUM")));
    Optional<String> found =
        Stream.concat(
                named.stream(),
                Stream.of("chromium", "chromium-browser", "google-chrome", "chrome"))
            .filter(Chromium::exists)
            .findFirst();
    assumeTrue(
        found.isPresent(),
        "no Chromium on the path: install one, or set HASTEN_CHROMIUM to its binary, to test the"
            + " report in a browser");
    return new Chromium(found.orElseThrow());
  }

  private static boolean exists(String name) {
    if (name.contains("/")) {
      return Files.isExecutable(Path.of(name));
    }
    return Stream.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }

  /** The document after its scripts have run, and what they wrote to the console. */
  Page open(String url, Path scratch, String... options) throws IOException, InterruptedException {
    Path out = scratch.resolve("dom.html");
    Path log = scratch.resolve("console.txt");
    var arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("--dump-dom", "--enable-logging=stderr", url));
    run(scratch, out, log, arguments);
    List<String> console =
        Files.readAllLines(log, StandardCharsets.UTF_8).stream()
            .filter(line -> line.contains(":CONSOLE"))
            .toList();
    return new Page(Files.readString(out), console);
  }

  /** A picture of the page in a window of the given size. */
  void photograph(String url, int width, int height, Path png, Path scratch)
      throws IOException, InterruptedException {
    run(
        scratch,
        scratch.resolve("shot.out"),
        scratch.resolve("shot.err"),
        List.of(
            "--screenshot=" + png.toAbsolutePath(),
            "--window-size=" + width + "," + height,
            "--hide-scrollbars",
            url));
  }

  private void run(Path scratch, Path out, Path err, List<String> arguments)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(
            List.of(
                binary,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + scratch.resolve("browser"),
                "--virtual-time-budget=5000"));
    command.addAll(arguments);
    Process browser =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      if (!browser.waitFor(120, TimeUnit.SECONDS)) {
        throw new IOException(command + ": no end within 120 s; " + Files.readString(err));
      }
    } finally {
      browser.descendants().forEach(ProcessHandle::destroyForcibly);
      browser.destroyForcibly();
    }
  }
}
