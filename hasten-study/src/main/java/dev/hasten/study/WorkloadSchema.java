package dev.hasten.study;

final class WorkloadSchema {
  private WorkloadSchema() {}

  static String text() {
    throw new UnsupportedOperationException();
  }
}
