package dev.hasten.graph;

import org.jspecify.annotations.Nullable;

/**
 * A model that is broken or that Hasten does not support. The message is written for the model's
 * owner: it names the file and the place in it, what was found, what was expected, and a remedy.
 */
public final class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelException(String message) {
    super(message);
  }

  public ModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** {@code where: found (expected: expected). Remedy.} */
  static ModelException of(String where, String found, String expected, String remedy) {
    return new ModelException(
        where + ": " + found + " (expected: " + expected + "). " + remedy + ".");
  }
}
