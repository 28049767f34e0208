package dev.hasten.runtime;

import java.util.List;

/**
 * Where a bundle was measured.
 *
 * @param processor model name
 * @param isa instruction sets that decide speed, {@code avx2}, {@code avx512_vnni}
 * @param runtime backend and version, {@code onnxruntime 1.29.0}
 */
public record TunedOn(String processor, List<String> isa, String runtime) {
  public TunedOn {
    isa = List.copyOf(isa);
  }

  /** This machine, this runtime. */
  public static TunedOn here() {
    throw new UnsupportedOperationException();
  }

  /**
   * What differs elsewhere and why it matters; empty where the bundle may be expected to do as
   * measured.
   */
  public List<String> differencesTo(TunedOn elsewhere) {
    throw new UnsupportedOperationException();
  }
}
