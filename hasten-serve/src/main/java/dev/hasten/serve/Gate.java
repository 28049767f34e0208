package dev.hasten.serve;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.serve.console.ConsoleService;
import dev.hasten.serve.console.ReportTickets;
import dev.hasten.serve.jobs.Jobs;
import dev.hasten.serve.protocol.CallFacts;
import dev.hasten.serve.protocol.Failures;
import dev.hasten.serve.protocol.GrpcRefusals;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.protocol.ProtocolException.Kind;
import dev.hasten.serve.protocol.RestErrors;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Lets requests of REST and gRPC in, or not: by token, and while the server is not stopping. */
final class Gate implements DecoratingHttpServiceFunction {
  static final String GRPC = "/inference.GRPCInferenceService/";
  private static final String BEARER = "bearer ";

  /** What an orchestrator asks, which has no token, and what tells others that there are tokens. */
  private static final Set<String> OPEN =
      Set.of(
          "/v2/health/live",
          "/v2/health/ready",
          OpenApi.PATH,
          GRPC + "ServerLive",
          GRPC + "ServerReady");

  private final Optional<AccessTokens> tokens;
  private final ReportTickets tickets;
  private final BooleanSupplier stopping;

  Gate(Optional<AccessTokens> tokens, ReportTickets tickets, BooleanSupplier stopping) {
    this.tokens = tokens;
    this.tickets = tickets;
    this.stopping = stopping;
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req) {
    boolean grpc = GrpcRefusals.asks(req);
    HttpResponse refusal;
    try {
      admit(ctx, req);
      if (grpc && ctx.config().route().isFallback()) {
        throw ProtocolException.of(Kind.UNSUPPORTED, "no such method: " + ctx.path());
      }
      HttpResponse response = delegate.serve(ctx, req);
      if (!ctx.config().route().isFallback()) {
        return response;
      }
      refusal = response;
    } catch (Exception e) {
      if (grpc) {
        return GrpcRefusals.of(
            e instanceof IllegalArgumentException
                // Of its headers: the message has not been looked at.
                ? ProtocolException.invalid("a header of the call is malformed: " + e.getMessage())
                : Failures.refusal(e));
      }
      // Thrown on, it would end the request, whose body may still be coming.
      refusal = HttpResponse.ofFailure(e);
    }
    return RestErrors.afterBody(ctx, refusal);
  }

  private void admit(ServiceRequestContext ctx, HttpRequest req) {
    // The route that was found, not the path: however that is written, it means the same.
    String route = ctx.config().route().patternString();
    if (OPEN.contains(route) || ConsoleService.OPEN.contains(route)) {
      return;
    }
    if (stopping.getAsBoolean() && !route.equals("/metrics")) {
      throw ProtocolException.of(Kind.UNAVAILABLE, "the server is stopping");
    }
    if (tokens.isPresent() && !tickets.admits(ctx)) {
      AccessTokens.Token token =
          check(tokens.get(), ctx.config(), req.headers().get(HttpHeaderNames.AUTHORIZATION));
      CallFacts.of(ctx).setToken(token.name());
    }
  }

  private static AccessTokens.Token check(
      AccessTokens tokens, ServiceConfig config, @Nullable String header) {
    if (header == null || !header.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
      throw ProtocolException.of(
          Kind.UNAUTHENTICATED, "no token (expected: the header 'Authorization: Bearer …')");
    }
    AccessTokens.Token token =
        tokens
            .find(header.substring(BEARER.length()).strip())
            .orElseThrow(
                () -> ProtocolException.of(Kind.UNAUTHENTICATED, "the token is not known"));
    AccessTokens.Scope needed = scope(config);
    // Numbers are for whoever has any token.
    if (!config.route().patternString().equals("/metrics") && !token.scopes().contains(needed)) {
      throw ProtocolException.of(
          Kind.FORBIDDEN,
          "the token of '%s' lacks the scope '%s'"
              .formatted(token.name(), needed.name().toLowerCase(Locale.ROOT)));
    }
    return token;
  }

  private static AccessTokens.Scope scope(ServiceConfig config) {
    String route = config.route().patternString();
    if (route.startsWith("/v2/repository/models/") || route.startsWith(GRPC + "RepositoryModel")) {
      return AccessTokens.Scope.ADMIN;
    }
    return route.startsWith("/v2/jobs") || Jobs.takes(config)
        ? AccessTokens.Scope.JOBS
        : AccessTokens.Scope.INFER;
  }
}
