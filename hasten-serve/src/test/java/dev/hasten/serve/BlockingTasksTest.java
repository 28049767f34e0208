package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.linecorp.armeria.common.Flags;
import dev.hasten.serve.protocol.ProtocolException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class BlockingTasksTest {
  @Test
  void refusesWhatWouldWaitBehindTooMany() throws Exception {
    BlockingTasks tasks = new BlockingTasks(2, 3);
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(5);
    CountDownLatch running = new CountDownLatch(2);
    for (int i = 0; i < 5; i++) {
      tasks.execute(() -> {
        running.countDown();
        await(go);
        done.countDown();
      });
      if (i == 1) {
        await(running);
      }
    }
    assertThatThrownBy(() -> tasks.execute(() -> {}))
        .asInstanceOf(InstanceOfAssertFactories.type(ProtocolException.class))
        .extracting(ProtocolException::kind)
        .isEqualTo(ProtocolException.Kind.TOO_MANY);
    CompletableFuture<Integer> late = CompletableFuture.completedFuture(1);
    assertThat(late.thenApplyAsync(one -> one, tasks)).isCompletedExceptionally();
    go.countDown();
    await(done);
    assertThat(CompletableFuture.supplyAsync(() -> 1, tasks).get(10, TimeUnit.SECONDS))
        .isEqualTo(1);
    assertThat(tasks.getLargestPoolSize()).isEqualTo(2);
    tasks.shutdown();
    assertThatThrownBy(() -> tasks.execute(() -> {})).hasMessage("the server is stopping");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void remembersFewRoutes() {
    assertThat(Flags.routeCacheSpec()).isEqualTo(new RouteCacheSize().routeCacheSpec());
    assertThat(Flags.routeDecoratorCacheSpec()).isEqualTo(new RouteCacheSize().routeCacheSpec());
  }
}
