package dev.hasten.compress;

/**
 * A recipe worth a trial.
 *
 * @param name short and unique in its list, such as {@code smooth-quant + dynamic-int8 mse}
 * @param recipe what to apply
 * @param why one line for people
 */
public record Candidate(String name, Recipe recipe, String why) {}
