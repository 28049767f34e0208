package dev.hasten.serve;

import dev.hasten.runtime.BadInputException;
import dev.hasten.serve.jobs.JobsOptions;
import dev.hasten.serve.repository.RepositoryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a server runs.
 *
 * @param models a bundle, or a folder of them
 * @param host address to listen on
 * @param port 0: any that is free
 * @param maxRequestBytes largest body, after decompression
 * @param requestTimeout after which a request is given up, whatever it does
 * @param drainTimeout time that requests in flight get when the server stops
 * @param admin whether models may be loaded and unloaded from outside
 * @param jobs how jobs are kept; absent: there are none
 * @param repository which versions of the models are served, and how they are kept up to date
 */
public record ServerOptions(
    Path models,
    String host,
    int port,
    long maxRequestBytes,
    Duration requestTimeout,
    Duration drainTimeout,
    boolean admin,
    Optional<JobsOptions> jobs,
    RepositoryOptions repository) {
  public ServerOptions {
    if (port < 0 || port > 65_535) {
      throw new BadInputException("port: " + port + " (expected: 0 to 65535)");
    }
    if (maxRequestBytes < 1 || maxRequestBytes > Integer.MAX_VALUE) {
      throw new BadInputException(
          "maxRequestBytes: " + maxRequestBytes + " (expected: 1 to " + Integer.MAX_VALUE + ")");
    }
    if (!requestTimeout.isPositive()) {
      throw new BadInputException("requestTimeout: " + requestTimeout + " (expected: above 0)");
    }
    if (drainTimeout.isNegative()) {
      throw new BadInputException("drainTimeout: " + drainTimeout + " (expected: at least 0)");
    }
  }

  /** On this machine only, port 8000, bodies of 64 MiB, a minute per request, 20 s to drain. */
  public static ServerOptions of(Path models) {
    return new ServerOptions(
        models,
        "127.0.0.1",
        8000,
        64L << 20,
        Duration.ofMinutes(1),
        Duration.ofSeconds(20),
        false,
        Optional.empty(),
        RepositoryOptions.defaults());
  }

  public ServerOptions withAddress(String hostName, int portNumber) {
    return new ServerOptions(
        models,
        hostName,
        portNumber,
        maxRequestBytes,
        requestTimeout,
        drainTimeout,
        admin,
        jobs,
        repository);
  }

  public ServerOptions withMaxRequestBytes(long bytes) {
    return new ServerOptions(
        models, host, port, bytes, requestTimeout, drainTimeout, admin, jobs, repository);
  }

  public ServerOptions withTimeouts(Duration request, Duration drain) {
    return new ServerOptions(
        models, host, port, maxRequestBytes, request, drain, admin, jobs, repository);
  }

  public ServerOptions withAdmin(boolean on) {
    return new ServerOptions(
        models, host, port, maxRequestBytes, requestTimeout, drainTimeout, on, jobs, repository);
  }

  public ServerOptions withJobs(JobsOptions how) {
    return new ServerOptions(
        models,
        host,
        port,
        maxRequestBytes,
        requestTimeout,
        drainTimeout,
        admin,
        Optional.of(how),
        repository);
  }

  public ServerOptions withRepository(RepositoryOptions how) {
    return new ServerOptions(
        models, host, port, maxRequestBytes, requestTimeout, drainTimeout, admin, jobs, how);
  }
}
