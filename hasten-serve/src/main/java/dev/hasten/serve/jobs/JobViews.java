package dev.hasten.serve.jobs;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.protocol.RestCodec;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What clients see of jobs, and do to them. */
final class JobViews {
  private static final Pattern WAIT = Pattern.compile("(\\d{1,6})(ms|s|m)?");
  private static final Pattern ID = Pattern.compile("[0-9a-f-]{36}");
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
  private static final int MOST_LISTED = 1000;
  private static final int LINES_AT_ONCE = 500;
  private static final long KEEP_ALIVE_SECONDS = 15;

  private final JobStore store;
  private final JobParts parts;
  private final JobWatch watch;
  private final JobWorker worker;
  private final JobMetrics metrics;

  JobViews(JobStore store, JobParts parts, JobWatch watch, JobWorker worker, JobMetrics metrics) {
    this.store = store;
    this.parts = parts;
    this.watch = watch;
    this.worker = worker;
    this.metrics = metrics;
  }

  void bind(ServerBuilder server) {
    server.route().get("/v2/jobs").build((ctx, req) -> later(ctx, this::list));
    server
        .route()
        .get("/v2/jobs/{id}")
        .build((ctx, req) -> waited(ctx, job -> json(HttpStatus.OK, JobJson.of(job))));
    server
        .route()
        .get("/v2/jobs/{id}/result")
        .build((ctx, req) -> waited(ctx, job -> result(ctx, job)));
    server
        .route()
        .get("/v2/jobs/{id}/events")
        .requestTimeoutMillis(0)
        .build((ctx, req) -> later(ctx, this::events));
    server.route().post("/v2/jobs/{id}/cancel").build((ctx, req) -> later(ctx, this::cancel));
    server.route().post("/v2/jobs/{id}/retry").build((ctx, req) -> later(ctx, this::retry));
    server.route().delete("/v2/jobs/{id}").build((ctx, req) -> later(ctx, this::delete));
  }

  /** The database takes too long for the event loop. */
  private static HttpResponse later(
      ServiceRequestContext ctx, Function<ServiceRequestContext, HttpResponse> answer) {
    return HttpResponse.of(
        CompletableFuture.supplyAsync(() -> answer.apply(ctx), ctx.blockingTaskExecutor()));
  }

  private static HttpResponse json(HttpStatus status, String text) {
    return HttpResponse.of(status, MediaType.JSON, text);
  }

  private Job job(ServiceRequestContext ctx) {
    // Another text is not looked for: not every database takes every text.
    return id(String.valueOf(ctx.pathParam("id")))
        .flatMap(store::find)
        .orElseThrow(() ->
            ProtocolException.notFound(
                "no such job (its id is wrong, or its time is over and it was removed)"));
  }

  private static Optional<String> id(String text) {
    return ID.matcher(text).matches() ? Optional.of(text) : Optional.empty();
  }

  private HttpResponse list(ServiceRequestContext ctx) {
    @Nullable String limit = ctx.queryParam("limit");
    int most = limit == null ? 100 : number("limit", limit);
    @Nullable String after = ctx.queryParam("after");
    List<Job> jobs =
        store.list(
            Optional.ofNullable(ctx.queryParam("state")).map(JobViews::state),
            Optional.ofNullable(ctx.queryParam("model")).map(JobViews::model),
            after == null ? "" : page(after),
            most + 1);
    boolean more = jobs.size() > most;
    return json(HttpStatus.OK, JobJson.of(more ? jobs.subList(0, most) : jobs, more));
  }

  private static String model(String name) {
    if (name.indexOf(0) >= 0) {
      throw ProtocolException.invalid("model: has a character NUL (expected: a model's name)");
    }
    return name;
  }

  private static String page(String after) {
    return id(after)
        .orElseThrow(() ->
            ProtocolException.invalid("after: not a page (expected: the 'next' of another page)"));
  }

  private static JobState state(String text) {
    try {
      return JobState.of(text);
    } catch (IllegalArgumentException e) {
      throw ProtocolException.invalid(
          "state: not one (expected: queued, running, succeeded, failed, cancelled or parked)");
    }
  }

  private static int number(String name, String text) {
    try {
      int value = Integer.parseInt(text);
      if (value >= 1 && value <= MOST_LISTED) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number out of range.
    }
    throw ProtocolException.invalid(name + ": (expected: 1 to " + MOST_LISTED + ")");
  }

  /** Answers once the job has ended, or when the client's time to wait is over. */
  private HttpResponse waited(ServiceRequestContext ctx, Function<Job, HttpResponse> answer) {
    Duration wait = wait(ctx.queryParam("wait"));
    if (wait.isPositive()) {
      ctx.setRequestTimeout(TimeoutMode.EXTEND, wait);
    }
    return later(
        ctx,
        same -> {
          Job now = job(ctx);
          if (now.state().ended() || !wait.isPositive()) {
            return answer.apply(now);
          }
          CompletableFuture<Boolean> over = new CompletableFuture<>();
          JobWatch.Watcher watcher =
              watch.watch(
                  now.id(),
                  job -> {
                    if (job.isEmpty() || job.get().state().ended()) {
                      over.complete(true);
                    }
                  });
          ScheduledFuture<?> patience =
              ctx.eventLoop()
                  .schedule(() -> over.complete(false), wait.toMillis(), TimeUnit.MILLISECONDS);
          ctx.whenRequestCancelling().thenAccept(cause -> over.complete(false));
          over.thenRun(() -> {
            watcher.close();
            // It holds the request, for minutes.
            patience.cancel(false);
          });
          return HttpResponse.of(
              over.thenApplyAsync(ended -> answer.apply(job(ctx)), ctx.blockingTaskExecutor()));
        });
  }

