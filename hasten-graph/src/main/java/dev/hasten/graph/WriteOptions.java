package dev.hasten.graph;

/**
 * How a model is written.
 *
 * @param externalData whether weights go into a second file
 * @param externalMinBytes initializers below this size stay in the model file
 */
public record WriteOptions(ExternalData externalData, long externalMinBytes) {

  /** Where the weights go. */
  public enum ExternalData {
    /** Into the model file, unless that would pass the format's limit of 2 GB. */
    WHEN_NEEDED,
    /** Into a file of their own, beside the model. */
    ALWAYS,
    /** Into the model file; past 2 GB writing fails. */
    NEVER
  }

  public WriteOptions {
    if (externalMinBytes < 0) {
      throw new IllegalArgumentException(
          "externalMinBytes: " + externalMinBytes + " (expected: >= 0)");
    }
  }

  /** One file as long as it can be one. */
  public static WriteOptions defaults() {
    return new WriteOptions(ExternalData.WHEN_NEEDED, 1024);
  }

  /** Weights in a file of their own. */
  public static WriteOptions external() {
    return new WriteOptions(ExternalData.ALWAYS, 1024);
  }
}
