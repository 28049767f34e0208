package dev.hasten.study.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Markup in which every piece of data has been escaped.
 *
 * <p>Names of nodes, labels and file names come from files that nobody vouches for. The only ways
 * to make an {@code Html} escape what they are given, except {@link #trusted}, whose callers pass
 * resources of this package.
 */
record Html(String markup) implements Part {
  private static final Set<String> VOID = Set.of("br");
  static final Html NOTHING = new Html("");

  /** A name and a value inside a start tag. */
  record Attribute(String name, String value) implements Part {}

  /**
   * An element. The selector is a literal of the form {@code tag}, {@code tag.class.class} or
   * {@code tag#id.class}; attributes among the parts go into the start tag.
   */
  static Html el(String selector, Part... parts) {
    String[] classes = selector.split("\\.");
    String[] tagAndId = classes[0].split("#");
    var start = new StringBuilder("<").append(tagAndId[0]);
    if (tagAndId.length > 1) {
      attribute(start, "id", tagAndId[1]);
    }
    if (classes.length > 1) {
      attribute(
          start, "class", String.join(" ", Arrays.asList(classes).subList(1, classes.length)));
    }
    var content = new StringBuilder();
    for (Part part : parts) {
      switch (part) {
        case Attribute(String name, String value) -> attribute(start, name, value);
        case Html(String markup) -> content.append(markup);
      }
    }
    start.append('>').append(content);
    if (!VOID.contains(tagAndId[0])) {
      start.append("</").append(tagAndId[0]).append('>');
    }
    return new Html(start.toString());
  }

  static Html el(String selector, String text) {
    return el(selector, text(text));
  }

  static Html text(String text) {
    return new Html(escape(text));
  }

  static Attribute attr(String name, String value) {
    return new Attribute(name, value);
  }

  static Html join(Collection<Html> parts) {
    var all = new StringBuilder();
    parts.forEach(part -> all.append(part.markup));
    return new Html(all.toString());
  }

  static Html join(Html... parts) {
    return join(List.of(parts));
  }

  static <T> Html each(Collection<T> items, Function<? super T, Html> render) {
    return join(items.stream().<Html>map(render).toList());
  }

  static Html when(boolean condition, Html then) {
    return condition ? then : NOTHING;
  }

  /** Markup that this package wrote: a resource, never data. */
  static Html trusted(String markup) {
    return new Html(markup);
  }

  private static void attribute(StringBuilder out, String name, String value) {
    out.append(' ').append(name).append("=\"").append(escape(value)).append('"');
  }

  /** Also takes the control characters out, which no HTML may hold and which can hide text. */
  static String escape(String text) {
    var out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        case '\n', '\t' -> out.append(c);
        default -> out.append(Character.isISOControl(c) ? '\uFFFD' : c);
      }
    }
    return out.toString();
  }
}
