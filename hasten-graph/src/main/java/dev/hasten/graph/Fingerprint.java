package dev.hasten.graph;

final class Fingerprint {
  private Fingerprint() {}

  static String of(Model m) {
    throw new UnsupportedOperationException();
  }
}
