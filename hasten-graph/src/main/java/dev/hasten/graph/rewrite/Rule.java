package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import java.util.Locale;

/**
 * One way to rewrite a graph around a node: a small stateless class, named after what it does,
 * whose Javadoc draws before and after.
 *
 * <p>A rule keeps what the graph computes (within rounding), and must come to rest: applied to its
 * own result it does nothing.
 */
public interface Rule {
  /** The rule's name in reports and recipes: {@code FuseGelu} is {@code fuse-gelu}. */
  default String name() {
    return getClass()
        .getSimpleName()
        .replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }

  /**
   * Looks at one node and rewrites around it, or says why not.
   *
   * @param anchor a node of the model or of a nested graph; edits go through its {@link
   *     Node#graph()} and through {@code rewrite}
   */
  Outcome apply(Node anchor, Rewrite rewrite);
}
