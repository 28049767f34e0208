package dev.hasten.compress;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The registry's line on one technique: what it is called, does and takes. */
public final class TechniqueInfo {
  private final String name;
  private final Stage stage;
  private final boolean equivalent;
  private final String summary;
  private final List<Parameter> parameters;
  private final Function<Settings, Technique> factory;
  private final List<Proposal> proposals;

  private TechniqueInfo(
      String name,
      Stage stage,
      boolean equivalent,
      String summary,
      List<Parameter> parameters,
      Function<Settings, Technique> factory,
      List<Proposal> proposals) {
    this.name = name;
    this.stage = stage;
    this.equivalent = equivalent;
    this.summary = summary;
    this.parameters = List.copyOf(parameters);
    this.factory = factory;
    this.proposals = List.copyOf(proposals);
  }

  /** A technique that must leave outputs equal, up to rounding of the order of operations. */
  static TechniqueInfo equivalent(
      String name,
      Stage stage,
      String summary,
      List<Parameter> parameters,
      Function<Settings, Technique> factory) {
    return new TechniqueInfo(name, stage, true, summary, parameters, factory, List.of());
  }

  /** A technique that may change outputs. */
  static TechniqueInfo lossy(
      String name,
      Stage stage,
      String summary,
      List<Parameter> parameters,
      Function<Settings, Technique> factory) {
    return new TechniqueInfo(name, stage, false, summary, parameters, factory, List.of());
  }

  /** The same, wanting to be tried with its defaults. */
  TechniqueInfo proposing(String why) {
    return proposing("", why);
  }

  /**
   * The same, wanting to be tried with these settings too, after those already proposed.
   *
   * @param settings parameter name, value, name, value…
   */
  TechniqueInfo proposing(String proposal, String why, Object... settings) {
    List<Proposal> more = new ArrayList<>(proposals);
    more.add(new Proposal(proposal, why, Step.of(name, settings).params()));
    return new TechniqueInfo(name, stage, equivalent, summary, parameters, factory, more);
  }

  /** The name used in recipes. */
  public String name() {
    return name;
  }

  /** Where it stands in a recipe. */
  public Stage stage() {
    return stage;
  }

  /** Whether outputs must stay equal, up to rounding of the order of operations. */
  public boolean equivalent() {
    return equivalent;
  }

  /** One or two sentences of help. */
  public String summary() {
    return summary;
  }

  /** What it takes, in the order in which help should list it. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** With which settings a search should try it, best first; none: only by hand. */
  List<Proposal> proposals() {
    return proposals;
  }

  /**
   * Makes the technique.
   *
   * @param params by parameter name; what is missing takes its default
   * @throws dev.hasten.runtime.BadInputException for an unknown parameter or a value out of range
   */
  public Technique create(Map<String, ?> params) {
    return factory.apply(settings(params));
  }

  Settings settings(Map<String, ?> params) {
    return Settings.of(name, parameters, params);
  }
}
