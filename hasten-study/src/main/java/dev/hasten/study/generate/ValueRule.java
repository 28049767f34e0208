package dev.hasten.study.generate;

import java.util.List;

/** How the elements of an input are made. */
public sealed interface ValueRule {
  /** Whole numbers from 0 to below {@code bound}, uniformly: rows of a table. */
  record Ids(long bound, String table) implements ValueRule {}

  /** Whole numbers from {@code low} to below {@code high}, uniformly. */
  record Whole(long low, long high) implements ValueRule {}

  /** 0, 1, 2… along the last axis, starting anew at {@code bound}. */
  record Counting(long bound) implements ValueRule {}

  /** The same number everywhere; true for 1 where elements are booleans. */
  record Same(double value) implements ValueRule {}

  /** These numbers, repeated as needed: a shape, axes. */
  record Exactly(List<Long> values) implements ValueRule {
    public Exactly {
      values = List.copyOf(values);
    }
  }

  /** The length that the other inputs have. */
  record InputLength() implements ValueRule {}

  /** Uniform from 0 to 1: pixels. */
  record Uniform() implements ValueRule {}

  /** Standard normal. */
  record Normal() implements ValueRule {}

  /** Short words, for inputs of text. */
  record Words() implements ValueRule {}

  /** For people. */
  default String text() {
    return switch (this) {
      case Ids(long bound, String table) -> "0 to " + (bound - 1) + ", rows of " + table;
      case Whole(long low, long high) -> low + " to " + (high - 1);
      case Counting _ -> "0, 1, 2…";
      case Same(double value) ->
          value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
      case Exactly(List<Long> values) -> values.toString();
      case InputLength _ -> "the inputs' length";
      case Uniform _ -> "uniform, 0 to 1";
      case Normal _ -> "standard normal";
      case Words _ -> "words";
    };
  }
}
