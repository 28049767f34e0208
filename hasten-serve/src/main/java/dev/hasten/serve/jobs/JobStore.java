package dev.hasten.serve.jobs;

import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Jobs in the database: ordered, found, cancelled, removed. {@link JobLeases} has what happens to
 * them while they run. Thread-safe, also between processes.
 */
final class JobStore {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int MOST_AT_A_TIME = 500;
  private static final long CLEARED_BYTES = 16 << 20;

  private final Database database;
  private final InstantSource clock;
  private final JobsOptions options;

  JobStore(Database database, InstantSource clock, JobsOptions options) {
    this.database = database;
    this.clock = clock;
    this.options = options;
  }

  /** What a client asked for. */
  record Order(
      String model,
      String version,
      Job.Call call,
      Job.Format request,
      Optional<String> key,
      String hash,
      Optional<String> webhook) {}

  /** What became of an order. */
  sealed interface Submitted {
    /**
     * @param isNew false: an earlier order with the same key and the same request made it
     */
    record Accepted(Job job, boolean isNew) implements Submitted {}

    /** The key was used with another request. */
    record KeyTaken(String key) implements Submitted {}
  }

  /** Stores a request with its body; it may run from now on. */
  Submitted submit(Order order, byte[] body) {
    String id = newId();
    boolean made =
        database.transaction(session -> {
          if (insert(session, id, order, JobState.QUEUED, false) == 0) {
            return false;
          }
          session.update(
              "INSERT INTO job_part (job_id, part, request, failed) VALUES (?, 1, ?, 0)", id, body);
          return true;
        });
    return made
        ? new Submitted.Accepted(known(id), true)
        : existing(order.key().orElseThrow(), order.hash());
  }

  /** A bulk job whose lines are yet to come; its key is taken when all are there. */
  String beginBulk(Order order) {
    String id = newId();
    Order open =
        new Order(
            order.model(),
            order.version(),
            order.call(),
            order.request(),
            Optional.empty(),
            "",
            order.webhook());
    database.transaction(session -> insert(session, id, open, JobState.RECEIVING, true));
    return id;
  }

  /** All lines of a bulk job have arrived: it may run from now on. */
  Submitted endBulk(String id, long parts, long failed, Optional<String> key, String hash) {
    boolean ours =
        database.unlessDuplicate(session -> {
          if (key.isPresent() && !ids(session, key.get()).isEmpty()) {
            return false;
          }
          session.update(
              "UPDATE job SET state = 'queued', parts = ?, done = ?, failed = ?,"
                  + " idempotency_key = ?, request_hash = ?, not_before = ?, expires = NULL"
                  + " WHERE id = ? AND state = 'receiving'",
              parts,
              failed,
              failed,
              key.orElse(null),
              hash,
              clock.millis(),
              id);
          return true;
        });
    if (!ours) {
      remove(id);
      return existing(key.orElseThrow(), hash);
    }
    return new Submitted.Accepted(known(id), true);
  }

  private int insert(Database.Session session, String id, Order order, JobState state, boolean bulk)
      throws SQLException {
    long now = clock.millis();
    return session.update(
        "INSERT INTO job (id, model, version, call, bulk, request_type, request_json_length, state,"
            + " attempts, parts, done, failed, created, not_before, expires, idempotency_key,"
            + " request_hash, webhook, webhook_tries)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, 0, ?, ?, ?, ?, ?, ?, 0)"
            + " ON CONFLICT (idempotency_key) DO NOTHING",
        id,
        order.model(),
        order.version(),
        order.call().name().toLowerCase(Locale.ROOT),
        bulk ? 1 : 0,
        order.request().contentType(),
        JobRows.boxed(order.request().jsonLength()),
        state.text(),
        bulk ? 0L : 1L,
        now,
        now,
        // An upload that breaks off with its node is swept away.
        bulk ? (Long) (now + options.ttl().toMillis()) : null,
        order.key().orElse(null),
        order.hash(),
        order.webhook().orElse(null));
  }

  private static List<String> ids(Database.Session session, String key) throws SQLException {
    return session.query(
        row -> row.getString(1), "SELECT id FROM job WHERE idempotency_key = ?", key);
  }

  private Submitted existing(String key, String hash) {
    return database
        .once(session ->
            session.query(
                row ->
                    hash.equals(row.getString("request_hash"))
                        ? new Submitted.Accepted(JobRows.read(row), false)
                        : new Submitted.KeyTaken(key),
                "SELECT * FROM job WHERE idempotency_key = ?",
                key))
        .stream()
        .findFirst()
        // It was removed between the two looks: the client may try again.
        .orElseGet(() -> new Submitted.KeyTaken(key));
  }

  Optional<Job> find(String id) {
    return find(Set.of(id)).stream().findFirst();
  }

  private Job known(String id) {
    return find(id).orElseThrow(() -> new IllegalStateException("job " + id + " is gone"));
  }

  List<Job> find(Set<String> ids) {
    return ids.isEmpty()
        ? List.of()
        : database.once(session ->
            session.query(
                JobRows::read,
                "SELECT * FROM job WHERE id IN " + marks(ids.size()),
                ids.toArray()));
  }

