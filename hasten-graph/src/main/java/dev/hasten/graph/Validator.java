package dev.hasten.graph;

final class Validator {
  private Validator() {}

  static void check(Model m) {}
}
