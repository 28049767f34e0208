package dev.hasten.serve.jobs;

import dev.hasten.serve.protocol.ProtocolException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells whom a job names that it has ended: a POST of the job, signed as the Standard Webhooks
 * specification (1.0.0) says, {@code v1,base64(HMAC-SHA256(key, id.timestamp.body))}.
 *
 * <p>Only allowed hosts are called, and no redirect is followed: a client must not make the server
 * call what only the server can reach.
 */
final class Webhooks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
  private static final int MOST_TRIES = 8;
  private static final int MOST_AT_A_TIME = 16;
  private static final long LOOK_MILLIS = 500;
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Hooks hooks;
  private final JobsOptions options;
  private final InstantSource clock;
  private final Duration limit;
  private final HttpClient http =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("hasten-jobs-webhooks").daemon().factory());

  Webhooks(Hooks hooks, JobsOptions options, InstantSource clock) {
    this(hooks, options, clock, LIMIT);
  }

  /**
   * @param limit of a delivery, the answer's body included
   */
  Webhooks(Hooks hooks, JobsOptions options, InstantSource clock, Duration limit) {
    this.hooks = hooks;
    this.options = options;
    this.clock = clock;
    this.limit = limit;
    if (!options.webhookHosts().isEmpty()) {
      thread.scheduleWithFixedDelay(this::deliver, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /**
   * The address, if it may be called.
   *
   * @throws ProtocolException saying why not
   */
  static URI check(JobsOptions options, String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw ProtocolException.invalid("webhook-url: not a URL");
    }
    @Nullable String scheme = uri.getScheme();
    @Nullable String host = uri.getHost();
    if (scheme == null
        || host == null
        || !(scheme.equalsIgnoreCase("https") || scheme.equalsIgnoreCase("http"))
        || uri.getUserInfo() != null) {
      throw ProtocolException.invalid(
          "webhook-url: not one that can be called (expected: https://HOST/PATH or"
              + " http://HOST/PATH, without a user)");
    }
    String name = host.toLowerCase(Locale.ROOT);
    if (!options.webhookHosts().contains(name)
        && !options.webhookHosts().contains(name + ":" + uri.getPort())) {
      throw ProtocolException.of(
          ProtocolException.Kind.FORBIDDEN,
          "webhook-url: its host is not among those that this server may call");
    }
    return uri;
  }

  private void deliver() {
    try {
      List<Job> due = hooks.claim(MOST_AT_A_TIME);
      // One that does not answer delays the rounds after its own, by the limit at most.
      CompletableFuture.allOf(due.stream().map(this::deliver).toArray(CompletableFuture[]::new))
          .join();
    } catch (RuntimeException | Error e) {
      // Thrown on, it would be the last round.
      LOG.error("webhooks cannot be delivered now; they will be tried again", e);
    }
  }

  private CompletableFuture<Void> deliver(Job job) {
    String url = job.webhook().map(Job.Hook::url).orElse("");
    HttpRequest request;
    try {
      request = request(job, check(options, url));
    } catch (ProtocolException | IllegalArgumentException e) {
      // The allowed hosts may have changed since the job was accepted.
      hooks.done(job, "refused: " + e.getMessage());
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<HttpResponse<Void>> exchange =
        http.sendAsync(request, HttpResponse.BodyHandlers.discarding());
    // A request's own time limit ends with the headers of the answer: its body may never end.
    return exchange
        .copy()
        .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
        .handle((response, failure) -> {
          if (failure != null) {
            exchange.cancel(true);
            failed(job, "no answer");
          } else if (response.statusCode() / 100 == 2) {
            hooks.done(job, "delivered");
          } else {
            failed(job, "status " + response.statusCode());
          }
          return null;
        });
  }

  private void failed(Job job, String reason) {
    int tries = Hooks.tries(job);
    if (tries >= MOST_TRIES) {
      hooks.done(job, "given up after %d tries: %s".formatted(tries, reason));
    } else {
      // 1 s, 4 s, 16 s and so on: the last try is about an hour and a half after the first.
      hooks.again(job, Duration.ofSeconds(1L << (2 * (tries - 1))));
    }
  }

  private HttpRequest request(Job job, URI uri) {
    String body = JobJson.of(job);
    String timestamp = String.valueOf(clock.millis() / 1000);
    String secret = options.webhookSecret().orElseThrow();
    return HttpRequest.newBuilder(uri)
        .timeout(limit)
        .header("content-type", "application/json")
        .header("webhook-id", job.id())
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature(secret, job.id(), timestamp, body))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  static String signature(String secret, String id, String timestamp, String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(JobsOptions.key(secret), "HmacSHA256"));
      byte[] sum =
          mac.doFinal((id + "." + timestamp + "." + body).getBytes(StandardCharsets.UTF_8));
      return "v1," + Base64.getEncoder().encodeToString(sum);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  @Override
  public void close() {
    thread.shutdown();
    http.shutdownNow();
    try {
      if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
        LOG.warn("a webhook is still on its way");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
