package dev.hasten.runtime;

import java.util.Optional;

/**
 * A logarithmic mel spectrogram.
 *
 * @param window samples in a frame (Hann)
 * @param hop samples from one frame to the next
 * @param bands mel bands
 * @param lowest frequency in Hz
 * @param highest frequency in Hz; absent: half the sample rate
 * @param framesFirst whether the tensor is {@code [batch, frames, bands]}, else {@code [batch,
 *     bands, frames]}
 */
public record MelSpec(
    MelStyle style,
    int window,
    int hop,
    int bands,
    double lowest,
    Optional<Double> highest,
    boolean framesFirst) {
  public MelSpec {
    if (window < 2 || hop < 1 || bands < 1) {
      throw new BadInputException(
          "mel: window "
              + window
              + ", hop "
              + hop
              + ", bands "
              + bands
              + " (expected: >= 2, >= 1, >= 1)");
    }
    if (!(lowest >= 0) || !(highest.orElse(Double.MAX_VALUE) > lowest)) {
      throw new BadInputException(
          "mel: from "
              + lowest
              + " to "
              + highest.map(Object::toString).orElse("the highest")
              + " Hz (expected: 0 <= lowest < highest)");
    }
  }

  /** Whisper's: frames of 25 ms every 10 ms at 16 kHz, 80 bands. */
  public static MelSpec whisper() {
    return new MelSpec(MelStyle.WHISPER, 400, 160, 80, 0, Optional.empty(), false);
  }

  /** librosa's defaults. */
  public static MelSpec librosa() {
    return new MelSpec(MelStyle.LIBROSA, 2048, 512, 128, 0, Optional.empty(), false);
  }
}
