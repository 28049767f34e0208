package dev.hasten.graph;

/** What all graphs of one model share. */
final class ModelContext {
  final Names values = new Names();
  final Names nodes = new Names();
  long irVersion;

  ModelContext(long irVersion) {
    this.irVersion = irVersion;
  }
}
