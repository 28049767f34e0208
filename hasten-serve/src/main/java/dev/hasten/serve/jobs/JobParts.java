package dev.hasten.serve.jobs;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The requests and results of jobs; those of bulk jobs are read and written some at a time. */
final class JobParts {
  /** So much is read at once, unless one part alone is larger. */
  private static final long PAGE_BYTES = 4 << 20;

  /** What it costs to remove a part, in bytes of it that could be removed meanwhile. */
  private static final long PART_COST = 32 << 10;

  private final Database database;

  JobParts(Database database) {
    this.database = database;
  }

  /**
   * A request, a result or both.
   *
   * @param number of the line, from 1
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Part(long number, byte[] request, byte @Nullable [] result, boolean failed) {}

  /** Adds lines of a job that is being received. */
  void add(String job, List<Part> parts) {
    List<@Nullable Object[]> sets = new ArrayList<>();
    for (Part part : parts) {
      sets.add(
          new @Nullable Object[] {
            job, part.number(), part.request(), part.result(), part.failed() ? 1 : 0
          });
    }
    database.transaction(session -> {
      session.batch(
          "INSERT INTO job_part (job_id, part, request, result, failed) VALUES (?, ?, ?, ?, ?)",
          sets);
      return true;
    });
  }

  /** The request of a job that is not bulk. */
  byte[] request(String job) {
    return one("SELECT request FROM job_part WHERE job_id = ? AND part = 1", job)
        .orElseThrow(() -> new IllegalStateException("job " + job + " has no request"));
  }

  /** The result of a job that is not bulk. */
  Optional<byte[]> result(String job) {
    return one(
        "SELECT result FROM job_part WHERE job_id = ? AND part = 1 AND result IS NOT NULL", job);
  }

  private Optional<byte[]> one(String sql, String job) {
    return database.once(session -> session.query(row -> row.getBytes(1), sql, job)).stream()
        .findFirst();
  }

  /** The next lines that have no result, in order. */
  List<Part> open(String job, long after, int most) {
    return page("request", "result IS NULL", job, after, most);
  }

  /** The next lines that have a result, in order; in the place of requests. */
  List<Part> results(String job, long after, int most) {
    return page("result", "result IS NOT NULL", job, after, most);
  }

  private List<Part> page(String column, String filter, String job, long after, int most) {
    record Size(long number, long bytes) {}
    return database.transaction(session -> {
      List<Size> sizes =
          session.query(
              row -> new Size(row.getLong(1), row.getLong(2)),
              "SELECT part, LENGTH(%s) FROM job_part WHERE job_id = ? AND part > ? AND %s ORDER BY part LIMIT ?"
                  .formatted(column, filter),
              job,
              after,
              most);
      if (sizes.isEmpty()) {
        return List.<Part>of();
      }
      long bytes = 0;
      int end = 0;
      while (end < sizes.size() && (end == 0 || bytes + sizes.get(end).bytes() <= PAGE_BYTES)) {
        bytes += sizes.get(end++).bytes();
      }
      return session.query(
          row -> new Part(row.getLong(1), row.getBytes(2), null, row.getInt(3) != 0),
          "SELECT part, %s, failed FROM job_part WHERE job_id = ? AND part > ? AND part <= ? AND %s ORDER BY part"
              .formatted(column, filter),
          job,
          after,
          sizes.get(end - 1).number());
    });
  }

  /**
   * Removes parts of a job.
   *
   * @param room so many bytes at most, but at least one part
   * @return what is left of the room; 0: there may be more parts
   */
  static long clear(Database.Session session, String job, long room) throws SQLException {
    record Size(long number, long bytes) {}
    List<Size> sizes =
        session.query(
            row -> new Size(row.getLong(1), row.getLong(2)),
            "SELECT part, LENGTH(request) + COALESCE(LENGTH(result), 0) FROM job_part"
                + " WHERE job_id = ? ORDER BY part LIMIT ?",
            job,
            room / PART_COST + 1);
    long left = room;
    int end = 0;
    while (end < sizes.size() && left > 0) {
      left -= sizes.get(end++).bytes() + PART_COST;
    }
    if (end > 0) {
      session.update(
          "DELETE FROM job_part WHERE job_id = ? AND part <= ?", job, sizes.get(end - 1).number());
    }
    return Math.max(0, left);
  }

  /**
   * Writes results of lines.
   *
   * @return false, and nothing is written, if the job is no longer that owner's
   */
  boolean write(Job job, List<Part> parts) {
    long failed = parts.stream().filter(Part::failed).count();
    List<@Nullable Object[]> sets = new ArrayList<>();
    for (Part part : parts) {
      sets.add(
          new @Nullable Object[] {part.result(), part.failed() ? 1 : 0, job.id(), part.number()});
    }
    return database.transaction(session -> {
      int owned =
          session.update(
              "UPDATE job SET done = done + ?, failed = failed + ?"
                  + " WHERE id = ? AND owner = ? AND attempts = ? AND state = 'running'",
              (long) parts.size(),
              failed,
              job.id(),
              job.owner(),
              job.attempts());
      if (owned == 0) {
        return false;
      }
      session.batch(
          "UPDATE job_part SET result = ?, failed = ? WHERE job_id = ? AND part = ?", sets);
      return true;
    });
  }
}
