package dev.hasten.serve.jobs;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** Which webhooks are due, in the database: any node delivers any of them. */
final class Hooks {
  /** Part of each change that ends a job; takes the time of now. */
  static final String DUE = "webhook_next = CASE WHEN webhook IS NULL THEN NULL ELSE ? END";

  /** After so long without a word, another node tries. */
  private static final Duration LEASE = Duration.ofMinutes(1);

  private final Database database;
  private final InstantSource clock;

  Hooks(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Takes some that are due; each counts as tried. */
  List<Job> claim(int most) {
    long now = clock.millis();
    return database.transaction(session ->
        session.query(
            JobRows::read,
            "WITH due AS (SELECT id FROM job WHERE webhook_next <= ? ORDER BY webhook_next LIMIT ?"
                + database.skippingTaken()
                + ") UPDATE job SET webhook_next = ?, webhook_tries = webhook_tries + 1"
                + " WHERE id IN (SELECT id FROM due) RETURNING *",
            now,
            most,
            now + LEASE.toMillis()));
  }

  /** No further try. */
  void done(Job job, String outcome) {
    database.once(session ->
        session.update(
            "UPDATE job SET webhook_next = NULL, webhook_outcome = ?"
                + " WHERE id = ? AND webhook_tries = ?",
            outcome,
            job.id(),
            tries(job)));
  }

  void again(Job job, Duration delay) {
    database.once(session ->
        session.update(
            "UPDATE job SET webhook_next = ? WHERE id = ? AND webhook_tries = ?",
            clock.millis() + delay.toMillis(),
            job.id(),
            tries(job)));
  }

  static int tries(Job job) {
    Optional<Job.Hook> hook = job.webhook();
    return hook.isPresent() ? hook.get().tries() : 0;
  }
}
