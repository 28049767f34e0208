package dev.hasten.serve.console;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.repository.ModelRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The study's report that a bundle came with: {@code /v2/models/{model}/report}. It is a file of
 * others, so it runs in a sandbox: an origin of its own, no network.
 */
final class ReportService {
  private static final long MOST_BYTES = 64L << 20;
  private static final String SANDBOX =
      "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline';"
          + " style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  private final ModelRepository repository;

  ReportService(ModelRepository repository) {
    this.repository = repository;
  }

  void bind(ServerBuilder server) {
    server.route().get("/v2/models/{model}/report").build((ctx, req) -> report(ctx));
    server
        .route()
        .get("/v2/models/{model}/versions/{version}/report")
        .build((ctx, req) -> report(ctx));
  }

  private HttpResponse report(ServiceRequestContext ctx) {
    String model = String.valueOf(ctx.pathParam("model"));
    @Nullable String version = ctx.pathParam("version");
    Optional<Path> report;
    try (ModelRepository.Lease lease = repository.lease(model, version == null ? "" : version)) {
      report = lease.model().report();
    }
    Path file =
        report.orElseThrow(
            () -> ProtocolException.notFound("model '%s' came without a report".formatted(model)));
    return HttpResponse.of(
        CompletableFuture.supplyAsync(() -> page(model, file), ctx.blockingTaskExecutor()));
  }

  private static HttpResponse page(String model, Path file) {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.HTML_UTF_8)
            .set("content-security-policy", SANDBOX)
            .set("x-frame-options", "DENY")
            .set("x-content-type-options", "nosniff")
            .set("referrer-policy", "no-referrer")
            .set("cache-control", "no-store")
            .build(),
        HttpData.wrap(read(model, file)));
  }

  /** A link may not lead out of the bundle. */
  private static byte[] read(String model, Path file) {
    try {
      Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent()).toRealPath();
      if (file.toRealPath().startsWith(folder) && Files.size(file) <= MOST_BYTES) {
        return Files.readAllBytes(file);
      }
    } catch (IOException e) {
      // It was there when the model was opened; told below, without the server's paths.
    }
    throw ProtocolException.notFound(
        "the report of model '%s' cannot be read (expected: a file in its folder, at most %d MiB)"
            .formatted(model, MOST_BYTES >> 20));
  }
}
