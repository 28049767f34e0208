package dev.hasten.runtime;

/**
 * The environment lacks something: a native library, disk space, a permission, a device. The
 * message says what and how to get it. The command line exits with 3.
 */
public final class EnvironmentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public EnvironmentException(String message) {
    super(message);
  }

  public EnvironmentException(String message, Throwable cause) {
    super(message, cause);
  }
}
