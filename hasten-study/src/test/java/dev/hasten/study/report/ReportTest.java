package dev.hasten.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.study.StudyResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportTest {
  private static final Pattern DATA =
      Pattern.compile(
          "<script type=\"application/json\" id=\"report-data\">(.*?)</script>", Pattern.DOTALL);

  private final String page = Report.html(Samples.delivered());

  @ParameterizedTest
  @ValueSource(
      strings = {"frontier", "speed", "time", "limit", "quality", "refused", "advice", "again"})
  void hasSectionWithHeadingAndLink(String id) {
    assertThat(page)
        .contains("<section id=\"" + id + "\" aria-labelledby=\"" + id + "-heading\">")
        .contains("<h2 id=\"" + id + "-heading\">")
        .contains("<a href=\"#" + id + "\">");
  }

  @Test
  void saysWhatWasDeliveredWithoutScript() {
    String text = withoutMarkup(page);
    assertThat(text)
        .contains(
            "2.70× faster at batch 1 × 128, 3.95× smaller; overlap@10 drops by 0.0112, within the 0.05 promised.")
        .contains("95 % interval [2.67, 2.73]")
        .contains("97.5 % upper bound 0.0130, promised at most 0.05")
        .contains("Measured on Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz, 2 cores")
        .contains("neither input is an initializer")
        .contains("fell by 0.21 on 200 examples")
        .contains("./hasten optimize workload.yaml --budget 10m")
        .contains("granularity: per-channel")
        .contains("noun.motive");
  }

  @Test
  void saysThatNothingWasGoodEnoughAndWhatWouldDecide() {
    String none = withoutMarkup(Report.html(Samples.nothing()));
    assertThat(none)
        .contains("Nothing good enough was found: the original stays.")
        .contains("The fastest recipe could not be shown to keep the promise")
        .contains("? undecided")
        .contains("About 5,400 examples would decide it; there were 2,000.");
  }

  @Test
  void namesFromTheModelStayText() {
    assertThat(page).contains(Html.escape(Samples.HOSTILE));
    assertThat(page)
        .doesNotContain(Samples.HOSTILE)
        .doesNotContain("<img src=x")
        .doesNotContain("<script>alert");
    // The data block, the chart library and our script: nothing else opens a script element.
    assertThat(Pattern.compile("<script").matcher(page).results().count()).isEqualTo(3);
  }

  @Test
  void chartDataIsJsonThatOpensNoTag() throws IOException {
    Matcher data = DATA.matcher(page);
    assertThat(data.find()).isTrue();
    assertThat(data.group(1)).doesNotContain("<").doesNotContain("&");
    JsonNode json = new ObjectMapper().readTree(data.group(1));
    assertThat(json.at("/frontier/selected").asText()).isEqualTo("t6");
    assertThat(json.at("/frontier/points")).hasSize(9);
    assertThat(json.at("/roofline/points").findValuesAsText("phase")).contains("before", "after");
    assertThat(data.group(1)).contains("\\u003c/script\\u003e");
  }

  @Test
  void loadsNothingAndIsSmall() {
    String ours = page.replaceAll("(?s)<script>.*?</script>", "");
    assertThat(ours)
        .doesNotContainPattern("(?i)(src|href|action)\\s*=\\s*[\"']?\\s*(https?:|//)")
        .doesNotContainPattern("(?i)@import|url\\(")
        .doesNotContainPattern("(?i)<[^>]+\\son\\w+=");
    assertThat(ours).contains("default-src 'none'");
    assertThat(page.length()).isLessThan(1_500_000);
  }

  @Test
  void writesPageAndDataWhichReadBack(@TempDir Path folder) throws IOException {
    StudyResult study = Samples.delivered();
    Report.write(study, folder);
    StudyResult again = StudyResult.fromJson(Files.readString(folder.resolve("report.json")));
    assertThat(again).isEqualTo(study);
    assertThat(Report.html(again)).isEqualTo(Files.readString(folder.resolve("report.html")));
  }

  @Test
  void theSameStudyGivesTheSamePage() {
    StudyResult study = Samples.delivered();
    assertThat(Report.html(study)).isEqualTo(Report.html(study));
  }

  private static String withoutMarkup(String html) {
    return html.replaceAll("(?s)<(script|style).*?</\\1>", "")
        .replaceAll("<[^>]*>", "")
        .replace('\u00a0', ' ')
        .replace("&#39;", "'");
  }
}
