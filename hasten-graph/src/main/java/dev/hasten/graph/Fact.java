package dev.hasten.graph;

import org.jspecify.annotations.Nullable;

/**
 * What inference knows of a value. Type and shape are those of the tensors in it, where it is a
 * sequence or optional.
 */
record Fact(@Nullable DataType type, @Nullable Shape shape, @Nullable Content content, Form form) {
  static final Fact NOTHING = new Fact(null, null, null);

  Fact(@Nullable DataType type, @Nullable Shape shape, @Nullable Content content) {
    this(type, shape, content, Form.TENSOR);
  }

  Fact withShape(@Nullable Shape newShape) {
    return new Fact(type, newShape, content, form);
  }

  Fact as(Form newForm) {
    return new Fact(type, shape, newForm == Form.TENSOR ? content : null, newForm);
  }

  boolean isTensor() {
    return form == Form.TENSOR;
  }
}
