package dev.hasten.graph;

/** A model. */
public final class Model {}
