package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;
import dev.hasten.serve.InferenceServer;
import dev.hasten.serve.ServerOptions;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hasten serve}. */
@Command(
    name = ServeCommand.NAME,
    description =
        "Serves a bundle, or a folder of bundles, over the Open Inference Protocol v2: REST and gRPC"
            + " on one port.",
    mixinStandardHelpOptions = true,
    footer = {
      "%nExamples:",
      "  hasten serve bundle",
      "  hasten serve models --host 0.0.0.0 --port 9000 --admin --tokens tokens",
      "  hasten serve models --jobs jobs",
      "  hasten serve --config serve.yaml",
      "  curl -s localhost:8000/v2/models/NAME",
      "%nEvery option may also stand in the environment (HASTEN_PORT=9000) or in a YAML file named by",
      "--config or HASTEN_CONFIG (port: 9000, models: the folder). The command line comes first, then",
      "the environment, then the file.",
      "%nStop it with Ctrl-C or SIGTERM: requests in flight are answered first."
    })
final class ServeCommand implements Callable<Integer> {
  static final String NAME = "serve";

  /** What the folder is called where it is not given on the line. */
  static final String MODELS = "models";

  @Parameters(
      index = "0",
      paramLabel = "BUNDLE|REPOSITORY",
      description = "A bundle (folder or zip), or a folder of models.")
  private @Nullable Path models;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address to listen on (default: ${DEFAULT-VALUE}, this machine only).")
  private String host = "";

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8000",
      description = "Port of everything; 0: any that is free (default: ${DEFAULT-VALUE}).")
  private int port;

  /** Read before the line is: it says what the other options are. */
  @SuppressWarnings("unused")
  @Option(
      names = OptionSources.CONFIG,
      paramLabel = "FILE",
      description = "YAML file of options, such as port: 9000.")
  private @Nullable Path config;

  @Option(
      names = "--request-timeout",
      paramLabel = "TIME",
      defaultValue = "1m",
      description =
          "After which a request is given up, whatever it does (default: ${DEFAULT-VALUE}).")
  private String requestTimeout = "";

  @Option(
      names = "--drain",
      paramLabel = "TIME",
      defaultValue = "20s",
      description =
          "What requests in flight get when the server stops (default: ${DEFAULT-VALUE}).")
  private String drain = "";

  @Option(names = "--admin", description = "Clients may load and unload models.")
  private boolean admin;

  @Mixin private RepositoryFlags repository = new RepositoryFlags();

  @Mixin private JobsFlags jobs;

  @Mixin private ProtectionFlags protection = new ProtectionFlags();

  @Mixin private ObservationFlags observation = new ObservationFlags();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Path folder = models;
    if (folder == null || !Files.exists(folder)) {
      throw new BadInputException(
          folder + ": no such file (expected: a bundle, or a folder of bundles)");
    }
    PrintWriter err = spec.commandLine().getErr();
    protection.check(host, admin);
    ServerOptions options =
        jobs.on(
            ServerOptions.of(folder)
                .withAddress(host, port)
                .withTimeouts(
                    RepositoryFlags.time("--request-timeout", requestTimeout),
                    RepositoryFlags.time("--drain", drain))
                .withAdmin(admin)
                .withRepository(repository.options(err)));
    InferenceServer server = InferenceServer.listen(options, protection.read(), observation.read());
    EndSignal end = EndSignal.install();
    protection.warning(host).ifPresent(err::println);
    err.printf(
        "listening on %s://%s:%d (REST and gRPC)%n", protection.scheme(), host, server.port());
    Thread.ofVirtual().start(() -> sayWhenLoaded(server, end, err));
    try {
      return end.await();
    } finally {
      server.close();
    }
  }

  private static void sayWhenLoaded(InferenceServer server, EndSignal end, PrintWriter err) {
    try {
      server.awaitLoaded();
    } catch (RuntimeException e) {
      end.fail(e);
      return;
    }
    if (!end.isGiven()) {
      err.println(
          server.repository().ready()
              ? "ready"
              : "not ready: a model cannot be opened; the others answer");
    }
  }
}
