package dev.hasten.runtime;

import java.nio.ByteBuffer;

/**
 * A run on buffers allocated once. Write the {@link #input} buffers, {@link #run}, read the {@link
 * #output} buffers. For one thread at a time; make one per thread. Keeps its session's native
 * memory until it is closed.
 */
public interface BoundRun extends AutoCloseable {
  /** The direct buffer of an input, in native byte order; always the same one. */
  ByteBuffer input(String name);

  /** The direct buffer of an output, in native byte order; always the same one. */
  ByteBuffer output(String name);

  /** Computes the outputs from the inputs. */
  void run();

  @Override
  void close();
}
