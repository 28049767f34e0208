package dev.hasten.measure;

/**
 * Quality on one slice of the data.
 *
 * @param field the slice field
 * @param value its value here
 * @param examples how many examples have it
 * @param original the original's score on them
 * @param candidate the candidate's score on them
 * @param drop how much worse the candidate is; the interval is widened for the number of slices
 *     looked at (Bonferroni), so that a slice that stands out among many is not chance
 * @param worse whether the slice is worse than the whole, beyond chance
 */
public record SliceDrop(
    String field,
    String value,
    int examples,
    double original,
    double candidate,
    Interval drop,
    boolean worse) {}
