package dev.hasten.graph;

import org.jspecify.annotations.Nullable;

/** What inference knows of a value. */
record Fact(@Nullable DataType type, @Nullable Shape shape, @Nullable Content content) {
  static final Fact NOTHING = new Fact(null, null, null);

  Fact withShape(@Nullable Shape newShape) {
    return new Fact(type, newShape, content);
  }
}