  /**
   * The newest first.
   *
   * @param before ids below this; empty: from the newest on
   */
  List<Job> list(Optional<JobState> state, Optional<String> model, String before, int limit) {
    StringBuilder sql = new StringBuilder("SELECT * FROM job WHERE state <> 'receiving'");
    List<Object> values = new ArrayList<>();
    state.ifPresent(wanted -> {
      sql.append(" AND state = ?");
      values.add(wanted.text());
    });
    model.ifPresent(wanted -> {
      sql.append(" AND model = ?");
      values.add(wanted);
    });
    if (!before.isEmpty()) {
      sql.append(" AND id < ?");
      values.add(before);
    }
    sql.append(" ORDER BY id DESC LIMIT ?");
    values.add(limit);
    return database.once(session -> session.query(JobRows::read, sql.toString(), values.toArray()));
  }

  /**
   * How many jobs there are.
   *
   * @param oldestWaiting for how long the job has been due that waits longest
   */
  record Standing(Map<JobState, Long> counts, Duration oldestWaiting) {
    Standing {
      counts = Map.copyOf(counts);
    }

    static Standing none() {
      return new Standing(Map.of(), Duration.ZERO);
    }

    long count(JobState state) {
      return counts.getOrDefault(state, 0L);
    }
  }

  Standing standing() {
    record Row(JobState state, long count, long earliest) {}
    List<Row> rows =
        database.once(session ->
            session.query(
                row -> new Row(JobState.of(row.getString(1)), row.getLong(2), row.getLong(3)),
                // What an index has.
                "SELECT state, COUNT(*), MIN(not_before) FROM job GROUP BY state"));
    long since =
        rows.stream()
            .filter(row -> row.state() == JobState.QUEUED)
            .mapToLong(Row::earliest)
            .findFirst()
            .orElse(Long.MAX_VALUE);
    return new Standing(
        rows.stream().collect(Collectors.toMap(Row::state, Row::count)),
        Duration.ofMillis(Math.max(0, clock.millis() - Math.min(since, clock.millis()))));
  }

  /** Whether it was still to be ended. */
  boolean cancel(String id) {
    long now = clock.millis();
    return database.once(session ->
        session.update(
            "UPDATE job SET state = 'cancelled', ended = ?, expires = ?, owner = NULL,"
                + " lease_until = NULL, "
                + Hooks.DUE
                + " WHERE id = ? AND state IN ('queued', 'running')",
            now,
            now + options.ttl().toMillis(),
            now,
            id))
        == 1;
  }

  /** A parked or failed job begins anew; whether it was one. */
  boolean retry(String id) {
    return database.once(session ->
        session.update(
            "UPDATE job SET state = 'queued', attempts = 0, error = NULL, ended = NULL,"
                + " expires = NULL, not_before = ?, done = CASE WHEN bulk = 1 THEN done ELSE 0"
                + " END, failed = CASE WHEN bulk = 1 THEN failed ELSE 0 END,"
                + " webhook_tries = 0, webhook_outcome = NULL, webhook_next = NULL"
                + " WHERE id = ? AND state IN ('parked', 'failed')",
            clock.millis(),
            id))
        == 1;
  }

  /** Removes a job that has ended, or that never came to be; its parts go with the next sweeps. */
  void remove(String id) {
    database.transaction(session -> remove(session, List.of(id)));
  }

  private static int remove(Database.Session session, List<String> ids) throws SQLException {
    List<String> gone =
        session.query(
            row -> row.getString(1),
            "DELETE FROM job WHERE id IN %s AND state NOT IN ('queued', 'running') RETURNING id"
                .formatted(marks(ids.size())),
            ids.toArray());
    List<@Nullable Object[]> sets = new ArrayList<>();
    gone.forEach(id -> sets.add(new @Nullable Object[] {id}));
    session.batch("INSERT INTO job_removed (id) VALUES (?)", sets);
    return gone.size();
  }

  /**
   * Removes some of what is past its time, and some parts of what was removed: a large job in one
   * transaction would keep all others from writing, for longer than a lease lasts.
   *
   * @return whether there may be more
   */
  boolean sweep() {
    int removed =
        database.transaction(session -> {
          List<String> late =
              session.query(
                  row -> row.getString(1),
                  "SELECT id FROM job WHERE expires < ? ORDER BY expires LIMIT ?"
                      + database.skippingTaken(),
                  clock.millis(),
                  MOST_AT_A_TIME);
          return late.isEmpty() ? 0 : remove(session, late);
        });
    boolean more = database.transaction(this::clear);
    return more || removed == MOST_AT_A_TIME;
  }

  private boolean clear(Database.Session session) throws SQLException {
    List<String> gone =
        session.query(
            row -> row.getString(1),
            "SELECT id FROM job_removed ORDER BY id LIMIT ?" + database.skippingTaken(),
            MOST_AT_A_TIME);
    long room = CLEARED_BYTES;
    for (String id : gone) {
      room = JobParts.clear(session, id, room);
      if (room == 0) {
        return true;
      }
      session.update("DELETE FROM job_removed WHERE id = ?", id);
    }
    return gone.size() == MOST_AT_A_TIME;
  }

  static String marks(int count) {
    return "(" + String.join(", ", Collections.nCopies(count, "?")) + ")";
  }

  /** A UUID of version 7 (RFC 9562): milliseconds, then chance, so that ids sort by their time. */
  private String newId() {
    long random = RANDOM.nextLong();
    long high = clock.millis() << 16 | 0x7000 | random & 0xfff;
    long low = RANDOM.nextLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
    return new UUID(high, low).toString();
  }
}
