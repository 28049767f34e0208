package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SpeedTestTest {
  private static final Row ROW = new Row(4, 0, 1);
  private static final SpeedOptions QUICK =
      SpeedOptions.defaults().withBudgetPerRow(Duration.ofMillis(600)).withBlocks(15, 400);

  /** Takes {@code micros} by the clock, whatever else runs on the machine. */
  private static void spin(long micros) {
    long end = System.nanoTime() + micros * 1_000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void findsTheRatioAndThePercentiles() {
    List<RowSpeed> rows =
        SpeedTest.run(
            Subject.of("slow", () -> spin(400)),
            List.of(Subject.of("fast", () -> spin(200)), Subject.of("slower", () -> spin(600))),
            List.of(ROW),
            QUICK);
    RowSpeed row = rows.get(0);
    SubjectSpeed fast = row.subject("fast");
    assertThat(fast.speedup().estimate()).isCloseTo(2, within(0.1));
    assertThat(fast.drowned()).isFalse();
    assertThat(row.subject("slower").speedup().estimate()).isCloseTo(0.667, within(0.05));
    assertThat(fast.p50()).isBetween(Duration.ofNanos(199_000), Duration.ofNanos(260_000));
    assertThat(fast.p99()).isGreaterThanOrEqualTo(fast.p95()).isGreaterThanOrEqualTo(fast.p50());
    assertThat(fast.examplesPerSecond()).isCloseTo(4 / 200e-6, within(4_000.0));
    assertThat(row.noise().estimate()).isCloseTo(1, within(0.05));
    assertThat(row.baseline().calls()).isEqualTo(2 * fast.calls());
  }

  @Test
  void equalSubjectsDrown() {
    RowSpeed row =
        SpeedTest.run(
                Subject.of("a", () -> spin(100)),
                List.of(Subject.of("b", () -> spin(100))),
                List.of(ROW),
                QUICK)
            .get(0);
    assertThat(row.subject("b").speedup().estimate()).isCloseTo(1, within(0.05));
  }

  @Test
  void shortCallsAreTimedSeveralInARow() {
    AtomicInteger count = new AtomicInteger();
    RowSpeed row =
        SpeedTest.run(
                Subject.of("short", count::incrementAndGet),
                List.of(),
                List.of(ROW),
                QUICK.withBlocks(15, 20))
            .get(0);
    assertThat(count.get()).isGreaterThan(20 * row.baseline().calls());
    assertThat(row.baseline().p50()).isLessThan(Duration.ofNanos(20_000));
  }

  @Test
  void allSubjectsOfABlockGetTheSameInput() {
    List<Integer> baseline = new ArrayList<>();
    List<Integer> candidate = new ArrayList<>();
    Subject a = recording("a", baseline);
    Subject b = recording("b", candidate);
    SpeedTest.run(a, List.of(b), List.of(ROW), QUICK.withBlocks(15, 15));
    assertThat(baseline).hasSize(2 * candidate.size());
    for (int i = 0; i < candidate.size(); i++) {
      assertThat(candidate.get(i)).isEqualTo(i);
      assertThat(baseline.get(2 * i)).isEqualTo(i);
    }
  }

  private static Subject recording(String name, List<Integer> inputs) {
    return new Subject(
        name,
        row ->
            input -> {
              inputs.add(input);
              spin(50);
            });
  }

  @Test
  void stopsWhenCancelledAndClosesWhatItOpened() {
    AtomicInteger closed = new AtomicInteger();
    AtomicInteger blocks = new AtomicInteger();
    Subject subject = new Subject("a", row -> new Closing(closed));
    List<RowSpeed> rows =
        SpeedTest.run(
            subject,
            List.of(),
            List.of(ROW, new Row(1, 8, 2)),
            QUICK,
            (row, done, of) -> {
              assertThat(done).isLessThanOrEqualTo(of);
              blocks.set(done);
            },
            () -> blocks.get() >= 3);
    assertThat(rows).isEmpty();
    assertThat(closed).hasValue(1);
  }

  private record Closing(AtomicInteger closed) implements Subject.Call {
    @Override
    public void run(int input) {
      spin(50);
    }

    @Override
    public void close() {
      closed.incrementAndGet();
    }
  }

  @Test
  void aFailingSubjectIsNamed() {
    Subject good = Subject.of("good", () -> {});
    Subject bad =
        Subject.of(
            "bad",
            () -> {
              throw new IllegalArgumentException("no such axis");
            });
    assertThatThrownBy(() -> SpeedTest.run(good, List.of(bad), List.of(ROW), QUICK))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("bad at b4 1t: no such axis");
    assertThatThrownBy(() -> SpeedTest.run(good, List.of(good), List.of(ROW), QUICK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two subjects named good");
  }
}
