package dev.hasten.compress;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** The real sentence-embedding model, token sequences for it, and processors to pretend. */
final class Sentences {
  static final Hardware VNNI = hardware("avx2", "avx512f", "avx512_vnni");
  static final Hardware AVX2 = hardware("avx2");

  private Sentences() {}

  private static Hardware hardware(String... sets) {
    return new Hardware("test", "x86_64", Set.of(sets), 2, 2, 1L << 33, List.of(), "test");
  }

  static Model model() {
    try (InputStream in = Sentences.class.getResourceAsStream("/all-minilm-l6-v2.onnx")) {
      return Model.read(in.readAllBytes(), "all-minilm-l6-v2.onnx");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Sequences of random word pieces, seeded, of lengths 6 to 30. */
  static List<Map<String, NdArray>> batches(int count, long seed) {
    Random random = new Random(seed);
    List<Map<String, NdArray>> batches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = 6 + random.nextInt(25);
      long[] ids = new long[length];
      for (int t = 0; t < length; t++) {
        // Frequent word pieces come first in this vocabulary.
        ids[t] = 1996 + (long) (Math.pow(random.nextDouble(), 3) * 20000);
      }
      ids[0] = 101;
      ids[length - 1] = 102;
      long[] ones = new long[length];
      java.util.Arrays.fill(ones, 1);
      batches.add(
          Map.of(
              "input_ids", NdArray.longs(ids, 1, length),
              "attention_mask", NdArray.longs(ones, 1, length),
              "token_type_ids", NdArray.longs(new long[length], 1, length)));
    }
    return batches;
  }

  /** The mean over tokens, normalized, one per batch. */
  static List<float[]> embed(Model model, List<Map<String, NdArray>> batches) {
    List<float[]> embeddings = new ArrayList<>();
    try (Session session = Backend.cpu().open(model.toBytes(), "test", SessionOptions.defaults())) {
      for (Map<String, NdArray> batch : batches) {
        NdArray states = session.run(batch).values().iterator().next();
        embeddings.add(mean(states.toFloats(), (int) states.dimension(2)));
      }
    }
    return embeddings;
  }

  private static float[] mean(float[] states, int width) {
    float[] sum = new float[width];
    for (int i = 0; i < states.length; i++) {
      sum[i % width] += states[i];
    }
    double norm = 0;
    for (float x : sum) {
      norm += x * x;
    }
    for (int i = 0; i < width; i++) {
      sum[i] /= (float) Math.sqrt(norm);
    }
    return sum;
  }

  static double meanCosine(List<float[]> a, List<float[]> b) {
    double sum = 0;
    for (int i = 0; i < a.size(); i++) {
      for (int k = 0; k < a.get(i).length; k++) {
        sum += a.get(i)[k] * b.get(i)[k];
      }
    }
    return sum / a.size();
  }
}
