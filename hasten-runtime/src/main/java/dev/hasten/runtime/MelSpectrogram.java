package dev.hasten.runtime;

import java.util.Arrays;

/** Computes what a {@link MelSpec} says, for one sample rate. */
final class MelSpectrogram {
  private static final double LEAST = 1e-10;

  private final MelSpec spec;
  private final Fft fft;
  private final double[] window;
  private final double[][] filters;

  MelSpectrogram(MelSpec spec, int rate) {
    double highest = spec.highest().orElse(rate / 2.0);
    if (highest > rate / 2.0) {
      throw new BadInputException(
          "mel.highest: "
              + highest
              + " (expected: at most half of input.rate, "
              + rate / 2.0
              + ")");
    }
    this.spec = spec;
    this.fft = new Fft(spec.window());
    this.window = new double[spec.window()];
    Arrays.setAll(window, i -> 0.5 - 0.5 * Math.cos(2 * Math.PI * i / spec.window()));
    this.filters = filters(spec, rate, highest);
  }

  /** Frames that so many samples give. */
  int frames(int samples) {
    return samples / spec.hop() + (spec.style() == MelStyle.LIBROSA ? 1 : 0);
  }

  /** {@code [frames][bands]}. */
  double[][] of(double[] samples) {
    double[][] mel = new double[frames(samples.length)][];
    double[] frame = new double[spec.window()];
    double loudest = Double.NEGATIVE_INFINITY;
    // Frames are centred on their place, hence half a window before the first sample.
    int before = spec.window() / 2;
    for (int f = 0; f < mel.length; f++) {
      for (int i = 0; i < frame.length; i++) {
        frame[i] = window[i] * at(samples, f * spec.hop() + i - before);
      }
      mel[f] = bands(fft.power(frame));
      for (double value : mel[f]) {
        loudest = Math.max(loudest, value);
      }
    }
    for (double[] bands : mel) {
      for (int b = 0; b < bands.length; b++) {
        bands[b] =
            switch (spec.style()) {
              case WHISPER -> (Math.max(bands[b], loudest - 8) + 4) / 4;
              case LIBROSA -> Math.max(bands[b], loudest - 80);
            };
      }
    }
    return mel;
  }

  private double at(double[] samples, int place) {
    if (place >= 0 && place < samples.length) {
      return samples[place];
    }
    if (spec.style() == MelStyle.LIBROSA || samples.length == 0) {
      return 0;
    }
    if (samples.length == 1) {
      return samples[0];
    }
    // Mirrored without repeating the edge, again and again where the sound is short.
    int period = 2 * (samples.length - 1);
    int turned = Math.floorMod(place, period);
    return samples[Math.min(turned, period - turned)];
  }

  private double[] bands(double[] power) {
    double[] bands = new double[spec.bands()];
    for (int b = 0; b < bands.length; b++) {
      double sum = 0;
      double[] filter = filters[b];
      for (int i = 0; i < power.length; i++) {
        sum += filter[i] * power[i];
      }
      double log = Math.log10(Math.max(sum, LEAST));
      bands[b] = spec.style() == MelStyle.LIBROSA ? 10 * log : log;
    }
    return bands;
  }

  /** Triangles between neighbouring mel frequencies, each of the same area. */
  private static double[][] filters(MelSpec spec, int rate, double highest) {
    int bins = spec.window() / 2 + 1;
    double[] edges = new double[spec.bands() + 2];
    double low = toMel(spec.lowest());
    double high = toMel(highest);
    for (int i = 0; i < edges.length; i++) {
      edges[i] = toHertz(low + (high - low) * i / (edges.length - 1));
    }
    double[][] filters = new double[spec.bands()][bins];
    for (int b = 0; b < filters.length; b++) {
      double area = 2 / (edges[b + 2] - edges[b]);
      for (int i = 0; i < bins; i++) {
        double frequency = (double) i * rate / spec.window();
        double rising = (frequency - edges[b]) / (edges[b + 1] - edges[b]);
        double falling = (edges[b + 2] - frequency) / (edges[b + 2] - edges[b + 1]);
        filters[b][i] = area * Math.max(0, Math.min(rising, falling));
      }
    }
    return filters;
  }

  /** Slaney 1998: linear up to 1 kHz, then logarithmic. */
  private static double toMel(double hertz) {
    return hertz < 1000 ? hertz * 3 / 200 : 15 + Math.log(hertz / 1000) * 27 / Math.log(6.4);
  }

  private static double toHertz(double mel) {
    return mel < 15 ? mel * 200 / 3 : 1000 * Math.exp((mel - 15) * Math.log(6.4) / 27);
  }
}
