package dev.hasten.graph;

/**
 * How one operator's outputs follow from its inputs. A rule that can't tell leaves the output
 * alone: not known is an answer, a guess is not.
 */
@FunctionalInterface
interface InferenceRule {
  void infer(Site site);
}
