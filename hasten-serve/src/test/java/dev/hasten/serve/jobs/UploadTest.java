package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.linecorp.armeria.server.Server;
import dev.hasten.serve.FakeRepository;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.protocol.RestErrors;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ServedModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an upload may hold, and for how long. */
class UploadTest {
  private static final int LONGEST = 6 << 20;
  private static final InstantSource CLOCK = InstantSource.system();

  @TempDir private Path folder;
  private JobsOptions options;
  private Database database;
  private JobStore store;
  private JobParts parts;

  @BeforeEach
  void open() {
    options = JobsOptions.of(folder.toString());
    database = Database.open(options.storage());
    store = new JobStore(database, CLOCK, options);
    parts = new JobParts(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private String begin() {
    return store.beginBulk(
        new JobStore.Order(
            "m", "", Job.Call.INFER, Job.Format.LINES, Optional.empty(), "", Optional.empty()));
  }

  private Upload.Received receive(String job, Semaphore places, String lines) throws Exception {
    Upload.Patience none =
        new Upload.Patience() {
          @Override
          public void begin() {}

          @Override
          public void end() {}
        };
    return new Upload(job, parts, LONGEST, places, Duration.ofMillis(50), none)
        .receive(
            new ByteArrayInputStream(lines.getBytes(StandardCharsets.US_ASCII)),
            MessageDigest.getInstance("SHA-256"));
  }

  @Test
  void aLargeLineNeedsAPlaceAndGivesItBack() throws Exception {
    Semaphore places = new Semaphore(1);
    String large = "x".repeat(Upload.BYTES_AT_ONCE + 1);
    String tooLong = "y".repeat(LONGEST + 1);
    String job = begin();
    assertThat(receive(job, places, "a\n\n" + large + "\nb\n" + tooLong + "\n" + large))
        .isEqualTo(new Upload.Received(5, 1));
    assertThat(places.availablePermits()).isEqualTo(1);
    assertThat(lengths(job)).containsExactly(1, large.length(), 1, 0, large.length());
    places.acquire();
    assertThatThrownBy(() -> receive(begin(), places, "a\n" + large))
        .isInstanceOfSatisfying(
            ProtocolException.class,
            e -> assertThat(e.kind()).isEqualTo(ProtocolException.Kind.TOO_MANY));
    assertThat(places.availablePermits()).as("not given back: it had none").isZero();
    String small = "z".repeat(Upload.BYTES_AT_ONCE) + "\n";
    assertThat(receive(begin(), places, small + small)).isEqualTo(new Upload.Received(2, 0));
  }

  private List<Integer> lengths(String job) {
    return database.once(session ->
        session.query(
            row -> row.getInt(1),
            "SELECT LENGTH(request) FROM job_part WHERE job_id = ? ORDER BY part",
            job));
  }

  @Test
  @Timeout(60)
  void whoSendsNothingIsGivenUpAndWhoIsSlowIsNot() throws Exception {
    ModelRepository anything = FakeRepository.leasing(model -> new NotRun());
    JobMetrics metrics = new JobMetrics(new SimpleMeterRegistry());
    JobWorker worker =
        new JobWorker(
            "n",
            new JobLeases(database, CLOCK, options, metrics),
            parts,
            anything,
            options,
            changed -> {});
    JobIntake intake =
        new JobIntake(
            store, parts, anything, options, LONGEST, worker, metrics, Duration.ofSeconds(1));
    var builder = Server.builder().errorHandler(new RestErrors());
    intake.bind(builder);
    try (Server server = builder.build()) {
      server.start().join();
      try (Socket stalls = send(server);
          Socket slow = send(server)) {
        for (int i = 0; i < 4; i++) {
          Thread.sleep(500);
          slow.getOutputStream().write("{}\n".getBytes(StandardCharsets.US_ASCII));
        }
        assertThat(firstLine(stalls)).startsWith("HTTP/1.1 504");
        assertThat(firstLine(slow)).startsWith("HTTP/1.1 202");
      }
      // Nothing is left of it.
      while (store.standing().count(JobState.RECEIVING) > 0) {
        Thread.sleep(10);
      }
    } finally {
      worker.stop(Duration.ZERO);
    }
  }

  private static Socket send(Server server) throws IOException {
    Socket socket = new Socket("127.0.0.1", server.activeLocalPort());
    socket
        .getOutputStream()
        .write(
            ("POST /v2/models/m/jobs?call=infer HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n"
                    + "{}\n")
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String firstLine(Socket socket) throws IOException {
    return new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
        .readLine();
  }

  /** Of a model that there is, and that does not run. */
  private static final class NotRun implements ModelRepository.Lease {
    @Override
    public ServedModel model() {
      throw ProtocolException.invalid("not run");
    }

    @Override
    public void close() {}
  }
}
