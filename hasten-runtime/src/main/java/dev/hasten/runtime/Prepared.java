package dev.hasten.runtime;

/**
 * An example that an {@link InputPipeline} has read and checked, before it joins a batch. For the
 * pipeline that made it.
 */
public interface Prepared {
  /** As {@link InputPipeline#length}. */
  int length();

  /** As {@link InputPipeline#group}. */
  String group();

  /** Memory that it holds while it waits. */
  long bytes();
}
