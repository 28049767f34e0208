package dev.hasten.study;

/** What the study makes best. */
public enum Objective {
  /** Median time of a call, at the workload's first row. */
  LATENCY,
  /** Examples per second, at the row where the baseline reaches most. */
  THROUGHPUT,
  /** Bytes of the model's file. */
  SIZE;

  /** As the YAML and the command line write it. */
  public String text() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
