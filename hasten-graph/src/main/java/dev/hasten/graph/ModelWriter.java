package dev.hasten.graph;

final class ModelWriter {
  private ModelWriter() {}

  static void write(Model m, java.nio.file.Path f, WriteOptions o) {
    throw new UnsupportedOperationException();
  }

  static byte[] toBytes(Model m) {
    throw new UnsupportedOperationException();
  }
}
