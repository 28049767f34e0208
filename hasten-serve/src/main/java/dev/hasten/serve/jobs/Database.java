package dev.hasten.serve.jobs;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;

/** The database: SQLite in a folder, or PostgreSQL. Its tables are made and brought up to date. */
final class Database implements AutoCloseable {
  private static final String POSTGRES = "jdbc:postgresql:";

  /** Of PostgreSQL; in SQLite one writes at a time and sees what is there. */
  private static final String UNIQUE_VIOLATION = "23505";

  private final HikariDataSource pool;
  private final boolean shared;

  private Database(HikariDataSource pool, boolean shared) {
    this.pool = pool;
    this.shared = shared;
  }

  /**
   * @throws BadInputException if {@code storage} is neither
   * @throws EnvironmentException if it can't be reached or written
   */
  static Database open(String storage) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("hasten-jobs");
    config.setConnectionTimeout(10_000);
    boolean shared = storage.startsWith(POSTGRES);
    if (shared) {
      config.setJdbcUrl(storage);
      config.setMaximumPoolSize(8);
    } else if (storage.startsWith("jdbc:")) {
      throw new BadInputException(
          "jobs: %s…: another kind of database (expected: a folder, or a URL that begins with %s)"
              // Not the rest, where a password may stand.
              .formatted(storage.split("(?<=^jdbc:[a-z0-9]{1,20}:)", 2)[0], POSTGRES));
    } else {
      embedded(config, Path.of(storage));
    }
    HikariDataSource pool;
    try {
      pool = new HikariDataSource(config);
    } catch (RuntimeException e) {
      throw new EnvironmentException(
          "the jobs' database cannot be opened: %s (check that it runs, and its URL)"
              .formatted(reason(e)),
          e);
    }
    try {
      Flyway.configure(Database.class.getClassLoader())
          .dataSource(pool)
          .locations("classpath:dev/hasten/serve/jobs/migrations")
          .table("hasten_jobs_schema")
          // A database that has other tables is fine: ours are kept apart by that name.
          .baselineOnMigrate(true)
          .baselineVersion("0")
          .load()
          .migrate();
    } catch (FlywayException e) {
      pool.close();
      throw new EnvironmentException(
          "the jobs' tables cannot be made or brought up to date: " + reason(e), e);
    }
    return new Database(pool, shared);
  }

  private static void embedded(HikariConfig config, Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      throw new BadInputException(
          "jobs: %s: a file stands there (expected: a folder, or a URL that begins with %s)"
              .formatted(e.getFile(), POSTGRES),
          e);
    } catch (FileSystemException e) {
      throw new EnvironmentException(
          "jobs: %s: this folder cannot be made: %s (check its rights, or give another)"
              .formatted(folder, e.getReason() == null ? "permission denied" : e.getReason()),
          e);
    } catch (IOException e) {
      throw new EnvironmentException(
          "jobs: %s: this folder cannot be made: %s (give another)"
              .formatted(folder, e.getMessage()),
          e);
    }
    SQLiteConfig sqlite = new SQLiteConfig();
    sqlite.setJournalMode(SQLiteConfig.JournalMode.WAL);
    // What a client was told is kept must be on the disk, not only in the system's memory.
    sqlite.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
    sqlite.setBusyTimeout(30_000);
    // A transaction that reads before it writes would fail where another wrote in between.
    sqlite.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
    config.setJdbcUrl("jdbc:sqlite:" + folder.resolve("jobs.sqlite").toAbsolutePath());
    config.setDataSourceProperties(sqlite.toProperties());
    config.setMaximumPoolSize(4);
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
  }

  /** Appended to a choice of rows to be taken: those that another node is taking are passed by. */
  String skippingTaken() {
    return shared ? " FOR UPDATE SKIP LOCKED" : "";
  }

  /** What is done in a transaction. */
  interface Work<T> {
    T in(Session session) throws SQLException;
  }

  /** One row's value. */
  interface Row<T> {
    T of(ResultSet row) throws SQLException;
  }

  /**
   * Does all of it or nothing.
   *
   * @throws EnvironmentException if the database fails
   */
  <T> T transaction(Work<T> work) {
    try {
      return tried(work);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /**
   * Does all of it, if nothing of it is there already: another transaction may be ahead by a
   * moment.
   *
   * @return the work's own answer; false, and nothing is done, if a unique value is taken
   * @throws EnvironmentException if the database fails
   */
  boolean unlessDuplicate(Work<Boolean> work) {
    try {
      return tried(work);
    } catch (SQLException e) {
      if (UNIQUE_VIOLATION.equals(e.getSQLState())) {
        return false;
      }
      throw failure(e);
    }
  }

  private <T> T tried(Work<T> work) throws SQLException {
    try (Connection connection = pool.getConnection()) {
      connection.setAutoCommit(false);
      boolean whole = false;
      try {
        T result = work.in(new Session(connection));
        connection.commit();
        whole = true;
        return result;
      } finally {
        if (!whole) {
          connection.rollback();
        }
      }
    }
  }

  /** One statement, a transaction by itself. */
  <T> T once(Work<T> work) {
    try (Connection connection = pool.getConnection()) {
      return work.in(new Session(connection));
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private static EnvironmentException failure(SQLException e) {
    return new EnvironmentException("the jobs' database fails: " + reason(e), e);
  }

  @Override
  public void close() {
    pool.close();
  }

  /** A connection in use. */
  static final class Session {
    private final Connection connection;

    private Session(Connection connection) {
      this.connection = connection;
    }

    /** Rows changed. */
    int update(String sql, @Nullable Object... values) throws SQLException {
      try (PreparedStatement statement = prepare(sql, values)) {
        return statement.executeUpdate();
      }
    }

    <T> List<T> query(Row<T> row, String sql, @Nullable Object... values) throws SQLException {
      try (PreparedStatement statement = prepare(sql, values);
          ResultSet rows = statement.executeQuery()) {
        List<T> all = new ArrayList<>();
        while (rows.next()) {
          all.add(row.of(rows));
        }
        return all;
      }
    }

    /** The same statement with many sets of values. */
    void batch(String sql, List<@Nullable Object[]> sets) throws SQLException {
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        for (@Nullable Object[] values : sets) {
          set(statement, values);
          statement.addBatch();
        }
        statement.executeBatch();
      }
    }

    private PreparedStatement prepare(String sql, @Nullable Object[] values) throws SQLException {
      PreparedStatement statement = connection.prepareStatement(sql);
      try {
        set(statement, values);
        return statement;
      } catch (SQLException e) {
        statement.close();
        throw e;
      }
    }

    private static void set(PreparedStatement statement, @Nullable Object[] values)
        throws SQLException {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
    }
  }
}
