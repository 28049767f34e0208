package dev.hasten.serve.jobs;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.serve.jobs.JobStore.Order;
import dev.hasten.serve.jobs.JobStore.Submitted;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.protocol.RestCodec;
import dev.hasten.serve.protocol.RestService;
import dev.hasten.serve.repository.ModelRepository;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Takes requests that ask to be answered later ({@code Prefer: respond-async}, RFC 7240) and bulk
 * uploads. Once {@code 202} is on its way, the job is on the disk.
 */
final class JobIntake {
  /** What makes jobs of requests: whoever asks for that needs the right to. */
  interface Taker extends HttpService {}

  private static final String PREFER = "prefer";
  private static final String RESPOND_ASYNC = "respond-async";
  private static final String KEY = "idempotency-key";
  private static final String WEBHOOK = "webhook-url";
  private static final int LONGEST_KEY = 255;

  /** Each holds a few times {@link Upload#BYTES_AT_ONCE}. */
  private static final int MOST_UPLOADS = 100;

  /** Each costs up to three times its length, be that the longest, while it is read. */
  private static final int MOST_LARGE_LINES = 4;

  private final JobStore store;
  private final JobParts parts;
  private final ModelRepository repository;
  private final JobsOptions options;
  private final int longestLine;
  private final JobWorker worker;
  private final JobMetrics metrics;
  private final Duration silence;
  private final Semaphore uploads = new Semaphore(MOST_UPLOADS);
  private final Semaphore largeLines = new Semaphore(MOST_LARGE_LINES);

  /**
   * @param silence after which an upload that goes on is given up
   */
  JobIntake(
      JobStore store,
      JobParts parts,
      ModelRepository repository,
      JobsOptions options,
      int longestLine,
      JobWorker worker,
      JobMetrics metrics,
      Duration silence) {
    this.store = store;
    this.parts = parts;
    this.repository = repository;
    this.options = options;
    this.longestLine = longestLine;
    this.worker = worker;
    this.metrics = metrics;
    this.silence = silence;
  }

