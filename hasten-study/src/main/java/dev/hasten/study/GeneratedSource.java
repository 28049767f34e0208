package dev.hasten.study;

import dev.hasten.measure.Row;
import dev.hasten.runtime.NdArray;
import dev.hasten.study.generate.InputPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Inputs made up by a plan. */
final class GeneratedSource implements ProfileSource {
  private static final int CALLS = 4;

  /** Bytes of one call's inputs beyond which a single call is kept. */
  private static final long LARGE = 16 << 20;

  private final InputPlan plan;
  private final int threads;
  private final long seed;
  private final Map<Row, List<Map<String, NdArray>>> made = new HashMap<>();

  GeneratedSource(InputPlan plan, int threads, long seed) {
    this.plan = plan;
    this.threads = threads;
    this.seed = seed;
  }

  @Override
  public Row row() {
    return new Row(Math.max(1, plan.batch()), plan.length(), threads);
  }

  @Override
  public List<Map<String, NdArray>> inputs(Row row) {
    return made.computeIfAbsent(new Row(row.batch(), row.length(), 1), this::make);
  }

  private List<Map<String, NdArray>> make(Row row) {
    InputPlan sized = plan.with(row.batch(), row.length());
    Map<String, NdArray> first = sized.make(seed);
    long bytes = first.values().stream().mapToLong(a -> (long) a.size() * a.type().bytes()).sum();
    List<Map<String, NdArray>> calls = new ArrayList<>(List.of(first));
    calls.addAll(sized.make(bytes > LARGE ? 0 : CALLS - 1, seed + 1));
    return calls;
  }

  @Override
  public List<Integer> batches() {
    return plan.batches() ? List.of(1, 2, 4, 8) : List.of();
  }

  @Override
  public List<Integer> lengths() {
    int length = plan.length();
    return switch (plan.growth()) {
      case NONE -> List.of();
      case LENGTH ->
          List.of(length / 4, length / 2, length * 2).stream().filter(n -> n > 0).toList();
      // Most networks halve their pictures five times: sizes stay multiples of 32.
      case SIDE ->
          length < 64 ? List.of() : List.of(length / 64 * 32, (length * 3 / 2 + 31) / 32 * 32);
    };
  }

  @Override
  public double elements(int length) {
    return plan.elements(length == 0 ? plan.length() : length);
  }

  @Override
  public int natural() {
    return plan.length();
  }

  /** What a unit of length is. */
  String unit() {
    return plan.growth() == InputPlan.Growth.SIDE ? "pixels" : "steps of length";
  }

  @Override
  public Duration preprocessing(Row row) {
    return Duration.ZERO;
  }

  @Override
  public double padding() {
    return 0;
  }
}
