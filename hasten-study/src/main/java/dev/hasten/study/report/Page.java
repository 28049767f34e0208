package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The frame of a page: style, script and chart library inlined, so that the one file needs no
 * network. A content security policy lets only our own scripts run: should a name in a model ever
 * slip through as markup, it still would not execute.
 */
final class Page {
  private static final String CHARTS =
      "/META-INF/resources/webjars/echarts/5.5.0/echarts.common.min.js";
  private static final Pattern SLOT = Pattern.compile("\\{\\{(\\w+)}}");
  private static final ObjectMapper JSON = new ObjectMapper();

  private Page() {}

  /**
   * A section with its heading.
   *
   * @param id of its element
   * @param link in the navigation
   * @param heading what the section answers
   */
  record Section(String id, String link, String heading, Html content) {
    Html html() {
      return el(
          "section",
          attr("id", id),
          attr("aria-labelledby", id + "-heading"),
          el("h2", attr("id", id + "-heading"), Html.text(heading)),
          content);
    }
  }

  static String render(String title, Html head, List<Section> sections, Html foot, ChartData data) {
    String charts = resource(CHARTS);
    String script = resource("report.js");
    Html navigation =
        Html.each(sections, s -> el("a", attr("href", "#" + s.id()), Html.text(s.link())));
    return fill(
        resource("page.html"),
        Map.of(
            "policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src %s %s"
                .formatted(hash(charts), hash(script)),
            "title",
            Html.escape(title),
            "style",
            resource("report.css"),
            "navigation",
            navigation.markup(),
            "main",
            head.markup() + Html.each(sections, Section::html).markup(),
            "foot",
            foot.markup(),
            "data",
            json(data),
            "charts",
            charts,
            "script",
            script));
  }

  /** One pass: what is filled in is never looked at again, even where it reads like a slot. */
  static String fill(String template, Map<String, String> values) {
    return SLOT.matcher(template)
        .replaceAll(slot -> Matcher.quoteReplacement(values.get(slot.group(1))));
  }

  /** JSON that can stand in a script element: {@code <} opens no tag and no comment there. */
  static String json(Object data) {
    try {
      return JSON.writeValueAsString(data)
          .replace("<", "\\u003c")
          .replace(">", "\\u003e")
          .replace("&", "\\u0026");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("page data: " + e.getMessage(), e);
    }
  }

  static String hash(String script) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256: missing from this JDK", e);
    }
  }

  static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            name + ": not on the class path (expected: in our jar, or in org.webjars:echarts)");
      }
      // The policy hashes what the browser sees, and its parser turns CR LF into LF.
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
