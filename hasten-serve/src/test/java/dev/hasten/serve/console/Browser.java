package dev.hasten.serve.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A headless Chromium, as a person would use it. */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  /** It warns of browsers newer than itself; held, since loggers are forgotten otherwise. */
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  static {
    SELENIUM.setLevel(Level.SEVERE);
  }

  final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /**
   * Skips the calling test where there is no browser, or none that can be driven: both are named
   * {@code HASTEN_CHROMIUM} and {@code HASTEN_CHROMEDRIVER}, or found on the path.
   */
  static Browser orSkip(String... arguments) {
    Optional<Path> chromium =
        find("HASTEN_CHROMIUM", "chromium", "chromium-browser", "google-chrome", "chrome");
    Optional<Path> chromedriver = find("HASTEN_CHROMEDRIVER", "chromedriver");
    assumeTrue(
        chromium.isPresent() && chromedriver.isPresent(),
        "no Chromium with its driver on the path (Debian: chromium, chromium-driver): install them,"
            + " or set HASTEN_CHROMIUM and HASTEN_CHROMEDRIVER, to test the console in a browser");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow().toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        // A page that scrolls smoothly moves what is clicked.
        "--force-prefers-reduced-motion",
        "--window-size=1280,1000");
    options.addArguments(arguments);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(chromedriver.orElseThrow().toFile())
            .usingAnyFreePort()
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  private static Optional<Path> find(String variable, String... names) {
    List<String> path =
        List.of(Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator));
    return Stream.concat(
            Optional.ofNullable(System.getenv(variable)).map(Path::of).stream(),
            Stream.of(names)
                .flatMap(name -> path.stream().map(folder -> Path.of(folder).resolve(name))))
        .filter(Files::isExecutable)
        .findFirst();
  }

  WebElement find(String css) {
    return driver.findElement(By.cssSelector(css));
  }

  List<WebElement> all(String css) {
    return driver.findElements(By.cssSelector(css));
  }

  String text(String css) {
    return String.join("\n", all(css).stream().map(WebElement::getText).toList());
  }

  /** Waits for something to become so. */
  void until(String what, BooleanSupplier so) throws InterruptedException {
    Instant end = Instant.now().plus(PATIENCE);
    while (true) {
      try {
        if (so.getAsBoolean()) {
          return;
        }
      } catch (StaleElementReferenceException e) {
        // The page has just put another in its place.
      }
      assertThat(Instant.now()).as("%s; the page: %s", what, text("body")).isBefore(end);
      Thread.sleep(50);
    }
  }

  void untilText(String css, String part) throws InterruptedException {
    until("'%s' in %s".formatted(part, css), () -> text(css).contains(part));
  }

  /** What the page has complained of since it was asked last. */
  List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(LogEntry::getMessage)
        .toList();
  }

  /** Breaches of the rules of WCAG 2.2 A and AA that axe-core can tell by itself. */
  List<?> barriers() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(Browser.class.getResourceAsStream("/axe.min.js"))) {
      driver.executeScript(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
    return (List<?>)
        Objects.requireNonNull(
            driver.executeAsyncScript(
                """
                const done = arguments[arguments.length - 1];
                axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
                    "best-practice"]})
                  .then((found) => done(found.violations.map((v) =>
                    v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; "))));
                """));
  }

  void size(int width, int height) {
    driver.manage().window().setSize(new Dimension(width, height));
  }

  /** Kept if the system property {@code hasten.pictures} names a folder: to be looked at. */
  void photograph(String name) throws IOException {
    String folder = System.getProperty("hasten.pictures");
    if (folder != null) {
      Files.createDirectories(Path.of(folder));
      Files.write(Path.of(folder, name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
