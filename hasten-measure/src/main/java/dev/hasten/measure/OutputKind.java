package dev.hasten.measure;

/** What the rows of a model's output are. */
public enum OutputKind {
  /** A vector whose direction carries the meaning. */
  EMBEDDING,
  /** One number per class: logits or probabilities. */
  SCORES,
  /** Numbers predicted as such (regression). */
  VALUES,
  /**
   * Boxes found in an image, six numbers each: left, top, right, bottom, score, class; rows differ
   * in length. Boxes of score 0 or less are padding.
   */
  BOXES,
  /** A text, one Unicode code point per number ({@link Texts}); rows differ in length. */
  TEXT
}
