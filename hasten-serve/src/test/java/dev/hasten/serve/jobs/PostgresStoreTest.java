package dev.hasten.serve.jobs;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The same on PostgreSQL. */
class PostgresStoreTest extends JobStoreTest {
  private static @Nullable LocalPostgres postgres;

  @BeforeAll
  static void start() throws Exception {
    postgres = LocalPostgres.start();
  }

  @AfterAll
  static void stop() {
    LocalPostgres started = postgres;
    if (started != null) {
      started.close();
    }
  }

  @Override
  String storage(Path empty) {
    LocalPostgres started = postgres;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started.url();
  }
}