  void bind(ServerBuilder server) {
    for (String model :
        new String[] {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
      for (Job.Call call : Job.Call.values()) {
        server
            .route()
            .post(model + "/" + call.name().toLowerCase(Locale.ROOT))
            .matchesHeaders(PREFER, JobIntake::asksForLater)
            .build((Taker) (ctx, req) -> one(ctx, req, call));
      }
      server
          .route()
          .post(model + "/jobs")
          .maxRequestLength(options.maxBulkBytes())
          // For all of it; each piece has a limit of its own.
          .requestTimeoutMillis(0)
          .build((Taker) this::bulk);
    }
  }

  /** Preferences are a list; each may have parameters. */
  static boolean asksForLater(String prefer) {
    return Arrays.stream(prefer.split("[,;]"))
        .anyMatch(one -> one.strip().equalsIgnoreCase(RESPOND_ASYNC));
  }

  private HttpResponse one(ServiceRequestContext ctx, HttpRequest req, Job.Call call) {
    return HttpResponse.of(
        req.aggregate()
            .thenApplyAsync(
                body -> {
                  byte[] bytes = body.content().array();
                  OptionalInt json =
                      RestService.jsonLength(body.headers().get(RestCodec.HEADER_LENGTH));
                  @Nullable MediaType type = body.contentType();
                  MessageDigest digest = digest();
                  digest.update(bytes);
                  Order order =
                      order(
                          ctx,
                          body.headers(),
                          call,
                          new Job.Format(type == null ? "" : type.toString(), json),
                          digest);
                  return answer(store.submit(order, bytes), true);
                },
                ctx.blockingTaskExecutor()));
  }

  private Order order(
      ServiceRequestContext ctx,
      RequestHeaders headers,
      Job.Call call,
      Job.Format format,
      MessageDigest digest) {
    String model = String.valueOf(ctx.pathParam("model"));
    @Nullable String version = ctx.pathParam("version");
    Order order =
        new Order(
            model,
            version == null ? "" : version,
            call,
            format,
            key(headers),
            "",
            webhook(headers));
    // Whether there is such a model is told now, not by a job that fails.
    repository.lease(order.model(), order.version()).close();
    return hashed(order, digest);
  }

  /** The hash is of all that makes the request what it is. */
  private static Order hashed(Order order, MessageDigest digest) {
    digest.update(
        "\n%s\n%s\n%s\n%s"
            .formatted(order.model(), order.version(), order.call(), order.request())
            .getBytes(StandardCharsets.UTF_8));
    return new Order(
        order.model(),
        order.version(),
        order.call(),
        order.request(),
        order.key(),
        HexFormat.of().formatHex(digest.digest()),
        order.webhook());
  }

  private static Optional<String> key(RequestHeaders headers) {
    @Nullable String key = headers.get(KEY);
    if (key != null && (key.isBlank() || key.length() > LONGEST_KEY)) {
      throw ProtocolException.invalid(
          "idempotency-key: %d characters (expected: 1 to %d)"
              .formatted(key.strip().length(), LONGEST_KEY));
    }
    return Optional.ofNullable(key);
  }

  private Optional<String> webhook(RequestHeaders headers) {
    @Nullable String url = headers.get(WEBHOOK);
    return Optional.ofNullable(url).map(text -> Webhooks.check(options, text).toString());
  }

  private HttpResponse answer(Submitted submitted, boolean preferred) {
    return switch (submitted) {
      case Submitted.Accepted accepted -> {
        if (accepted.isNew()) {
          metrics.submitted(accepted.job());
          worker.wake();
        }
        ResponseHeadersBuilder headers =
            ResponseHeaders.builder(HttpStatus.ACCEPTED)
                .contentType(MediaType.JSON)
                .set(HttpHeaderNames.LOCATION, "/v2/jobs/" + accepted.job().id());
        if (preferred) {
          headers.set("preference-applied", RESPOND_ASYNC);
        }
        yield HttpResponse.of(headers.build(), HttpData.ofUtf8(JobJson.of(accepted.job())));
      }
      case Submitted.KeyTaken taken ->
          throw ProtocolException.of(
              ProtocolException.Kind.UNPROCESSABLE,
              "idempotency-key: used before with another request (use a new key for a new request)");
    };
  }

  private HttpResponse bulk(ServiceRequestContext ctx, HttpRequest req) {
    if (!uploads.tryAcquire()) {
      throw ProtocolException.tooMany(
          "too many bulk jobs are being sent (at most %d at once)".formatted(MOST_UPLOADS),
          Duration.ofSeconds(1));
    }
    return HttpResponse.of(
        CompletableFuture.supplyAsync(() -> receive(ctx, req), Jobs.PATIENT)
            .whenComplete((answer, failure) -> uploads.release()));
  }

  private HttpResponse receive(ServiceRequestContext ctx, HttpRequest req) {
    Job.Call call = bulkCall(ctx);
    Order order = order(ctx, req.headers(), call, Job.Format.LINES, digest());
    MessageDigest digest = digest();
    String id = store.beginBulk(order);
    Upload upload =
        new Upload(id, parts, longestLine, largeLines, silence, new RequestPatience(ctx, silence));
    boolean whole = false;
    try (InputStream in =
        req.toInputStream(part -> part instanceof HttpData data ? data : HttpData.empty())) {
      Upload.Received received = upload.receive(in, digest);
      if (received.lines() == 0) {
        throw ProtocolException.invalid("no lines (expected: one JSON request on each line)");
      }
      HttpResponse answer =
          answer(
              store.endBulk(
                  id,
                  received.lines(),
                  received.failed(),
                  order.key(),
                  hashed(order, digest).hash()),
              asksForLater(req.headers().get(PREFER, "")));
      whole = true;
      return answer;
    } catch (IOException e) {
      // It is read from the network alone.
      throw ProtocolException.invalid("the body broke off, or is not sent as HTTP has it");
    } finally {
      if (!whole) {
        store.remove(id);
      }
    }
  }

  /** A request's own time limit, moved on while the client sends. */
  private static final class RequestPatience implements Upload.Patience {
    private final ServiceRequestContext ctx;
    private final Duration limit;
    private boolean waits;
    private long since;

    RequestPatience(ServiceRequestContext ctx, Duration limit) {
      this.ctx = ctx;
      this.limit = limit;
    }

    @Override
    public void begin() {
      long now = System.nanoTime();
      // Not at each piece: a timer for every few kilobytes costs more than it tells.
      if (!waits || now - since > limit.toNanos() / 8) {
        ctx.setRequestTimeout(TimeoutMode.SET_FROM_NOW, limit);
        waits = true;
        since = now;
      }
    }

    @Override
    public void end() {
      ctx.clearRequestTimeout();
      waits = false;
    }
  }

  private Job.Call bulkCall(ServiceRequestContext ctx) {
    @Nullable String asked = ctx.queryParam("call");
    if (asked != null) {
      return switch (asked) {
        case "infer" -> Job.Call.INFER;
        case "predict" -> Job.Call.PREDICT;
        default -> throw ProtocolException.invalid("call: (expected: infer or predict)");
      };
    }
    @Nullable String version = ctx.pathParam("version");
    try (ModelRepository.Lease lease =
        repository.lease(String.valueOf(ctx.pathParam("model")), version == null ? "" : version)) {
      return lease.model().pipeline() instanceof PipelineSpec.Tensors
          ? Job.Call.INFER
          : Job.Call.PREDICT;
    }
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
