package dev.hasten.serve;

import com.linecorp.armeria.common.grpc.GrpcSerializationFormats;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.encoding.DecodingService;
import com.linecorp.armeria.server.encoding.EncodingService;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.serve.console.ConsoleService;
import dev.hasten.serve.console.ReportTickets;
import dev.hasten.serve.jobs.Jobs;
import dev.hasten.serve.protocol.EmbeddingsService;
import dev.hasten.serve.protocol.GrpcRefusals;
import dev.hasten.serve.protocol.GrpcService;
import dev.hasten.serve.protocol.PredictService;
import dev.hasten.serve.protocol.RestErrors;
import dev.hasten.serve.protocol.RestService;
import dev.hasten.serve.repository.FolderRepository;
import dev.hasten.serve.repository.ModelRepository;
import io.netty.handler.ssl.ClientAuth;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;

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

  private final ModelRepository repository;
  private final Optional<Jobs> jobs;
  private final Server server;
  private final Duration drainTimeout;
  private volatile boolean stopping;

  private InferenceServer(
      ServerOptions options, Protection protection, ModelRepository repository) {
    this.repository = repository;
    this.drainTimeout = options.drainTimeout();
    // All that may be wrong in files first: jobs leave a database behind.
    Optional<AccessTokens> tokens = protection.tokens().map(AccessTokens::read);
    InetSocketAddress address = address(options);
    this.jobs = options.jobs().map(how -> Jobs.open(how, repository, options.maxRequestBytes()));
    try {
      this.server = build(options, address, protection, tokens);
    } catch (RuntimeException e) {
      jobs.ifPresent(Jobs::close);
      throw e;
    }
  }

  /**
   * Opens the models, then listens.
   *
   * @throws BadInputException if there is no model to serve
   * @throws EnvironmentException if the address cannot be listened on
   */
  public static InferenceServer start(ServerOptions options) {
    return start(options, Protection.limitsOnly());
  }

  /**
   * Opens the models, then listens.
   *
   * @throws BadInputException if there is no model to serve, or a file of the protection is wrong
   * @throws EnvironmentException if the address cannot be listened on
   */
  public static InferenceServer start(ServerOptions options, Protection protection) {
    ModelRepository repository = FolderRepository.open(options.models(), BatcherOptions.defaults());
    InferenceServer server;
    try {
      server = new InferenceServer(options, protection, repository);
    } catch (RuntimeException e) {
      repository.close();
      throw e;
    }
    try {
      server.server.start().join();
      return server;
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
      Optional<AccessTokens> tokens) {
    ServerBuilder builder =
        Server.builder()
            .maxRequestLength(options.maxRequestBytes())
            .requestTimeout(options.requestTimeout())
            .gracefulShutdownTimeout(quiet(options), options.drainTimeout())
            .errorHandler(new RestErrors())
            .maxNumConnections(protection.maxConnections())
            .http1MaxHeaderSize(protection.maxHeaderBytes())
            .http2MaxHeaderListSize(protection.maxHeaderBytes())
            .idleTimeout(protection.idleTimeout())
            // A refusal may come before a long body has: who still sends must not be cut off.
            .requestAutoAbortDelay(Duration.ofSeconds(5));
    listen(builder, address, protection);
    BooleanSupplier ready = () -> !stopping && repository.ready();
    new RestService(repository, ready, VERSION, options.admin()).bind(builder);
    new PredictService(repository).bind(builder);
    new EmbeddingsService(repository).bind(builder);
    jobs.ifPresent(its -> its.bind(builder));
    builder.service(
        com.linecorp.armeria.server.grpc.GrpcService.builder()
            .addService(new GrpcService(repository, ready, VERSION, options.admin()))
            .supportedSerializationFormats(GrpcSerializationFormats.PROTO)
            .maxRequestMessageLength((int) options.maxRequestBytes())
            .exceptionHandler((ctx, status, cause, metadata) -> GrpcRefusals.status(status, cause))
            .build());
    builder.routeDecorator().pathPrefix("/v2").build(DecodingService.newDecorator());
    builder.routeDecorator().pathPrefix("/v2").build(EncodingService.newDecorator());
    new ServerMetrics(repository).bind(builder);
    new OpenApi(tokens.isPresent()).bind(builder);
    ReportTickets tickets = new ReportTickets();
    new ConsoleService(repository, ready, VERSION, jobs.isPresent(), tickets).bind(builder);
    builder.decorator(new Gate(tokens, tickets, () -> stopping));
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

  /** Without requests for so long, the server is taken for idle. */
  private static Duration quiet(ServerOptions options) {
    Duration usual = Duration.ofMillis(100);
    return options.drainTimeout().compareTo(usual) < 0 ? options.drainTimeout() : usual;
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
   */
  @Override
  public void close() {
    stopping = true;
    // First, because clients that wait for a job would hold the server until its time to drain is
    // over.
    jobs.ifPresent(its -> its.stop(drainTimeout.dividedBy(2)));
    server.stop().join();
    repository.close();
    jobs.ifPresent(Jobs::close);
  }
}
