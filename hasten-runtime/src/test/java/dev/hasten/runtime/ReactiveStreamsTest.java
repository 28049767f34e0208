package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.reactivestreams.tck.flow.IdentityFlowProcessorVerification;
import org.testng.ITestContext;
import org.testng.ITestListener;
import org.testng.ITestResult;
import org.testng.TestNG;

/**
 * The rules of Reactive Streams, by their technology compatibility kit. It is made of TestNG tests;
 * each is shown as one of JUnit's, and skipped where the kit says that it does not apply.
 */
class ReactiveStreamsTest {
  private static final int TIMEOUT_MILLIS = 500;
  private static final int QUIET_MILLIS = 30;

  private static TestEnvironment environment() {
    return new TestEnvironment(TIMEOUT_MILLIS, QUIET_MILLIS);
  }

  /** Every question is its own answer: at once, or by another thread. */
  abstract static class Processor extends IdentityFlowProcessorVerification<Integer> {
    private final Function<Integer, CompletableFuture<Integer>> ask;

    Processor(Function<Integer, CompletableFuture<Integer>> ask) {
      super(environment());
      this.ask = ask;
    }

    @Override
    protected Flow.Processor<Integer, Integer> createIdentityFlowProcessor(int bufferSize) {
      return new AnswerProcessor<>(ask, bufferSize);
    }

    @Override
    protected Flow.Publisher<Integer> createFailedFlowPublisher() {
      AnswerProcessor<Integer, Integer> failed = new AnswerProcessor<>(ask, 1);
      failed.onError(new IllegalStateException("failed before anybody subscribed"));
      return failed;
    }

    @Override
    public Integer createElement(int element) {
      return element;
    }

    @Override
    public long maxSupportedSubscribers() {
      return 1;
    }
  }

  /** Answers that are there at once. */
  public static final class Immediate extends Processor {
    public Immediate() {
      super(CompletableFuture::completedFuture);
    }

    @Override
    public ExecutorService publisherExecutorService() {
      return Executors.newCachedThreadPool();
    }
  }

  /** Answers of other threads, as the batcher's. */
  public static final class Later extends Processor {
    public Later() {
      super(n -> CompletableFuture.supplyAsync(() -> n));
    }

    @Override
    public ExecutorService publisherExecutorService() {
      return Executors.newCachedThreadPool();
    }
  }

  /** What an iterable has. */
  public static final class Items extends FlowPublisherVerification<Long> {
    public Items() {
      super(environment());
    }

    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
      return new IterablePublisher<>(() -> LongStream.range(0, elements).iterator());
    }

    @Override
    public Flow.Publisher<Long> createFailedFlowPublisher() {
      return new IterablePublisher<>(() -> {
        throw new IllegalStateException("cannot be read");
      });
    }
  }

  /** Both together: {@link Batcher#predictAll(Iterable, int, RequestOptions)} but for the model. */
  public static final class Together extends FlowPublisherVerification<Long> {
    public Together() {
      super(environment());
    }

    @Override
    public Flow.Publisher<Long> createFlowPublisher(long elements) {
      return subscriber -> {
        AnswerProcessor<Long, Long> processor =
            new AnswerProcessor<>(n -> CompletableFuture.supplyAsync(() -> n), 16);
        processor.subscribe(subscriber);
        new IterablePublisher<>(() -> LongStream.range(0, elements).iterator())
            .subscribe(processor);
      };
    }

    @Override
    public Flow.@Nullable Publisher<Long> createFailedFlowPublisher() {
      return null;
    }
  }

  private static final class Results implements ITestListener {
    private final ConcurrentLinkedQueue<ITestResult> all = new ConcurrentLinkedQueue<>();

    @Override
    public void onTestSuccess(ITestResult result) {
      all.add(result);
    }

    @Override
    public void onTestFailure(ITestResult result) {
      all.add(result);
    }

    @Override
    public void onTestSkipped(ITestResult result) {
      all.add(result);
    }

    @Override
    public void onFinish(ITestContext context) {
      // A method that sets something up and fails leaves no result of its own.
      all.addAll(context.getFailedConfigurations().getAllResults());
    }
  }

  @TestFactory
  List<DynamicTest> rules() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Class<?> part : List.of(Immediate.class, Later.class, Items.class, Together.class)) {
      TestNG kit = new TestNG(false);
      Results results = new Results();
      kit.addListener(results);
      kit.setTestClasses(new Class<?>[] {part});
      kit.setVerbose(0);
      kit.run();
      assertThat(results.all).as("the kit has run").hasSizeGreaterThan(30);
      for (ITestResult result : results.all) {
        String name = part.getSimpleName() + " " + result.getMethod().getMethodName();
        tests.add(DynamicTest.dynamicTest(name, () -> tell(result)));
      }
    }
    return tests;
  }

  private static void tell(ITestResult result) throws Throwable {
    Throwable why = result.getThrowable();
    if (result.getStatus() == ITestResult.SKIP) {
      abort("the kit: " + (why == null ? "skipped" : why.getMessage()));
    }
    if (why != null) {
      throw why;
    }
    assertThat(result.getStatus()).isEqualTo(ITestResult.SUCCESS);
  }
}
