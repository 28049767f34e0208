package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;
import dev.hasten.serve.ServerOptions;
import dev.hasten.serve.jobs.JobsOptions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code hasten serve} is told of durable jobs. */
final class JobsFlags {
  private static final String SECRET = "HASTEN_WEBHOOK_SECRET";

  @Option(
      names = "--jobs",
      paramLabel = "FOLDER|JDBC-URL",
      description =
          "Keep asynchronous jobs, in a database in this folder or at jdbc:postgresql://HOST/NAME."
              + " Several servers may share a PostgreSQL.")
  private @Nullable String storage;

  @Option(
      names = "--jobs-ttl-hours",
      paramLabel = "N",
      defaultValue = "24",
      description =
          "How long jobs and results are kept after their end (default: ${DEFAULT-VALUE}).")
  private int ttlHours;

  @Option(
      names = "--jobs-attempts",
      paramLabel = "N",
      defaultValue = "3",
      description = "Attempts until a job is parked (default: ${DEFAULT-VALUE}).")
  private int attempts;

  @Option(
      names = "--webhook-hosts",
      paramLabel = "HOST[:PORT]",
      split = ",",
      description =
          "Hosts that may be told of a job's end; the secret that signs it is read from the"
              + " environment variable "
              + SECRET
              + ".")
  private List<String> webhookHosts = List.of();

  ServerOptions on(ServerOptions options) {
    String where = storage;
    if (where == null) {
      if (!webhookHosts.isEmpty()) {
        throw new BadInputException("--webhook-hosts: there are no jobs (give --jobs too)");
      }
      return options;
    }
    positive("--jobs-ttl-hours", ttlHours);
    positive("--jobs-attempts", attempts);
    JobsOptions jobs = JobsOptions.of(where);
    jobs = jobs.withTtl(Duration.ofHours(ttlHours)).withAttempts(attempts, jobs.lease());
    if (!webhookHosts.isEmpty()) {
      @Nullable String secret = System.getenv(SECRET);
      if (secret == null) {
        throw new BadInputException(
            SECRET + ": not set (make one: openssl rand -base64 32; webhooks are always signed)");
      }
      jobs = jobs.withWebhooks(Set.copyOf(webhookHosts), secret);
    }
    return options.withJobs(jobs);
  }

  private static void positive(String option, int value) {
    if (value < 1) {
      throw new BadInputException("%s: %d (expected: >= 1)".formatted(option, value));
    }
  }
}
