package dev.hasten.serve.jobs;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Jobs out of rows. */
final class JobRows {
  private JobRows() {}

  static Job read(ResultSet row) throws SQLException {
    @Nullable String resultType = row.getString("result_type");
    @Nullable String owner = row.getString("owner");
    @Nullable String webhook = row.getString("webhook");
    return new Job(
        row.getString("id"),
        row.getString("model"),
        row.getString("version"),
        Job.Call.valueOf(row.getString("call").toUpperCase(Locale.ROOT)),
        row.getInt("bulk") != 0,
        new Job.Format(row.getString("request_type"), integer(row, "request_json_length")),
        resultType == null
            ? Optional.empty()
            : Optional.of(new Job.Format(resultType, integer(row, "result_json_length"))),
        JobState.of(row.getString("state")),
        row.getInt("attempts"),
        new Job.Progress(row.getLong("parts"), row.getLong("done"), row.getLong("failed")),
        Instant.ofEpochMilli(row.getLong("created")),
        time(row, "started"),
        time(row, "ended"),
        time(row, "expires"),
        owner == null ? "" : owner,
        Optional.ofNullable(row.getString("error")),
        webhook == null
            ? Optional.empty()
            : Optional.of(
                new Job.Hook(
                    webhook,
                    row.getInt("webhook_tries"),
                    Optional.ofNullable(row.getString("webhook_outcome")))));
  }

  private static OptionalInt integer(ResultSet row, String column) throws SQLException {
    int value = row.getInt(column);
    return row.wasNull() ? OptionalInt.empty() : OptionalInt.of(value);
  }

  private static Optional<Instant> time(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochMilli(value));
  }

  static @Nullable Integer boxed(OptionalInt value) {
    return value.isPresent() ? (Integer) value.getAsInt() : null;
  }
}
