package dev.hasten.bench;

import dev.hasten.graph.Model;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.ShapeInference;
import dev.hasten.graph.rewrite.Rewriter;

/**
 * What is fuzzed: read, validate, infer shapes, simplify, write, read again. A model is either
 * refused with a {@link ModelException} or goes all the way; everything else is a finding.
 *
 * <p>Coverage-guided, with Jazzer (a corpus folder to start from and to grow is optional):
 *
 * <pre>{@code
 * BENCH_JAVA_OPTS=-Xmx2g bench/run.sh com.code_intelligence.jazzer.Jazzer
 *     --target_class=dev.hasten.bench.FuzzTarget '--instrumentation_includes=dev.hasten.graph.**'
 *     -max_total_time=600 -max_len=16384 -timeout=20 CORPUS
 * }</pre>
 */
public final class FuzzTarget {
  private FuzzTarget() {}

  /** Called by Jazzer with each input. */
  public static void fuzzerTestOneInput(byte[] data) {
    run(data);
  }

  /** How far a model came. */
  public enum Outcome {
    /** No model at all, or one that cannot be read. */
    UNREADABLE,
    /** Read, written and read again, but not valid. */
    INVALID,
    /** Valid, but not to be simplified. */
    NOT_SIMPLIFIED,
    /** All the way. */
    DONE
  }

  /**
   * Runs one input.
   *
   * @throws RuntimeException other than ModelException: a finding
   * @throws AssertionError if a model does not survive writing: a finding
   */
  public static Outcome run(byte[] data) {
    Model model;
    try {
      model = Model.read(data, "fuzzed");
    } catch (ModelException e) {
      return Outcome.UNREADABLE;
    }
    survives(model);
    try {
      model.validate();
    } catch (ModelException e) {
      return Outcome.INVALID;
    }
    ShapeInference.infer(model).complete();
    Model simple;
    try {
      simple = Rewriter.simplify(model, 17).model();
    } catch (ModelException e) {
      return Outcome.NOT_SIMPLIFIED;
    }
    survives(simple);
    return Outcome.DONE;
  }

  private static void survives(Model model) {
    String before = model.fingerprint();
    String after;
    try {
      after = Model.read(model.copy().toBytes(), "written").fingerprint();
    } catch (ModelException e) {
      throw new AssertionError("what was written cannot be read: " + e.getMessage(), e);
    }
    if (!after.equals(before)) {
      throw new AssertionError("what was written is another model");
    }
    if (model.describe().isEmpty() || model.weightBytes() < 0) {
      throw new AssertionError("no description");
    }
  }
}
