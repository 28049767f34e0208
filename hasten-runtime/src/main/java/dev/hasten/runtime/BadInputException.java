package dev.hasten.runtime;

/**
 * What the user gave is wrong: a file, a YAML field, a tensor, a parameter. The message names it,
 * what was found, what was expected, and what to do. The command line exits with 2.
 */
public final class BadInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public BadInputException(String message) {
    super(message);
  }

  public BadInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
