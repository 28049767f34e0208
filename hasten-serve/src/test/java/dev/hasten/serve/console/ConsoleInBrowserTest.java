package dev.hasten.serve.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.graph.DataType;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Fit;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TableColumn;
import dev.hasten.serve.InferenceServer;
import dev.hasten.serve.MiniLm;
import dev.hasten.serve.Protection;
import dev.hasten.serve.ServerOptions;
import dev.hasten.serve.TinyModels;
import dev.hasten.serve.jobs.JobsOptions;
import java.awt.image.BufferedImage;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The console as a person uses it. Skipped where there is no browser. */
class ConsoleInBrowserTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A folder's name, so a model's; and what its answers are. */
  private static final String HOSTILE = "<img src=x onerror=\"document.title='run'\">";

  @TempDir private static Path folder;
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void models() throws Exception {
    Path report =
        Files.writeString(
            folder.resolve("report.html"),
            """
            <!doctype html><title>report</title><p id="p">no script</p><script>
            let said = "script ran";
            try { sessionStorage.getItem("hasten-token"); said += ", storage open"; }
            catch (e) { said += ", storage closed"; }
            fetch("/v2").then(() => { said += ", network open"; }, () => { said += ", network closed"; })
              .finally(() => { document.getElementById("p").textContent = said; });
            </script>
            """);
    Path models = folder.resolve("models");
    MiniLm.bundle(models.resolve("minilm"), Map.of("report.html", report));
    TinyModels.identity(models.resolve(HOSTILE + "/1"), DataType.STRING);
    Files.createDirectories(models.resolve("broken/1"));
    Path forms = folder.resolve("forms");
    bundle(
        forms.resolve("shop"),
        TinyModels.add(folder.resolve("add"), 1),
        PipelineSpec.Table.of(
            new TableColumn.Numeric(
                "age", Optional.empty(), Optional.empty(), false, Optional.empty()),
            new TableColumn.OneHot(
                "colour",
                Optional.empty(),
                List.of("red", "<b>green</b>", "blue"),
                Optional.empty(),
                false,
                Optional.empty(),
                false)));
    bundle(
        forms.resolve("picture"),
        TinyModels.channelMeans(folder.resolve("means")),
        PipelineSpec.Image.of(new Fit.Stretch(8, 8)));
  }

  private static void bundle(Path to, Path model, PipelineSpec pipeline) {
    Bundle.write(
        to,
        BundleManifest.of(String.valueOf(to.getFileName()), pipeline),
        Map.of(Bundle.MODEL, model));
  }

  @AfterEach
  void close() {
    http.close();
  }

  private static ServerOptions options(String models) {
    return ServerOptions.of(folder.resolve(models)).withAddress("127.0.0.1", 0);
  }

  private static String url(InferenceServer server) {
    return "http://127.0.0.1:" + server.port() + "/";
  }

  private HttpResponse<String> post(InferenceServer server, String path, String body)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(url(server) + path))
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The button of a model, once it is listed. */
  private static WebElement model(Browser browser, String name) throws InterruptedException {
    browser.untilText("#model-rows", name);
    return browser.all("#model-rows button.choose").stream()
        .filter(button -> button.getText().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void choose(Browser browser, String name) throws InterruptedException {
    WebElement button = model(browser, name);
    // Not under the page's head.
    browser.driver.executeScript("scrollTo(0, 0)");
    button.click();
    browser.untilText("#try-heading", "Try " + name);
  }

  private static void send(Browser browser) {
    browser.find("#try-send").click();
  }

  @Test
  void showsModelsMovesItsChartsAndAnswersATextAsTheServerDoes() throws Exception {
    try (Browser browser = Browser.orSkip();
        InferenceServer server = InferenceServer.start(options("models"))) {
      browser.driver.get(url(server));
      browser.untilText("#model-rows", "neither a bundle nor a folder with a model.onnx");
      assertThat(browser.text("#status")).isEqualTo("not ready");
      choose(browser, "minilm");
      AtomicBoolean enough = new AtomicBoolean();
      CompletableFuture<Void> load =
          CompletableFuture.runAsync(() -> {
            try {
              while (!enough.get()) {
                assertThat(post(server, "v2/models/minilm/predict", "ships").statusCode())
                    .isEqualTo(200);
              }
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          });
      browser.until(
          "figures under load",
          () ->
              browser.text("#chart-throughput b").matches("[1-9][\\d.,]*/s\n0/s")
                  && browser.text("#chart-latency b").matches("[\\d.]+ m?s\n[\\d.]+ m?s")
                  && browser.text("#chart-batch b").equals("1")
                  && browser.text("#model-rows tr.chosen").contains(" ms"));
      Object before = browser.driver.executeScript(CHARTS);
      browser.until("charts that move", () -> !sameCharts(browser, before));
      enough.set(true);
      load.join();
      browser.untilText("#batches", "100 %");
      browser.untilText("#spent", "inference");

      WebElement text = browser.find("#try-text");
      text.sendKeys("a place where ships are safe", Keys.chord(Keys.CONTROL, Keys.ENTER));
      browser.untilText("#answer", "384 numbers, length 1");
      assertThat(browser.text("#answer")).contains("Time: ", "pre-processing", "network");
      browser.find("#answer summary").click();
      String shown = browser.text("#answer pre");
      assertThat(JSON.readTree(shown).get("outputs"))
          .isEqualTo(
              JSON.readTree(
                      post(server, "v2/models/minilm/predict", "a place where ships are safe")
                          .body())
                  .get("outputs"));
      text.clear();
      text.sendKeys("a harbour for boats");
      send(browser);
      browser.untilText("#answer", "Cosine with the text before: 0.");
      assertThat(browser.barriers()).isEmpty();
      browser.photograph("console");
      assertThat(browser.complaints()).isEmpty();

      browser.driver.get(browser.find("#model-rows a").getDomProperty("href"));
      browser.untilText("#p", "script ran, storage closed, network closed");
    }
  }

  private static final String CHARTS =
      "return [...document.querySelectorAll('figure canvas')].map((c) => c.toDataURL()).join()";

  private static boolean sameCharts(Browser browser, Object before) {
    return before.equals(browser.driver.executeScript(CHARTS));
  }

  @Test
  void runsNothingThatAModelIsCalledOrAnswers() throws Exception {
    try (Browser browser = Browser.orSkip();
        InferenceServer server = InferenceServer.start(options("models"))) {
      browser.driver.get(url(server));
      choose(browser, HOSTILE);
      WebElement tensors = browser.find("#try-tensors");
      assertThat(tensors.getDomProperty("value"))
          .contains(
              "{\"name\": \"x\", \"shape\": [1, 1], \"datatype\": \"BYTES\", \"data\": [\"\"]}");
      tensors.clear();
      send(browser);
      browser.untilText("#try-note", "Not JSON");
      tensors.sendKeys(
          "{\"inputs\": [{\"name\": \"x\", \"shape\": [1, 1], \"datatype\": \"BYTES\", \"data\": [\""
              + HOSTILE.replace("\"", "\\\"")
              + "\"]}]}");
      send(browser);
      browser.untilText("#answer .said", HOSTILE);
      tensors.clear();
      tensors.sendKeys("{\"inputs\": []}");
      send(browser);
      browser.untilText("#answer .problem", "x");
      assertThat(browser.all("main img")).isEmpty();
      assertThat(browser.driver.getTitle()).isEqualTo("Hasten");
      // The refused request is the one thing that the browser notes.
      assertThat(browser.complaints()).allMatch(line -> line.contains("status of 400"));
    }
  }

  @Test
  void asksForATokenKeepsItInTheTabAndForgetsIt() throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest("letmein".getBytes(StandardCharsets.UTF_8));
    Path tokens =
        Files.writeString(
            folder.resolve("tokens"), "me " + HexFormat.of().formatHex(digest) + " infer\n");
    try (Browser browser = Browser.orSkip();
        InferenceServer server =
            InferenceServer.start(options("forms"), Protection.limitsOnly().withTokens(tokens))) {
      browser.driver.get(url(server));
      browser.until("a question for a token", () -> browser.find("#token").isDisplayed());
      browser.find("#token").sendKeys("wrong", Keys.ENTER);
      browser.untilText("#token-why", "does not know");
      assertThat(browser.barriers()).isEmpty();
      browser.photograph("token");
      browser.find("#token").sendKeys("letmein", Keys.ENTER);
      model(browser, "shop");
      browser.driver.navigate().refresh();
      model(browser, "shop");
      assertThat(browser.find("#token").isDisplayed()).isFalse();
      assertThat(browser.driver.executeScript("return document.cookie + localStorage.length"))
          .isEqualTo("0");
      browser.find("#forget").click();
      browser.until("a question for a token", () -> browser.find("#token").isDisplayed());
    }
  }

  @Test
  void fillsARowAndSendsAPicture() throws Exception {
    BufferedImage image = new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 200; i++) {
      image.setRGB(i % 20, i / 20, 0xff0000);
    }
    Path png = folder.resolve("red.png");
    ImageIO.write(image, "png", png.toFile());
    try (Browser browser = Browser.orSkip();
        InferenceServer server = InferenceServer.start(options("forms"))) {
      browser.driver.get(url(server));
      choose(browser, "shop");
      browser.find("#try-field-0").sendKeys("41");
      assertThat(browser.find("#try-field-1").getText()).contains("red", "<b>green</b>", "blue");
      browser.find("#try-field-1").sendKeys("blue");
      send(browser);
      browser.untilText("#answer", "[0]\n42");
      assertThat(browser.text("#answer")).contains("42, 1, 1, 2");
      choose(browser, "picture");
      send(browser);
      browser.untilText("#try-note", "Choose a file first.");
      browser.find("#try-file").sendKeys(png.toString());
      browser.untilText(".preview", "red.png");
      send(browser);
      browser.untilText("#answer", "1, 0, 0");
      browser.until(
          "a picture that is shown",
          () ->
              Boolean.TRUE.equals(
                  browser.driver.executeScript(
                      "return document.querySelector('.preview img').naturalWidth === 20")));
      assertThat(browser.barriers()).isEmpty();
      assertThat(browser.complaints()).isEmpty();
    }
  }

  @Test
  void showsJobsAndCancelsThem() throws Exception {
    try (Browser browser = Browser.orSkip();
        InferenceServer server =
            InferenceServer.start(
                options("models").withJobs(JobsOptions.of(folder.resolve("jobs").toString())))) {
      browser.driver.get(url(server));
      browser.untilText("#jobs-lead", "None yet.");
      String small = "{\"text\": \"one\"}\n{\"text\": \"two\"}\n{\"nothing\": 1}\n";
      assertThat(post(server, "v2/models/minilm/jobs", small).statusCode()).isEqualTo(202);
      browser.untilText("#job-rows", "succeeded");
      browser.untilText("#job-rows", "3 of 3, 1 failed");
      String large = ("{\"text\": \"" + "many words ".repeat(100) + "\"}\n").repeat(3000);
      assertThat(post(server, "v2/models/minilm/jobs", large).statusCode()).isEqualTo(202);
      browser.untilText("#job-rows tr:first-child", "of 3,000");
      browser.until(
          "progress",
          () -> Double.parseDouble(browser.find("progress").getDomProperty("value")) > 0);
      browser.photograph("jobs");
      assertThat(browser.barriers()).isEmpty();
      browser.find("#job-rows tr:first-child button").click();
      browser.untilText("#job-rows tr:first-child", "cancelled");
      assertThat(browser.complaints()).isEmpty();
    }
  }

  @Test
  void fitsAPhoneAndFollowsThePreferredColours() throws Exception {
    try (Browser browser = Browser.orSkip();
        InferenceServer server = InferenceServer.start(options("models"))) {
      browser.driver.executeCdpCommand(
          "Emulation.setDeviceMetricsOverride",
          Map.of("width", 360, "height", 740, "deviceScaleFactor", 1, "mobile", true));
      browser.driver.executeCdpCommand(
          "Emulation.setEmulatedMedia",
          Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", "dark"))));
      browser.driver.get(url(server));
      choose(browser, "minilm");
      assertThat(
              browser.driver.executeScript(
                  "return document.documentElement.scrollWidth - innerWidth"))
          .isEqualTo(0L);
      String dark = background(browser);
      assertThat(browser.barriers()).isEmpty();
      browser.photograph("phone");
      browser.find("#theme").click();
      assertThat(background(browser)).isNotEqualTo(dark);
      assertThat(browser.find("#theme").getDomAttribute("aria-label"))
          .isEqualTo("Use dark colours");
      assertThat(browser.barriers()).isEmpty();
    }
  }

  private static String background(Browser browser) {
    return String.valueOf(
        browser.driver.executeScript("return getComputedStyle(document.body).backgroundColor"));
  }
}
