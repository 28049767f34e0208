package dev.hasten.measure;

/**
 * Something whose speed is measured: a session, a predictor, a method.
 *
 * @param name what it is called in the results, unique in a test
 * @param opener makes it ready for a row
 */
public record Subject(String name, Opener opener) {
  /** A subject that is ready as it is, whatever the row. */
  public static Subject of(String name, Runnable action) {
    return new Subject(name, row -> input -> action.run());
  }

  /** Makes a subject ready for a row. */
  @FunctionalInterface
  public interface Opener {
    /** Loads what the calls need, not timed. Called once per row. */
    Call open(Row row) throws Exception;
  }

  /** A subject, ready. */
  @FunctionalInterface
  public interface Call extends AutoCloseable {
    /**
     * One call, timed.
     *
     * @param input counts 0, 1, 2… over the blocks; in a block every subject gets the same number,
     *     so that all can run on the same inputs
     */
    void run(int input) throws Exception;

    @Override
    default void close() throws Exception {}
  }
}
