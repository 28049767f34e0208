package dev.hasten.measure;

import java.time.Duration;

/**
 * An operator under the roofline.
 *
 * @param node the node
 * @param opType its operator
 * @param flops floating-point or integer operations of a run
 * @param bytes moved at least
 * @param time measured
 * @param limitSeconds the least time the machine allows: the larger of {@code flops ÷ peak} and
 *     {@code bytes ÷ bandwidth}
 * @param share of the limit that is reached, {@code limit ÷ time}; above 1 where caches serve what
 *     the model counts as memory traffic
 * @param bound what sets the limit
 */
public record Placement(
    String node,
    String opType,
    double flops,
    double bytes,
    Duration time,
    double limitSeconds,
    double share,
    Bound bound) {
  /** What limits an operator. */
  public enum Bound {
    /** Arithmetic. */
    COMPUTE,
    /** Memory traffic. */
    MEMORY,
    /** Neither known. */
    UNKNOWN
  }

  /** Operations per byte. */
  public double intensity() {
    return bytes == 0 ? 0 : flops / bytes;
  }
}
