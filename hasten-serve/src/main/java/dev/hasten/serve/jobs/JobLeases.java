package dev.hasten.serve.jobs;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who runs which job, and for how long without a sign of life. Thread-safe, also between processes.
 *
 * <p>Whoever changes a job that it runs says which owner and attempt it is; the change does nothing
 * if the job is no longer that one's.
 */
final class JobLeases {
  private final Database database;
  private final InstantSource clock;
  private final JobsOptions options;
  private final JobMetrics metrics;

  JobLeases(Database database, InstantSource clock, JobsOptions options, JobMetrics metrics) {
    this.database = database;
    this.clock = clock;
    this.options = options;
    this.metrics = metrics;
  }

  /** How a job ended. A result comes with its format. */
  @SuppressWarnings("ArrayRecordComponent")
  record Ending(
      Job job,
      JobState state,
      byte @Nullable [] body,
      Optional<Job.Format> result,
      Optional<String> error) {}

  /**
   * Takes jobs that wait, and those whose owner's lease has run out.
   *
   * @param held what this owner runs now: not taken from itself, even if it could not renew the
   *     leases in time
   * @param most singles and bulk jobs together
   * @param mostBulk of them
   */
  List<Job> claim(String owner, Set<String> held, int most, int mostBulk) {
    long now = clock.millis();
    List<Job> parked = new ArrayList<>();
    List<Job> taken =
        database.transaction(session -> {
          parked.addAll(takeBack(session, owner, held, now));
          return session.query(
              JobRows::read,
              // Where many bulk jobs come first, singles are taken by the next claim, which has no
              // room for any of them.
              "WITH due AS (SELECT id, bulk, not_before FROM job WHERE state = 'queued'"
                  + " AND not_before <= ? AND bulk <= ? ORDER BY not_before LIMIT ?"
                  + database.skippingTaken()
                  + "), many AS (SELECT id FROM due WHERE bulk = 1 ORDER BY not_before LIMIT ?)"
                  + " UPDATE job SET state = 'running', owner = ?, lease_until = ?,"
                  + " attempts = attempts + 1, started = COALESCE(started, ?)"
                  + " WHERE id IN (SELECT id FROM due WHERE bulk = 0 UNION ALL SELECT id FROM many)"
                  + " RETURNING *",
              now,
              mostBulk > 0 ? 1 : 0,
              most,
              mostBulk,
              owner,
              now + options.lease().toMillis(),
              now);
        });
    parked.forEach(job -> metrics.ended(job, JobState.PARKED, clock.instant()));
    taken.forEach(metrics::began);
    return taken;
  }

  /**
   * What nodes that went away had waits again; but a job that takes its node down with it must not
   * take all the others.
   *
   * @return those that are given up
   */
  private List<Job> takeBack(Database.Session session, String owner, Set<String> held, long now)
      throws SQLException {
    String lost = " WHERE state = 'running' AND lease_until < ?";
    List<Object> values = new ArrayList<>(List.of(now));
    if (!held.isEmpty()) {
      lost += " AND NOT (owner = ? AND id IN " + JobStore.marks(held.size()) + ")";
      values.add(owner);
      values.addAll(held);
    }
    List<Object> parking =
        new ArrayList<>(
            List.of(now, now + options.ttl().toMillis(), String.valueOf(options.attempts()), now));
    parking.addAll(values);
    parking.add(options.attempts());
    List<Job> parked =
        session.query(
            JobRows::read,
            "UPDATE job SET state = 'parked', ended = ?, expires = ?, error = 'the node that ran it'"
                + " || ' went away without an answer, at attempt ' || CAST(attempts AS TEXT)"
                + " || ' of ' || CAST(? AS TEXT), owner = NULL, lease_until = NULL, "
                + Hooks.DUE
                + lost
                + " AND attempts >= ? RETURNING *",
            parking.toArray());
    session.update(
        "UPDATE job SET state = 'queued', owner = NULL, lease_until = NULL" + lost,
        values.toArray());
    return parked;
  }

  /**
   * Writes how jobs ended, all in one transaction: on disks that take long to be sure, that is what
   * costs.
   *
   * @return ids of those that were still their owner's; nothing was written of the others
   */
  Set<String> finish(List<Ending> endings) {
    long now = clock.millis();
    Set<String> written =
        database.transaction(session -> {
          Set<String> kept = new HashSet<>();
          for (Ending ending : endings) {
            if (finish(session, ending, now)) {
              kept.add(ending.job().id());
            }
          }
          return kept;
        });
    endings.stream()
        .filter(ending -> written.contains(ending.job().id()))
        .forEach(ending -> metrics.ended(ending.job(), ending.state(), Instant.ofEpochMilli(now)));
    return written;
  }

  private boolean finish(Database.Session session, Ending ending, long now) throws SQLException {
    Job job = ending.job();
    boolean single = !job.bulk();
    boolean failed = ending.state() != JobState.SUCCEEDED;
    int rows =
        session.update(
            "UPDATE job SET state = ?, ended = ?, expires = ?, error = ?, result_type = ?,"
                + " result_json_length = ?, done = done + ?, failed = failed + ?, owner = NULL,"
                + " lease_until = NULL, "
                + Hooks.DUE
                + " WHERE id = ? AND owner = ? AND attempts = ? AND state = 'running'",
            ending.state().text(),
            now,
            now + options.ttl().toMillis(),
            ending.error().orElse(null),
            ending.result().map(Job.Format::contentType).orElse(null),
            ending.result().map(Job.Format::jsonLength).map(JobRows::boxed).orElse(null),
            single ? 1L : 0L,
            single && failed ? 1L : 0L,
            now,
            job.id(),
            job.owner(),
            job.attempts());
    if (rows == 1 && ending.body() != null) {
      session.update(
          "UPDATE job_part SET result = ? WHERE job_id = ? AND part = 1", ending.body(), job.id());
    }
    return rows == 1;
  }

  /**
   * Back to those that wait.
   *
   * @param counted whether the attempt counts
   */
  void requeue(Job job, Duration delay, boolean counted, Optional<String> error) {
    database.once(session ->
        session.update(
            "UPDATE job SET state = 'queued', owner = NULL, lease_until = NULL, attempts = ?,"
                + " not_before = ?, error = ?"
                + " WHERE id = ? AND owner = ? AND attempts = ? AND state = 'running'",
            counted ? job.attempts() : job.attempts() - 1,
            clock.millis() + delay.toMillis(),
            error.orElse(null),
            job.id(),
            job.owner(),
            job.attempts()));
  }

  /** Renews the leases of those jobs that are still the owner's, and says which these are. */
  Set<String> heartbeat(String owner, Set<String> ids) {
    if (ids.isEmpty()) {
      return Set.of();
    }
    List<Object> values = new ArrayList<>(ids);
    values.addFirst(owner);
    values.addFirst(clock.millis() + options.lease().toMillis());
    return new HashSet<>(
        database.transaction(session ->
            session.query(
                row -> row.getString(1),
                "UPDATE job SET lease_until = ? WHERE owner = ? AND state = 'running' AND id IN "
                    + JobStore.marks(ids.size())
                    + " RETURNING id",
                values.toArray())));
  }

  /** Gives back what the owner has not ended; the attempts do not count. */
  int release(String owner) {
    return database.once(session ->
        session.update(
            "UPDATE job SET state = 'queued', owner = NULL, lease_until = NULL,"
                + " attempts = attempts - 1 WHERE owner = ? AND state = 'running'",
            owner));
  }
}
