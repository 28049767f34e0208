package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Receivers of webhooks that misbehave. */
class WebhooksTest {
  @TempDir private Path folder;

  /** It has ended by being cancelled: its receiver is to be told. */
  private static String cancelled(JobStore store, String url) {
    JobStore.Order order =
        new JobStore.Order(
            "m",
            "",
            Job.Call.INFER,
            new Job.Format("", OptionalInt.empty()),
            Optional.empty(),
            "h",
            Optional.of(url));
    String id = ((JobStore.Submitted.Accepted) store.submit(order, new byte[0])).job().id();
    store.cancel(id);
    return id;
  }

  @Test
  void anAnswerWithoutAnEndDoesNotKeepTheOthersFromBeingTold() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch told = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    HttpServer receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      receiver.setExecutor(threads);
      receiver.createContext(
          "/endless",
          exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('x');
            exchange.getResponseBody().flush();
            begun.countDown();
            try {
              over.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      receiver.createContext(
          "/fine",
          exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
            told.countDown();
          });
      receiver.start();
      String address = "127.0.0.1:" + receiver.getAddress().getPort();
      JobsOptions options =
          JobsOptions.of(folder.toString())
              .withWebhooks(Set.of(address), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
      InstantSource clock = InstantSource.system();
      try (Database database = Database.open(options.storage())) {
        JobStore store = new JobStore(database, clock, options);
        String endless = cancelled(store, "http://" + address + "/endless");
        try (Webhooks webhooks =
            new Webhooks(new Hooks(database, clock), options, clock, Duration.ofMillis(500))) {
          assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
          cancelled(store, "http://" + address + "/fine");
          assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
          // It has answered with 200, but not to the end.
          assertThat(store.find(endless).orElseThrow().webhook().orElseThrow().outcome()).isEmpty();
        }
      } finally {
        over.countDown();
        receiver.stop(0);
      }
    }
  }
}
