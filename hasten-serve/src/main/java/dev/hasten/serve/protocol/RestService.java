package dev.hasten.serve.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Message;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ServedModel;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The protocol over REST: Open Inference Protocol v2 and the extensions of {@link Descriptions}.
 */
public final class RestService {
  /** What is said of the repository is short, and read on the event loop. */
  private static final int MOST_BYTES = BySize.INLINE_BYTES;

  /**
   * Loads and unloads wait, for each other and for the model: other work must not wait for them.
   */
  static final Executor CHANGES = task -> Thread.ofVirtual().name("hasten-change").start(task);

  private final ModelRepository repository;
  private final BooleanSupplier ready;
  private final String version;
  private final boolean admin;

  /**
   * @param ready whether the server as a whole takes requests
   * @param version of Hasten
   * @param admin whether models may be loaded and unloaded from outside
   */
  public RestService(
      ModelRepository repository, BooleanSupplier ready, String version, boolean admin) {
    this.repository = repository;
    this.ready = ready;
    this.version = version;
    this.admin = admin;
  }

  /** Adds its routes. */
  public void bind(ServerBuilder server) {
    get(server, "/v2", ctx -> Descriptions.server(version));
    health(server, "/v2/health/live", ctx -> HttpStatus.OK);
    health(
        server,
        "/v2/health/ready",
        ctx -> ready.getAsBoolean() ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    for (String model :
        new String[] {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
      get(
          server,
          model,
          ctx -> leased(ctx, lease -> Descriptions.model(lease.model(), repository)));
      get(server, model + "/config", ctx -> leased(ctx, lease -> lease.model().config()));
      get(
          server,
          model + "/stats",
          ctx -> Descriptions.statistics(repository, model(ctx), version(ctx)));
      health(server, model + "/ready", this::modelReady);
      server.route().post(model + "/infer").build(this::infer);
    }
    get(server, "/v2/models/stats", ctx -> Descriptions.statistics(repository, "", ""));
    server.route().post("/v2/repository/index").maxRequestLength(MOST_BYTES).build(this::index);
    server
        .route()
        .post("/v2/repository/models/{model}/load")
        .maxRequestLength(MOST_BYTES)
        .build((ctx, req) -> change(ctx, req, repository::load));
    server
        .route()
        .post("/v2/repository/models/{model}/unload")
        .maxRequestLength(MOST_BYTES)
        .build((ctx, req) -> change(ctx, req, repository::unload));
  }

  private void get(
      ServerBuilder server, String path, Function<ServiceRequestContext, Message> answer) {
    server.route().get(path).build((ctx, req) -> json(ProtoJson.of(answer.apply(ctx))));
  }

  private static HttpResponse json(String text) {
    return HttpResponse.of(HttpStatus.OK, MediaType.JSON, text);
  }

  private static String model(ServiceRequestContext ctx) {
    return String.valueOf(ctx.pathParam("model"));
  }

  private static String version(ServiceRequestContext ctx) {
    @Nullable String version = ctx.pathParam("version");
    return version == null ? "" : version;
  }

  private <T> T leased(ServiceRequestContext ctx, Function<ModelRepository.Lease, T> use) {
    try (ModelRepository.Lease lease = repository.lease(model(ctx), version(ctx))) {
      return use.apply(lease);
    }
  }

  /** Without a body, and by HEAD too, which load balancers ask with. */
  private static void health(
      ServerBuilder server, String path, Function<ServiceRequestContext, HttpStatus> status) {
    server
        .route()
        .path(path)
        .methods(HttpMethod.GET, HttpMethod.HEAD)
        .build((ctx, req) ->
            HttpResponse.of(
                ResponseHeaders.of(status.apply(ctx), HttpHeaderNames.CONTENT_LENGTH, 0)));
  }

  private HttpStatus modelReady(ServiceRequestContext ctx) {
    try (ModelRepository.Lease lease = repository.lease(model(ctx), version(ctx))) {
      return HttpStatus.OK;
    } catch (ProtocolException e) {
      return e.kind().http();
    }
  }

  private HttpResponse index(ServiceRequestContext ctx, HttpRequest req) {
    return HttpResponse.of(
        req.aggregate()
            .thenApply(body -> {
              String index = ProtoJson.of(Descriptions.index(repository, readyOnly(body)));
              // REST has the list alone, gRPC has it in a message.
              return json(index.substring("{\"models\":".length(), index.length() - 1));
            }));
  }

  private static boolean readyOnly(AggregatedHttpRequest body) {
    JsonNode ready =
        body.content().isEmpty() ? null : Uploads.parse(body.content().array()).get("ready");
    if (ready != null && !ready.isBoolean()) {
      throw ProtocolException.invalid("ready: (expected: true or false)");
    }
    return ready != null && ready.asBoolean();
  }

  private interface Change {
    void of(String model);
  }

  private HttpResponse change(ServiceRequestContext ctx, HttpRequest req, Change change) {
    if (!admin) {
      throw ProtocolException.of(
          ProtocolException.Kind.FORBIDDEN,
          "models cannot be loaded or unloaded from outside (start the server with --admin)");
    }
    return HttpResponse.of(
        req.aggregate()
            .thenApplyAsync(
                body -> {
                  refuseOverrides(body);
                  change.of(model(ctx));
                  return json("{}");
                },
                CHANGES));
  }

  private static void refuseOverrides(AggregatedHttpRequest body) {
    JsonNode parameters =
        body.content().isEmpty() ? null : Uploads.parse(body.content().array()).get("parameters");
    if (parameters == null) {
      return;
    }
    if (!parameters.isObject()) {
      throw ProtocolException.invalid("parameters: not an object");
    }
    refuseOverrides(parameters.propertyStream().map(Map.Entry::getKey));
  }

  /** Triton's clients may send a configuration, or a model's files: not silently another model. */
  static void refuseOverrides(Stream<String> parameters) {
    parameters
        .filter(name -> name.equals("config") || name.startsWith("file:"))
        .findFirst()
        .ifPresent(name -> {
          throw ProtocolException.of(
              ProtocolException.Kind.UNSUPPORTED,
              "parameter '%s': models are loaded as they are in the repository"
                  .formatted(Texts.brief(name)));
        });
  }

  private HttpResponse infer(ServiceRequestContext ctx, HttpRequest req) {
    ModelRepository.Lease lease = repository.lease(model(ctx), version(ctx));
    return LeasedAnswer.of(
        ctx,
        lease,
        answer ->
            req.aggregate()
                .thenCompose(body -> {
                  Executor executor = BySize.executor(ctx, body.content().length(), Runnable::run);
                  return CompletableFuture.supplyAsync(
                          () -> RestCodec.read(body.content().array(), jsonLength(body)), executor)
                      .thenCompose(request ->
                          BySize.write(
                              ctx,
                              answer.cancels(run(ctx, lease.model(), request)),
                              ctx.eventLoop(),
                              prediction ->
                                  response(
                                      InferenceResponse.of(
                                          lease.model(), request, prediction.outputs()))));
                }));
  }

  /** Runs a request's tensors. */
  static CompletableFuture<Prediction> run(
      ServiceRequestContext ctx, ServedModel model, InferenceRequest request) {
    return run(ctx, model, request, CallOptions.of(ctx, request.parameters()));
  }

  static CompletableFuture<Prediction> run(
      ServiceRequestContext ctx,
      ServedModel model,
      InferenceRequest request,
      RequestOptions options) {
    CallFacts facts = CallFacts.of(ctx);
    facts.setId(request.id());
    return facts.follow(
        model, CallFacts.examples(request.inputs()), () -> model.infer(request.inputs(), options));
  }

  private static OptionalInt jsonLength(AggregatedHttpRequest request) {
    return jsonLength(request.headers().get(RestCodec.HEADER_LENGTH));
  }

  /** The value of the header {@link RestCodec#HEADER_LENGTH}. */
  public static OptionalInt jsonLength(@Nullable String header) {
    if (header == null) {
      return OptionalInt.empty();
    }
    try {
      return OptionalInt.of(Integer.parseInt(header.strip()));
    } catch (NumberFormatException e) {
      throw ProtocolException.invalid(
          "Inference-Header-Content-Length: %s (expected: a number of bytes)"
              .formatted(Texts.brief(header)));
    }
  }

  private static HttpResponse response(InferenceResponse response) {
    RestCodec.Body body = RestCodec.write(response);
    byte[] bytes = body.bytes();
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(body.jsonLength().isPresent() ? MediaType.OCTET_STREAM : MediaType.JSON);
    body.jsonLength().ifPresent(n -> headers.setInt(RestCodec.HEADER_LENGTH, n));
    headers.setInt(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
    return HttpResponse.of(headers.build(), HttpData.wrap(bytes));
  }
}
