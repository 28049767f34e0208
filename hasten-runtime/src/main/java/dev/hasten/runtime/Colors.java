package dev.hasten.runtime;

/** The channels that a model takes, in their order. */
public enum Colors {
  RGB(3),
  BGR(3),
  GRAY(1);

  private final int channels;

  Colors(int channels) {
    this.channels = channels;
  }

  int channels() {
    return channels;
  }
}
