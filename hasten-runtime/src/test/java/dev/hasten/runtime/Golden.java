package dev.hasten.runtime;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Arrays that reference libraries made; see {@code src/test/python}. */
final class Golden {
  private final Map<String, NdArray> arrays;

  private Golden(Map<String, NdArray> arrays) {
    this.arrays = arrays;
  }

  static Golden of(String resource) {
    try {
      return new Golden(
          Npz.read(Path.of(Objects.requireNonNull(Golden.class.getResource(resource)).toURI())));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  NdArray get(String name) {
    return Objects.requireNonNull(arrays.get(name), name);
  }

  List<String> below(String folder) {
    return arrays.keySet().stream().filter(name -> name.startsWith(folder + "/")).toList();
  }

  byte[] file(String name) {
    NdArray array = get("file/" + name);
    byte[] bytes = new byte[array.size()];
    array.bytes().get(bytes);
    return bytes;
  }

  static double largestDifference(double[] a, double[] b) {
    if (a.length != b.length) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }
}