  private static Duration wait(@Nullable String text) {
    if (text == null) {
      return Duration.ZERO;
    }
    Matcher match = WAIT.matcher(text);
    if (match.matches()) {
      long count = Long.parseLong(match.group(1));
      @Nullable String unit = match.group(2);
      Duration wait =
          switch (unit == null ? "s" : unit) {
            case "ms" -> Duration.ofMillis(count);
            case "m" -> Duration.ofMinutes(count);
            default -> Duration.ofSeconds(count);
          };
      if (wait.compareTo(LONGEST_WAIT) <= 0) {
        return wait;
      }
    }
    throw ProtocolException.invalid("wait: (expected: like 30s, at most 5m)");
  }

  private HttpResponse result(ServiceRequestContext ctx, Job job) {
    if (job.state() != JobState.SUCCEEDED) {
      String why = job.error().map(error -> ": " + error).orElse("");
      throw ProtocolException.of(
          ProtocolException.Kind.CONFLICT,
          job.state().ended()
              ? "the job has no result, it is %s%s".formatted(job.state().text(), why)
              : "the job has no result yet, it is %s (ask again, or with ?wait=30s)"
                  .formatted(job.state().text()));
    }
    Job.Format format = job.result().orElseThrow();
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.OK).contentType(MediaType.parse(format.contentType()));
    format.jsonLength().ifPresent(n -> headers.setInt(RestCodec.HEADER_LENGTH, n));
    if (!job.bulk()) {
      byte[] body = parts.result(job.id()).orElseThrow();
      return HttpResponse.of(headers.build(), HttpData.wrap(body));
    }
    ctx.clearRequestTimeout();
    HttpResponseWriter out = HttpResponse.streaming();
    out.write(headers.build());
    Jobs.PATIENT.execute(() -> stream(job, out));
    return out;
  }

  /** Reads on only when the client has taken what was read. */
  private void stream(Job job, HttpResponseWriter out) {
    try {
      long after = 0;
      while (true) {
        List<JobParts.Part> page = parts.results(job.id(), after, LINES_AT_ONCE);
        if (page.isEmpty()) {
          out.close();
          return;
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (JobParts.Part part : page) {
          text.writeBytes(part.request());
          text.write('\n');
        }
        if (!out.tryWrite(HttpData.wrap(text.toByteArray()))) {
          return;
        }
        out.whenConsumed().join();
        after = page.getLast().number();
      }
    } catch (RuntimeException e) {
      out.close(e);
    }
  }

  /**
   * Server-sent events (HTML standard): {@code state} with the job whenever it went on; ends with
   * the job.
   */
  private HttpResponse events(ServiceRequestContext ctx) {
    Job job = job(ctx);
    HttpResponseWriter out = HttpResponse.streaming();
    out.write(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.EVENT_STREAM)
            .set("cache-control", "no-store")
            .build());
    JobWatch.Watcher watcher =
        watch.watch(
            job.id(),
            now -> {
              boolean more = now.isPresent() && send(out, now.get());
              if (!more) {
                out.close();
              }
            });
    // Proxies cut connections on which nothing happens.
    ScheduledFuture<?> alive =
        ctx.eventLoop()
            .scheduleAtFixedRate(
                () -> {
                  // One that has gone closes the stream, whether this is written or not.
                  boolean _ = out.tryWrite(HttpData.ofUtf8(": alive\n\n"));
                },
                KEEP_ALIVE_SECONDS,
                KEEP_ALIVE_SECONDS,
                TimeUnit.SECONDS);
    out.whenComplete()
        .whenComplete((done, failure) -> {
          watcher.close();
          alive.cancel(false);
        });
    return out;
  }

  /** Whether there is more to tell, and somebody to be told. */
  private static boolean send(HttpResponseWriter out, Job job) {
    boolean sent = out.tryWrite(HttpData.ofUtf8("event: state\ndata: " + JobJson.of(job) + "\n\n"));
    return sent && !job.state().ended();
  }

  private HttpResponse cancel(ServiceRequestContext ctx) {
    Job job = job(ctx);
    if (cancelled(job)) {
      watch.changed(job.id());
    } else if (job(ctx).state() != JobState.CANCELLED) {
      throw ProtocolException.of(
          ProtocolException.Kind.CONFLICT,
          "the job can no longer be cancelled, it is " + job(ctx).state().text());
    }
    return json(HttpStatus.OK, JobJson.of(job(ctx)));
  }

  /** Whether it was still to be ended. */
  private boolean cancelled(Job job) {
    boolean cancelled = store.cancel(job.id());
    if (cancelled) {
      worker.cancel(job.id());
      metrics.ended(job, JobState.CANCELLED, Instant.now());
    }
    return cancelled;
  }

  private HttpResponse retry(ServiceRequestContext ctx) {
    Job job = job(ctx);
    if (!store.retry(job.id())) {
      throw ProtocolException.of(
          ProtocolException.Kind.CONFLICT,
          "the job is %s (expected: failed or parked)".formatted(job.state().text()));
    }
    worker.wake();
    watch.changed(job.id());
    return json(HttpStatus.ACCEPTED, JobJson.of(job(ctx)));
  }

  /** One that goes on is cancelled first. */
  private HttpResponse delete(ServiceRequestContext ctx) {
    Job job = job(ctx);
    cancelled(job);
    store.remove(job.id());
    watch.changed(job.id());
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }
}
