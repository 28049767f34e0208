package dev.hasten.study.report;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures to look at, on request: {@code -Dhasten.pictures=FOLDER}. */
class PicturesTest {
  @Test
  void ofTheReport(@TempDir Path scratch) throws Exception {
    String target = System.getProperty("hasten.pictures");
    assumeTrue(target != null, "set -Dhasten.pictures=FOLDER to take pictures of the report");
    Chromium browser = Chromium.orSkip();
    Path folder = Files.createDirectories(Path.of(target));
    Report.write(Samples.delivered(), folder);
    String url = folder.resolve("report.html").toUri().toString();
    for (String theme : new String[] {"light", "dark"}) {
      browser.photograph(
          url + "#" + theme, 1280, 7200, folder.resolve("desktop-" + theme + ".png"), scratch);
      browser.photograph(
          url + "#" + theme, 500, 10000, folder.resolve("phone-" + theme + ".png"), scratch);
    }
  }
}
