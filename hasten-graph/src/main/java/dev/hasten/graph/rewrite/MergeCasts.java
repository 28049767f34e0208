package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Value;

/**
 * {@code Cast(Cast(x: A → B) → C)} becomes {@code Cast(x: A → C)}, where B holds each number of A.
 *
 * <p>A fraction that becomes an integer keeps its detour: what comes of numbers out of range is not
 * defined, and need not be the same from A and from B.
 */
final class MergeCasts implements Rule {
  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.is("", "Cast")) {
      return Outcome.none();
    }
    Node inner = node.input(0).producer();
    if (inner == null || !inner.is("", "Cast") || inner.graph() != node.graph()) {
      return Outcome.none();
    }
    Value x = inner.input(0);
    DataType from = rewrite.type(x);
    DataType through = rewrite.type(node.input(0));
    DataType to = rewrite.type(node.output());
    if (from == null || through == null || to == null) {
      return Outcome.refused("the type of " + x.name() + " is not known");
    }
    if (!holds(from, through)) {
      return Outcome.refused(through + " does not hold each " + from);
    }
    if (from.isFloating() && !to.isFloating() && from != through) {
      return Outcome.refused(
          "what becomes of a " + from + " out of range of " + to + " may differ");
    }
    if (through.isFloating() && !from.isFloating() && to.isInteger() && !holds(from, to)) {
      return Outcome.refused(
          "what becomes of a " + from + " out of range of " + to + " may differ");
    }
    node.graph().setInput(node, 0, x);
    rewrite.sweep(inner);
    return Outcome.changed(
        "the cast from " + from + " to " + to + " through " + through + " is one");
  }

  /** Whether each number of {@code from} is one of {@code to} exactly. */
  private static boolean holds(DataType from, DataType to) {
    if (from == to) {
      return true;
    }
    int needed = exactBits(from);
    int offered = exactBits(to);
    if (needed == 0 || offered == 0 || to == DataType.BOOL) {
      return false;
    }
    if (from.isFloating()) {
      return to == DataType.DOUBLE && from.bits() < 64 || to == DataType.FLOAT && from.bits() == 16;
    }
    boolean signed = !from.name().startsWith("U") && from != DataType.BOOL;
    return !(signed && to.name().startsWith("U")) && needed <= offered;
  }

  /**
   * The bits of the largest range of whole numbers that the type holds, sign apart; 0: not asked.
   */
  private static int exactBits(DataType type) {
    return switch (type) {
      case BOOL -> 1;
      case INT8 -> 7;
      case UINT8 -> 8;
      case INT16 -> 15;
      case UINT16 -> 16;
      case INT32 -> 31;
      case UINT32 -> 32;
      case INT64 -> 63;
      case UINT64 -> 64;
      case FLOAT16 -> 11;
      case BFLOAT16 -> 8;
      case FLOAT -> 24;
      case DOUBLE -> 53;
      case STRING,
          COMPLEX64,
          COMPLEX128,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0,
          FLOAT4E2M1,
          FLOAT6E2M3,
          FLOAT6E3M2,
          UINT4,
          INT4,
          UINT2,
          INT2 ->
          0;
    };
  }
}
