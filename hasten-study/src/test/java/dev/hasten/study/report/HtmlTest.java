package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class HtmlTest {
  @Test
  void selectorBecomesTagIdAndClasses() {
    assertThat(el("p#a.b.c", "x").markup()).isEqualTo("<p id=\"a\" class=\"b c\">x</p>");
    assertThat(el("br").markup()).isEqualTo("<br>");
  }

  @Test
  void textAndAttributesAreEscaped() {
    assertThat(el("p", attr("title", "\" onclick='x'"), Html.text("<script>&")).markup())
        .isEqualTo("<p title=\"&quot; onclick=&#39;x&#39;\">&lt;script&gt;&amp;</p>");
  }

  @Test
  void controlCharactersAreReplaced() {
    assertThat(Html.escape("a\u0000b\u001bc\nd")).isEqualTo("a\uFFFDb\uFFFDc\nd");
  }

  @Property(tries = 300, seed = "3")
  void noTextOpensATagOrLeavesAnAttribute(@ForAll String text) {
    assertThat(Html.escape(text)).doesNotContain("<", ">", "\"", "'").doesNotContain("\u0000");
  }
}
