package dev.hasten.serve;

import com.linecorp.armeria.common.Flags;
import com.linecorp.armeria.common.grpc.GrpcSerializationFormats;
import com.linecorp.armeria.common.util.EventLoopGroups;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.encoding.DecodingService;
import com.linecorp.armeria.server.encoding.EncodingService;
import com.linecorp.armeria.server.logging.AccessLogWriter;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.serve.console.ConsoleService;
import dev.hasten.serve.console.ReportTickets;
import dev.hasten.serve.jobs.Jobs;
import dev.hasten.serve.observe.Observation;
import dev.hasten.serve.protocol.CallLimit;
import dev.hasten.serve.protocol.EmbeddingsService;
import dev.hasten.serve.protocol.GrpcRefusals;
import dev.hasten.serve.protocol.GrpcService;
import dev.hasten.serve.protocol.PredictService;
import dev.hasten.serve.protocol.RestErrors;
import dev.hasten.serve.protocol.RestService;
import dev.hasten.serve.repository.FolderRepository;
import dev.hasten.serve.repository.ModelRepository;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.ClientAuth;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * The inference server: models of a folder, over REST and gRPC on one port.
 *
 * <pre>{@code
 * try (InferenceServer server = InferenceServer.start(ServerOptions.of(Path.of("bundle")))) {
 *   System.out.println("listening on " + server.port());
 *   server.awaitStop();
 * }
 * }</pre>
 */
public final class InferenceServer implements AutoCloseable {
  static final String VERSION = "0.1.0";

  private final FolderRepository repository;
  private final CompletableFuture<Void> loaded = new CompletableFuture<>();
  private final Optional<Jobs> jobs;
  private final Server server;
  private final Duration drainTimeout;
  private final Drain drain = new Drain();
  private final EventLoopGroup workers =
      EventLoopGroups.newEventLoopGroup(Flags.numCommonWorkers());
  private final GrpcService grpc;
  private volatile boolean stopping;

  private InferenceServer(
      ServerOptions options,
      Protection protection,
      Observation observation,
      FolderRepository repository) {
    this.repository = repository;
    this.drainTimeout = options.drainTimeout();
    this.grpc = new GrpcService(repository, this::ready, VERSION, options.admin());
    // All that may be wrong in files first: jobs leave a database behind.
    Optional<AccessTokens> tokens = protection.tokens().map(AccessTokens::read);
    InetSocketAddress address = address(options);
    ServerMetrics metrics = new ServerMetrics(repository);
    this.jobs =
        options
            .jobs()
            .map(how -> Jobs.open(how, repository, options.maxRequestBytes(), metrics.registry()));
    try {
      this.server = build(options, address, protection, observation.open(), tokens, metrics);
    } catch (RuntimeException e) {
      jobs.ifPresent(Jobs::close);
      throw e;
    }
  }

  /**
   * Listens, and returns once the models are open and warm.
   *
   * @throws BadInputException if there is no model to serve
   * @throws EnvironmentException if the address cannot be listened on
   */
  public static InferenceServer start(ServerOptions options) {
    return start(options, Protection.limitsOnly());
  }

  /**
   * Listens, and returns once the models are open and warm.
   *
   * @throws BadInputException if there is no model to serve, or a file of the protection is wrong
   * @throws EnvironmentException if the address cannot be listened on
   */
  public static InferenceServer start(ServerOptions options, Protection protection) {
    return start(options, protection, Observation.none());
  }

  /** As {@link #start(ServerOptions, Protection)}, reporting on requests. */
  public static InferenceServer start(
      ServerOptions options, Protection protection, Observation observation) {
    InferenceServer server = listen(options, protection, observation);
    server.awaitLoaded();
    return server;
  }

  /** As {@link #listen(ServerOptions, Protection, Observation)}, without reports. */
  public static InferenceServer listen(ServerOptions options, Protection protection) {
    return listen(options, protection, Observation.none());
  }

  /**
   * Listens at once: the server is live, and tells its numbers, but is not ready before its models
   * are. A model answers as soon as it is open and warm itself.
   *
   * @throws BadInputException if there is no model to serve, or a file of the protection is wrong
   * @throws EnvironmentException if the address cannot be listened on, or a log not be written
   */
  public static InferenceServer listen(
      ServerOptions options, Protection protection, Observation observation) {
    FolderRepository repository = FolderRepository.of(options.models(), options.repository());
    InferenceServer server;
    try {
      server = new InferenceServer(options, protection, observation, repository);
    } catch (RuntimeException e) {
      repository.close();
      throw e;
    }
    try {
      server.server.start().join();
    } catch (BadInputException e) {
      repository.close();
      throw e;
    } catch (CompletionException e) {
      server.close();
      throw new EnvironmentException(
          "%s:%d: cannot be listened on: %s (give another --host or --port)"
              .formatted(options.host(), options.port(), reason(e)),
          e);
    }
    Thread.ofPlatform().name("hasten-load").daemon().start(server::load);
    return server;
  }

