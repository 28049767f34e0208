package dev.hasten.runtime;

/** Whose spectrogram is reproduced. Both use Slaney's mel scale and areas. */
public enum MelStyle {
  /**
   * Whisper: edges mirrored, the last frame dropped, decimal logarithm of the power, at most 8
   * below the loudest, {@code (x + 4) / 4}.
   */
  WHISPER,
  /**
   * librosa's {@code melspectrogram} and {@code power_to_db} with their defaults: zeros around,
   * decibels, at most 80 below the loudest.
   */
  LIBROSA
}
