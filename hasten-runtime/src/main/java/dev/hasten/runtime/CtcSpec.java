package dev.hasten.runtime;

/**
 * How scores over characters, step by step, become a text: connectionist temporal classification,
 * read greedily.
 *
 * @param characters file with one character (or token) per line, in the order of the model's
 *     classes, the blank left out; relative to the workload file or the bundle
 * @param blank which class is the blank
 * @param space whether a space follows as the last class, which a list by lines cannot show
 */
public record CtcSpec(String characters, int blank, boolean space) {
  public CtcSpec {
    if (blank < 0) {
      throw new BadInputException("blank: " + blank + " (expected: >= 0)");
    }
  }

  /** The blank first, no space added. */
  public static CtcSpec of(String characters) {
    return new CtcSpec(characters, 0, false);
  }

  public CtcSpec withSpace() {
    return new CtcSpec(characters, blank, true);
  }

  CtcSpec withCharacters(String file) {
    return new CtcSpec(file, blank, space);
  }
}
