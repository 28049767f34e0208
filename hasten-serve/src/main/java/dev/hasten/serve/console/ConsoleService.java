package dev.hasten.serve.console;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.file.FileService;
import com.linecorp.armeria.server.file.HttpFile;
import dev.hasten.serve.repository.ModelRepository;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * A page for people at {@code /}, and what it asks for once a second, {@code /v2/console}: polled,
 * since a browser's event streams can carry no token.
 */
public final class ConsoleService {
  /** Routes that give nothing away but the page itself, which then asks for a token. */
  public static final Set<String> OPEN = Set.of("/", "/console/*", "/console/uplot/*");

  private static final String PAGE = "dev/hasten/serve/console/page/";
  private static final String UPLOT = "META-INF/resources/webjars/uplot/1.6.30/dist/";

  /**
   * Only the server's own files run, and nobody frames the page. Pictures and sounds that are tried
   * are shown from memory.
   */
  private static final HttpHeaders SAFE =
      HttpHeaders.builder()
          .add(
              "content-security-policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
                  + " media-src blob:; connect-src 'self'; form-action 'none'; base-uri 'none';"
                  + " frame-ancestors 'none'")
          .add("x-frame-options", "DENY")
          .add("x-content-type-options", "nosniff")
          .add("referrer-policy", "no-referrer")
          .add("cache-control", "no-cache")
          .build();

  private final ConsoleState state;
  private final ReportService reports;

  /**
   * @param ready whether the server as a whole takes requests
   * @param version of Hasten
   * @param jobs whether there are jobs
   */
  public ConsoleService(
      ModelRepository repository,
      BooleanSupplier ready,
      String version,
      boolean jobs,
      ReportTickets tickets) {
    this.state = new ConsoleState(repository, ready, version, jobs, tickets);
    this.reports = new ReportService(repository);
  }

  /** Adds its routes. */
  public void bind(ServerBuilder server) {
    ClassLoader loader = ConsoleService.class.getClassLoader();
    server.service(
        "/",
        HttpFile.builder(loader, PAGE + "index.html")
            .addHeaders(SAFE)
            .contentType(MediaType.HTML_UTF_8)
            .build()
            .asService());
    server.serviceUnder("/console", FileService.builder(loader, PAGE).addHeaders(SAFE).build());
    server.serviceUnder(
        "/console/uplot", FileService.builder(loader, UPLOT).addHeaders(SAFE).build());
    server
        .route()
        .get("/v2/console")
        .build((ctx, req) ->
            HttpResponse.of(
                ResponseHeaders.builder(HttpStatus.OK)
                    .contentType(MediaType.JSON)
                    .set("cache-control", "no-store")
                    .build(),
                HttpData.ofUtf8(state.json())));
    reports.bind(server);
  }
}
