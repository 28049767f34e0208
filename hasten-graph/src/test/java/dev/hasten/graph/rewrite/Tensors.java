package dev.hasten.graph.rewrite;

import java.util.Random;

/** Random numbers for tests. */
final class Tensors {
  private Tensors() {}

  static float[] gaussian(int size, Random random) {
    float[] out = new float[size];
    for (int i = 0; i < size; i++) {
      out[i] = (float) random.nextGaussian();
    }
    return out;
  }

  static float[] gaussian(int size, long seed) {
    return gaussian(size, new Random(seed));
  }
}
