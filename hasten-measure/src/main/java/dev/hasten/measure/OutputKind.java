package dev.hasten.measure;

/** What the rows of a model's output are. */
public enum OutputKind {
  /** A vector whose direction carries the meaning. */
  EMBEDDING,
  /** One number per class: logits or probabilities. */
  SCORES,
  /** Numbers predicted as such (regression). */
  VALUES,
  /** A text, one Unicode code point per number ({@link Texts}); rows differ in length. */
  TEXT
}
