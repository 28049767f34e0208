package dev.hasten.compress;

import java.util.Map;

/**
 * Settings with which a technique wants to be tried by a search.
 *
 * @param name short, unique among its technique's: {@code mse}; empty for the one it would pick
 * @param why one line for people
 * @param params as in {@link Step}
 */
record Proposal(String name, String why, Map<String, Object> params) {}
