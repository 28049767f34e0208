package dev.hasten.runtime;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** {@link Batching} in {@code bundle.json}; times in seconds. */
final class BatchingJson {
  private BatchingJson() {}

  static Map<String, Object> write(Batching batching) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("instances", batching.instances());
    if (batching.policy() instanceof BatchPolicy.Fixed(int size, Duration delay)) {
      json.put("size", size);
      json.put("delay", seconds(delay));
    }
    json.put("memoryBytes", batching.memoryBytes());
    batching.deadline().ifPresent(deadline -> json.put("deadline", seconds(deadline)));
    BatchCost cost = batching.cost();
    Map<String, Object> terms = new LinkedHashMap<>();
    terms.put("fixed", cost.fixed());
    terms.put("perExample", cost.perExample());
    terms.put("perElement", cost.perElement());
    terms.put("perPair", cost.perPair());
    terms.put("bytesPerExample", cost.bytesPerExample());
    terms.put("bytesPerElement", cost.bytesPerElement());
    json.put("cost", terms);
    return json;
  }

  static Batching read(Section section) {
    Batching defaults = Batching.defaults();
    Optional<Integer> size = section.optionalInteger("size", 1);
    Duration delay = duration(section.real("delay", 0));
    return section.checked(() ->
        new Batching(
            section.integer("instances", defaults.instances(), 1),
            size.<BatchPolicy>map(n -> new BatchPolicy.Fixed(n, delay)).orElse(defaults.policy()),
            section.optionalSection("cost").map(BatchingJson::cost).orElse(BatchCost.unmeasured()),
            section.whole("memoryBytes", 0, 0),
            section.optionalReal("deadline").map(BatchingJson::duration)));
  }

  private static BatchCost cost(Section section) {
    return section.checked(() ->
        new BatchCost(
            section.real("fixed", 0),
            section.real("perExample", 0),
            section.real("perElement", 0),
            section.real("perPair", 0),
            section.real("bytesPerExample", 0),
            section.real("bytesPerElement", 0)));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }
}
