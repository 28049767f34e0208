package dev.hasten.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.study.StudyResult;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page comes to once its script has run. Skipped where there is no browser. */
class ReportInBrowserTest {
  @TempDir private Path folder;

  private Chromium.Page open(String hash) throws Exception {
    Chromium browser = Chromium.orSkip();
    Report.write(Samples.delivered(), folder);
    return browser.open(folder.resolve("report.html").toUri() + hash, folder);
  }

  @Test
  void drawsBothChartsShowsTheDeliveredTrialAndRunsNothingElse() throws Exception {
    Chromium.Page page = open("");
    assertThat(page.console()).isEmpty();
    assertThat(page.dom()).containsPattern("<html[^>]*class=\"js\"");
    assertThat(page.dom()).containsPattern("id=\"frontier-chart\"[^>]*><div[^>]*><svg");
    assertThat(page.dom()).containsPattern("id=\"roofline-chart\"[^>]*><div[^>]*><svg");
    assertThat(page.dom()).contains("<article class=\"trial selected\" id=\"t6\">");
    assertThat(page.dom()).contains("promised: at least 0.95");
    assertThat(page.dom()).doesNotContain("<img src=x").doesNotContain("<script>alert");
  }

  @Test
  void aLinkChoosesTheTrialAndTheTheme() throws Exception {
    assertThat(open("#t4").dom())
        .contains("<article class=\"trial selected\" id=\"t4\">")
        .doesNotContain("<article class=\"trial selected\" id=\"t6\">");
    assertThat(open("#dark").dom()).containsPattern("<html[^>]*data-theme=\"dark\"");
  }

  @Test
  void aProfileHasItsRooflineAndNoFrontier() throws Exception {
    Chromium browser = Chromium.orSkip();
    StudyResult study = Samples.delivered();
    Path html = folder.resolve("profile.html");
    ProfileReport.write(study.before(), null, study.advice(), study.hardware(), html);
    Chromium.Page page = browser.open(html.toUri().toString(), folder);
    assertThat(page.console()).isEmpty();
    assertThat(page.dom())
        .containsPattern("id=\"roofline-chart\"[^>]*><div[^>]*><svg")
        .doesNotContain("id=\"frontier-chart\"")
        .contains("What could help");
  }

  @Test
  void nothingIsWiderThanAPhone() throws Exception {
    Chromium browser = Chromium.orSkip();
    Report.write(Samples.delivered(), folder);
    Path report = folder.resolve("report.html");
    // A frame of a phone's width, since a headless window has a least width of its own.
    Path phone = folder.resolve("phone.html");
    Files.writeString(
        phone,
        """
        <iframe id="f" src="%s" style="width:360px;height:800px;border:0"></iframe>
        <script>
        f.onload = () => setTimeout(() => {
          const page = f.contentDocument.documentElement;
          document.title = "width " + page.scrollWidth + " of " + page.clientWidth;
        }, 500);
        </script>
        """
            .formatted(report.getFileName()));
    Chromium.Page page =
        browser.open(phone.toUri().toString(), folder, "--allow-file-access-from-files");
    assertThat(page.dom()).containsPattern("<title>width (\\d+) of \\1</title>");
  }
}
