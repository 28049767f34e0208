package dev.hasten.serve.jobs;

import dev.hasten.runtime.BadInputException;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a server keeps and runs jobs.
 *
 * @param storage a folder for an embedded database, or a {@code jdbc:postgresql:} URL that several
 *     servers may share
 * @param ttl how long a job and its result are kept after its end
 * @param attempts at most, until a job is parked
 * @param lease how long a node that shows no sign of life keeps its jobs
 * @param inFlight most jobs, and most lines of a bulk job, in the batcher at once
 * @param maxBulkBytes largest body of a bulk job
 * @param webhookHosts {@code host} or {@code host:port} that may be told of a job's end; lower case
 * @param webhookSecret signs what they are told: base64, with or without {@code whsec_} before it
 */
public record JobsOptions(
    String storage,
    Duration ttl,
    int attempts,
    Duration lease,
    int inFlight,
    long maxBulkBytes,
    Set<String> webhookHosts,
    Optional<String> webhookSecret) {
  private static final int LEAST_SECRET_BYTES = 16;

  public JobsOptions {
    webhookHosts =
        webhookHosts.stream()
            .map(host -> host.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    if (storage.isBlank()) {
      throw new BadInputException("jobs: no place to keep them (expected: a folder or a JDBC URL)");
    }
    if (!ttl.isPositive()) {
      throw new BadInputException("ttl: " + ttl + " (expected: above 0)");
    }
    if (attempts < 1) {
      throw new BadInputException("attempts: " + attempts + " (expected: at least 1)");
    }
    if (lease.toMillis() < 100) {
      throw new BadInputException("lease: " + lease + " (expected: at least 100 ms)");
    }
    if (inFlight < 1) {
      throw new BadInputException("inFlight: " + inFlight + " (expected: at least 1)");
    }
    if (maxBulkBytes < 1) {
      throw new BadInputException("maxBulkBytes: " + maxBulkBytes + " (expected: at least 1)");
    }
    if (!webhookHosts.isEmpty() && webhookSecret.isEmpty()) {
      throw new BadInputException("webhookSecret: missing (webhooks are always signed)");
    }
    webhookSecret.ifPresent(JobsOptions::key);
  }

  /** Results kept for a day, three attempts, leases of 15 s, 64 in flight, no webhooks. */
  public static JobsOptions of(String storage) {
    return new JobsOptions(
        storage,
        Duration.ofDays(1),
        3,
        Duration.ofSeconds(15),
        64,
        16L << 30,
        Set.of(),
        Optional.empty());
  }

  public JobsOptions withTtl(Duration keep) {
    return new JobsOptions(
        storage, keep, attempts, lease, inFlight, maxBulkBytes, webhookHosts, webhookSecret);
  }

  public JobsOptions withAttempts(int most, Duration leaseOfEach) {
    return new JobsOptions(
        storage, ttl, most, leaseOfEach, inFlight, maxBulkBytes, webhookHosts, webhookSecret);
  }

  public JobsOptions withWebhooks(Set<String> hosts, String secret) {
    return new JobsOptions(
        storage, ttl, attempts, lease, inFlight, maxBulkBytes, hosts, Optional.of(secret));
  }

  /** The secret's bytes. The secret itself is in no message. */
  static byte[] key(String secret) {
    String text = secret.startsWith("whsec_") ? secret.substring("whsec_".length()) : secret;
    byte[] key;
    try {
      key = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new BadInputException("webhookSecret: not base64 (make one: openssl rand -base64 32)");
    }
    if (key.length < LEAST_SECRET_BYTES) {
      throw new BadInputException(
          "webhookSecret: %d bytes (expected: at least %d; make one: openssl rand -base64 32)"
              .formatted(key.length, LEAST_SECRET_BYTES));
    }
    return key;
  }

  /** Without what may hold a password. */
  @Override
  public String toString() {
    return "jobs in %s, kept %s, %d attempts, lease %s"
        .formatted(storage.startsWith("jdbc:") ? "a database" : storage, ttl, attempts, lease);
  }
}
