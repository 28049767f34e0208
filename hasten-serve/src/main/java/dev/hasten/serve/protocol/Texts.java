package dev.hasten.serve.protocol;

/** What clients sent, fit for a message. */
final class Texts {
  private static final int LONGEST = 80;

  private Texts() {}

  /** The beginning, without control characters. */
  static String brief(String text) {
    String start = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    return start.replaceAll("\\p{Cntrl}", "?");
  }
}
