package dev.hasten.runtime;

/** How the vectors of a text's tokens become one vector. */
public enum Pooling {
  /** The outputs stay as they are. */
  NONE,
  /** The mean over the tokens that are not padding. */
  MEAN,
  /** The first token's. */
  CLS,
  /** The last token's that is not padding. */
  LAST
}
