package dev.hasten.compress;

/**
 * Where a technique stands in a recipe. The order of the constants is the only sound one: a graph
 * is simplified before its patterns can be fused, and quantized when nothing will change its
 * weights any more.
 */
public enum Stage {
  /** Equal outputs, fewer operators. */
  SIMPLIFY,
  /** Cheaper algorithms for the same function, among them the fused operators. */
  FUSE,
  /** Whole channels, heads or layers leave. */
  STRUCTURE,
  /** Weights learn: distillation, fine-tuning. */
  TRAIN,
  /** Easy inputs leave early. */
  EXITS,
  /** Single weights become zero. */
  SPARSITY,
  /** Equal outputs, in a form that loses less when quantized. */
  BALANCE,
  /** Numbers get fewer bits. */
  QUANTIZE,
  /** What is left in floating point changes its format. */
  PRECISION,
  /** What fewer bits did to the outputs is put right again. */
  REPAIR
}