  private void load() {
    try {
      repository.loadAll();
      loaded.complete(null);
    } catch (RuntimeException | Error e) {
      loaded.completeExceptionally(e);
    }
  }

  /**
   * Waits until each model was opened and warmed up, or could not be.
   *
   * @throws BadInputException if the folder cannot be read any more
   */
  public void awaitLoaded() {
    try {
      loaded.join();
    } catch (CompletionException e) {
      close();
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** What the system says, without the exception's and the call's names. */
  private static String reason(CompletionException e) {
    String said = String.valueOf(e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
    return said.replaceFirst("^.*error\\(-?\\d+\\): ", "");
  }

  private static InetSocketAddress address(ServerOptions options) {
    InetSocketAddress address = new InetSocketAddress(options.host(), options.port());
    if (address.isUnresolved()) {
      throw new BadInputException(
          "host: %s: no such host (expected: a name or an address of this machine, without the port)"
              .formatted(options.host()));
    }
    return address;
  }

  private Server build(
      ServerOptions options,
      InetSocketAddress address,
      Protection protection,
      Optional<AccessLogWriter> log,
      Optional<AccessTokens> tokens,
      ServerMetrics metrics) {
    ServerBuilder builder =
        Server.builder()
            .maxRequestLength(options.maxRequestBytes())
            .requestTimeout(options.requestTimeout())
            .childChannelPipelineCustomizer(drain::accepted)
            .workerGroup(workers, false)
            .blockingTaskExecutor(
                BlockingTasks.forCores(Runtime.getRuntime().availableProcessors()), true)
            // For Armeria's own numbers, which nobody asks for: its default one outlives the
            // server.
            .meterRegistry(new CompositeMeterRegistry())
            .errorHandler(new RestErrors())
            .maxNumConnections(protection.maxConnections())
            .http1MaxHeaderSize(protection.maxHeaderBytes())
            .http2MaxHeaderListSize(protection.maxHeaderBytes())
            .idleTimeout(protection.idleTimeout())
            // A refusal may come before a long body has: who still sends must not be cut off.
            .requestAutoAbortDelay(Duration.ofSeconds(5));
    listen(builder, address, protection);
    log.ifPresent(writer -> builder.accessLogWriter(writer, true));
    new RestService(repository, this::ready, VERSION, options.admin()).bind(builder);
    new PredictService(repository).bind(builder);
    new EmbeddingsService(repository).bind(builder);
    jobs.ifPresent(its -> its.bind(builder));
    builder.service(
        com.linecorp.armeria.server.grpc.GrpcService.builder()
            .addService(grpc)
            .supportedSerializationFormats(GrpcSerializationFormats.PROTO)
            .maxRequestMessageLength((int) options.maxRequestBytes())
            .exceptionHandler((ctx, status, cause, metadata) -> GrpcRefusals.status(status, cause))
            .build(),
        service -> service.decorate(new CallLimit(options.requestTimeout())));
    builder.routeDecorator().pathPrefix("/v2").build(DecodingService.newDecorator());
    builder.routeDecorator().pathPrefix("/v2").build(EncodingService.newDecorator());
    metrics.bind(builder);
    new OpenApi(tokens.isPresent()).bind(builder);
    ReportTickets tickets = new ReportTickets();
    new ConsoleService(repository, this::ready, VERSION, jobs.isPresent(), tickets).bind(builder);
    builder.decorator(new Gate(tokens, tickets, () -> stopping));
    // Around the gate: what it refuses counts, too.
    builder.decorator(drain);
    return builder.build();
  }

  private static void listen(
      ServerBuilder builder, InetSocketAddress address, Protection protection) {
    if (protection.tls().isEmpty()) {
      builder.http(address);
      return;
    }
    Protection.Tls tls = protection.tls().get();
    builder.https(address).tls(tls.certificate().toFile(), tls.key().toFile());
    tls.clientAuthority()
        .ifPresent(authority ->
            builder.tlsCustomizer(context ->
                context.trustManager(authority.toFile()).clientAuth(ClientAuth.REQUIRE)));
  }

  private boolean ready() {
    return !stopping && repository.ready();
  }

  /** Where it listens. */
  public int port() {
    return server.activeLocalPort();
  }

  /** What it takes. */
  List<ServiceConfig> routes() {
    return server.serviceConfigs();
  }

  public ModelRepository repository() {
    return repository;
  }

  /** Waits until the server has stopped. */
  public void awaitStop() {
    server.whenClosed().join();
  }

  /**
   * Takes no more requests, lets those in flight end within the time to drain, frees everything.
   *
   * <p>Not for a shutdown hook: ONNX Runtime frees itself in one, hooks run side by side, and a
   * request that is still being answered would crash the process.
   */
  @Override
  public void close() {
    stopping = true;
    // First, because streams without a request and clients that wait for a job would hold the
    // server until its time to drain is over.
    grpc.stop();
    jobs.ifPresent(its -> its.stop(drainTimeout.dividedBy(2)));
    drain.run(drainTimeout);
    server.stop().join();
    workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    repository.close();
    jobs.ifPresent(Jobs::close);
  }
}
