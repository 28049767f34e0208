package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.BadInputException;
import java.util.List;

/** The registry: every technique has one line here, in the order of a sound recipe. */
public final class Techniques {
  private Techniques() {}

  private static final List<TechniqueInfo> ALL =
      List.of(
          Simplify.INFO,
          Fuse.ATTENTION,
          Fuse.MULTI_HEAD_ATTENTION,
          Fuse.EMBED_LAYER_NORM,
          Fuse.SKIP_LAYER_NORM,
          Fuse.BIAS_GELU,
          Fuse.GELU_TANH,
          Fuse.MERGE_QKV,
          Equalize.INFO,
          SmoothQuant.INFO,
          DynamicInt8.INFO,
          StaticInt8.INFO,
          DynamicLstm.INFO,
          WeightOnlyInt8.INFO,
          WeightOnlyNBits.INFO,
          Float16.INFO,
          Float16.BFLOAT,
          AdaRound.INFO,
          BiasCorrection.INFO);

  /** All techniques. */
  public static List<TechniqueInfo> all() {
    return ALL;
  }

  /**
   * The technique of this name.
   *
   * @throws BadInputException if there is none, listing the known ones
   */
  public static TechniqueInfo named(String name) {
    return ALL.stream()
        .filter(info -> info.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new BadInputException(
                "unknown technique '%s' (%s)"
                    .formatted(
                        name,
                        Spelling.hint(name, ALL.stream().map(TechniqueInfo::name).toList()))));
  }

  /** The recipes worth measuring for this model on this machine, most promising first. */
  public static List<Candidate> candidates(Hardware hardware, Model model) {
    return Candidates.of(hardware, model);
  }
}
