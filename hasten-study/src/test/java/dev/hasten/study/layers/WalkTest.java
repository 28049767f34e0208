package dev.hasten.study.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WalkTest {
  private static final String DYNAMIC = "dynamic-int8";
  private static final String STATIC = "static-int8";

  private static Probe probe(String name, long micros, Probe.Effect... effects) {
    return new Probe(
        new Layer(name, List.of(name), "MatMul", "", 400), micros(micros), List.of(effects));
  }

  private static Probe.Effect effect(String format, double error, long micros) {
    return new Probe.Effect(format, error, 0, micros(micros), 100);
  }

  private static Duration micros(long micros) {
    return Duration.ofNanos(micros * 1000);
  }

  @Test
  void theMostGainForTheErrorComesFirst() {
    List<Probe> probes =
        List.of(
            probe("tender", 100, effect(DYNAMIC, 0.1, 40)),
            probe("tough", 100, effect(DYNAMIC, 0.001, 40)),
            probe("slower", 100, effect(DYNAMIC, 0.001, 120)),
            probe("noise", 100, effect(DYNAMIC, 0.001, 99)));
    List<Walk.Stop> stops = Walk.of(probes, Walk.Gain.TIME).stops();
    assertThat(stops)
        .extracting(Walk.Stop::formats)
        .containsExactly(Map.of("tough", DYNAMIC), Map.of("tough", DYNAMIC, "tender", DYNAMIC));
    assertThat(stops.getLast().saved()).isEqualTo(micros(120));
    assertThat(stops.getLast().error()).isCloseTo(0.101, within(1e-12));
    assertThat(stops.getLast().bytesSaved()).isEqualTo(600);
  }

  @Test
  void aLayerMovesOnToTheFasterFormat() {
    List<Probe> probes =
        List.of(probe("a", 100, effect(DYNAMIC, 0.001, 40), effect(STATIC, 0.05, 30)));
    assertThat(Walk.of(probes, Walk.Gain.TIME).stops())
        .extracting(Walk.Stop::formats)
        .containsExactly(Map.of("a", DYNAMIC), Map.of("a", STATIC));
    // For size both are alike, and the one that harms less is enough.
    assertThat(Walk.of(probes, Walk.Gain.BYTES).stops())
        .extracting(Walk.Stop::formats)
        .containsExactly(Map.of("a", DYNAMIC));
  }

  /** Against all allocations: no stop is beaten in gain, but for the noise, and error. */
  @Test
  void noAllocationBeatsAStop() {
    Random random = new Random(5);
    for (int round = 0; round < 50; round++) {
      List<Probe> probes = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        probes.add(
            probe(
                "l" + i,
                100,
                effect(DYNAMIC, random.nextDouble() / 100, 20 + random.nextInt(90)),
                effect(STATIC, random.nextDouble() / 10, 20 + random.nextInt(90))));
      }
      for (Walk.Stop stop : Walk.of(probes, Walk.Gain.TIME).stops()) {
        for (int code = 0; code < 243; code++) {
          Walk.Stop other = Walk.stop(probes, allocation(code));
          double noise = 0.1 * stop.saved().toNanos() + 5 * 3_000;
          boolean beaten = other.saved().toNanos() > stop.saved().toNanos() + noise;
          assertThat(beaten && other.error() < stop.error()).isFalse();
        }
      }
    }
  }

  @Test
  void ofTwoFormatsThatAreAlikeTheFirstIsTaken() {
    List<Probe> probes =
        List.of(probe("a", 100, effect(DYNAMIC, 0.01, 40), effect(STATIC, 0.0099, 39)));
    assertThat(Walk.of(probes, Walk.Gain.TIME).stops())
        .extracting(Walk.Stop::formats)
        .containsExactly(Map.of("a", DYNAMIC));
  }

  private static Map<String, String> allocation(int code) {
    Map<String, String> formats = new java.util.TreeMap<>();
    int rest = code;
    for (int i = 0; i < 5; i++, rest /= 3) {
      if (rest % 3 > 0) {
        formats.put("l" + i, rest % 3 == 1 ? DYNAMIC : STATIC);
      }
    }
    return formats;
  }
}
