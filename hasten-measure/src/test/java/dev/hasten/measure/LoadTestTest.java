package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.DeadlineExceededException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.RejectedRequestException;
import dev.hasten.runtime.RequestOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LoadTestTest {
  private static final List<Example> EXAMPLES =
      List.of(Example.text("a"), Example.text("b"), Example.text("c"));
  private static final Duration LONG = Duration.ofHours(1);

  private static CompletableFuture<String> done() {
    return CompletableFuture.completedFuture("");
  }

  @Test
  void arrivalsFollowThePoissonProcessAndTheSeed() {
    Load load = Load.of(4_000, Duration.ofMillis(500), LONG);
    List<Example> first = new ArrayList<>();
    List<Example> second = new ArrayList<>();
    LoadResult result = LoadTest.run((e, asked) -> kept(first, e), EXAMPLES, load);
    LoadTest.run((e, asked) -> kept(second, e), EXAMPLES, load);
    // 2,000 expected, standard deviation 45.
    assertThat(result.requests()).isBetween(1_800, 2_200);
    assertThat(result.count(LoadResult.End.IN_TIME)).isEqualTo(result.requests());
    assertThat(first).isEqualTo(second).contains(EXAMPLES.toArray(Example[]::new));
    assertThat(result.goodput()).isEqualTo(result.throughput()).isPositive();
    assertThat(LoadTest.run((e, asked) -> done(), EXAMPLES, load.withSeed(8)).requests())
        .isNotEqualTo(result.requests());
  }

  private static CompletableFuture<String> kept(List<Example> all, Example example) {
    all.add(example);
    return done();
  }

  /** The first request holds the driver up: those that were to arrive meanwhile have waited. */
  @Test
  void timeCountsFromTheArrivalThatWasIntended() {
    List<Duration> left = new ArrayList<>();
    LoadResult result =
        LoadTest.run(
            (example, asked) -> {
              left.add(asked.deadline().orElseThrow());
              if (left.size() == 1) {
                sleep(300);
              }
              return done();
            },
            EXAMPLES,
            Load.of(1_000, Duration.ofMillis(300), Duration.ofMillis(290)));
    assertThat(result.latency(1)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
    assertThat(result.latency(0.5)).isGreaterThan(Duration.ofMillis(100));
    assertThat(result.lag(0.5)).isGreaterThan(Duration.ofMillis(100));
    assertThat(result.count(LoadResult.End.LATE)).isPositive();
    // Their deadlines, too.
    assertThat(left.get(1)).isLessThan(Duration.ofMillis(100));
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static LoadResult ending(Throwable failure) {
    return LoadTest.run(
        (example, asked) -> CompletableFuture.failedFuture(failure),
        EXAMPLES,
        Load.of(1_000, Duration.ofMillis(50), LONG));
  }

  @Test
  void tellsHowRequestsEnded() {
    LoadResult refused =
        ending(
            new RejectedRequestException(
                RejectedRequestException.Reason.TOO_LATE, Duration.ZERO, ""));
    assertThat(refused.share(LoadResult.End.REFUSED)).isEqualTo(1);
    assertThat(refused.refusal(0.99)).isPositive();
    assertThat(refused.latency(0.99)).isZero();
    assertThat(refused.goodput()).isZero();

    LoadResult expired = ending(new DeadlineExceededException(LONG));
    assertThat(expired.share(LoadResult.End.EXPIRED)).isEqualTo(1);

    LoadResult failed = ending(new BadInputException("x: no (expected: yes)"));
    assertThat(failed.share(LoadResult.End.FAILED)).isEqualTo(1);
    assertThat(failed.failure()).contains("x: no");

    LoadResult all = LoadResult.joined(List.of(refused, expired, failed));
    assertThat(all.requests())
        .isEqualTo(refused.requests() + expired.requests() + failed.requests());
    assertThat(all.count(LoadResult.End.FAILED)).isEqualTo(failed.requests());
    assertThat(all.failure()).contains("x: no");
    assertThat(all.time()).isEqualTo(refused.time().plus(expired.time()).plus(failed.time()));
  }

  @Test
  void whatTheTargetThrowsIsItsFailure() {
    LoadResult failed =
        LoadTest.run(
            (example, asked) -> {
              throw new IllegalStateException("closed");
            },
            EXAMPLES,
            Load.of(1_000, Duration.ofMillis(50), LONG));
    assertThat(failed.share(LoadResult.End.FAILED)).isEqualTo(1);
    assertThat(failed.failure()).contains("closed");
  }

  @Test
  void answersThatComeLaterAreWaitedForAndCountAsLate() {
    LoadResult late =
        LoadTest.run(
            (example, asked) ->
                new CompletableFuture<String>().completeOnTimeout("", 60, TimeUnit.MILLISECONDS),
            EXAMPLES,
            Load.of(500, Duration.ofMillis(60), Duration.ofMillis(2)));
    assertThat(late.share(LoadResult.End.LATE)).isEqualTo(1);
    assertThat(late.throughput()).isPositive();
    assertThat(late.goodput()).isZero();
  }

  @Test
  void theOfflinePeakHasNoDeadlines() {
    List<RequestOptions> asked = new ArrayList<>();
    double peak =
        LoadTest.offlinePeak(
            (example, options) -> {
              asked.add(options);
              return done();
            },
            EXAMPLES);
    assertThat(peak).isPositive();
    assertThat(asked).hasSize(6).allMatch(options -> options.deadline().isEmpty());
    assertThatThrownBy(() ->
            LoadTest.offlinePeak(
                (example, options) ->
                    CompletableFuture.failedFuture(new BadInputException("x: no")),
                EXAMPLES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("x: no");
  }
}
