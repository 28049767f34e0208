package dev.hasten.serve;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Ends a server's connections without cutting a request off. First those in flight are answered,
 * while new ones are refused; then the port is closed; then the connections are, each with its last
 * answer: over HTTP/1.1 by {@code Connection: close}, over HTTP/2 by {@code GOAWAY} (RFC 9113,
 * 6.8).
 */
final class Drain implements DecoratingHttpServiceFunction {
  /** Between the two {@code GOAWAY}s: requests on their way are still taken, and refused. */
  private static final Duration GOING = Duration.ofMillis(200);

  private static final Duration STEP = Duration.ofMillis(5);

  private final Set<ServiceRequestContext> inFlight = ConcurrentHashMap.newKeySet();
  private final Set<Channel> ports = ConcurrentHashMap.newKeySet();
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private volatile boolean draining;

  /** A connection was accepted. */
  void accepted(ChannelPipeline pipeline) {
    Channel connection = pipeline.channel();
    connections.add(connection);
    Channel port = connection.parent();
    if (port != null) {
      ports.add(port);
    }
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req)
      throws Exception {
    inFlight.add(ctx);
    if (draining) {
      // Refused by the gate, or a question after the server's health: nothing to wait for.
      inFlight.remove(ctx);
      ctx.initiateConnectionShutdown(GOING);
    } else {
      ctx.log().whenComplete().thenRun(() -> inFlight.remove(ctx));
    }
    return delegate.serve(ctx, req);
  }

  /**
   * @param limit for requests in flight; the connections get a moment more
   */
  void run(Duration limit) {
    draining = true;
    // Their connections take no other request after them.
    inFlight.forEach(ctx -> ctx.initiateConnectionShutdown(GOING));
    await(inFlight::isEmpty, limit);
    ports.forEach(port -> port.close().awaitUninterruptibly());
    await(connections::isEmpty, GOING.multipliedBy(3));
  }

  private static void await(BooleanSupplier condition, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      while (!condition.getAsBoolean() && System.nanoTime() < end) {
        Thread.sleep(STEP);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
