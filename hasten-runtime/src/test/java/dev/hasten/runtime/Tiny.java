package dev.hasten.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Models of a few hundred bytes, made with ONNX's own Python helper. */
final class Tiny {
  private Tiny() {}

  /** {@code y[n,8] = x[n,8] + k[n]}, with {@code k} of type int64. */
  static byte[] add() {
    return resource("/add.onnx");
  }

  /** {@code t[a,b] = s[a,b]}, strings. */
  static byte[] texts() {
    return resource("/texts.onnx");
  }

  /** {@code y[n,3] = mean of x[n,3,h,w] over h and w}. */
  static byte[] means() {
    return resource("/means.onnx");
  }

  /** {@code y[n] = greatest of x[n,samples]}. */
  static byte[] loudest() {
    return resource("/loudest.onnx");
  }

  static Session open(byte[] model, SessionOptions options) {
    return Backend.cpu().open(model, "tiny", options);
  }

  /** Inputs for {@link #add} that tell calls apart. */
  static Map<String, NdArray> inputs(int rows, int seed) {
    float[] x = new float[rows * 8];
    long[] k = new long[rows];
    for (int i = 0; i < x.length; i++) {
      x[i] = seed % 1000 + i;
      k[i / 8] = seed % 77;
    }
    return Map.of("x", NdArray.floats(x, rows, 8), "k", NdArray.longs(k, rows));
  }

  static float[] expected(Map<String, NdArray> inputs) {
    float[] y = get(inputs, "x").toFloats();
    long[] k = get(inputs, "k").toLongs();
    for (int i = 0; i < y.length; i++) {
      y[i] += k[i / 8];
    }
    return y;
  }

  static NdArray get(Map<String, NdArray> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  static List<Long> shape(long... sizes) {
    return Arrays.stream(sizes).boxed().toList();
  }

  private static byte[] resource(String name) {
    try (InputStream in = Tiny.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
