package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.serve.InferenceServer;
import dev.hasten.serve.ServerOptions;
import dev.hasten.serve.TinyModels;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that begin to send a bulk job and then take their time. */
class SlowUploadsTest {
  private static final String BULK = "/v2/models/adder/jobs";
  private static final int MOST = 100;

  @TempDir private Path folder;

  @Test
  @Timeout(60)
  void doNotKeepOthersFromBeingAnswered() throws Exception {
    TinyModels.add(folder.resolve("models/adder/1"), 1);
    ServerOptions options =
        ServerOptions.of(folder.resolve("models"))
            .withAddress("127.0.0.1", 0)
            .withJobs(JobsOptions.of(folder.resolve("jobs").toString()));
    List<Socket> slow = new ArrayList<>();
    try (InferenceServer server = InferenceServer.start(options);
        JobsClient client = new JobsClient(server.port())) {
      for (int i = 0; i <= MOST; i++) {
        slow.add(begin(server.port()));
      }
      // One too many, whichever it is: it is refused though its body is not there.
      Socket refused = answered(slow);
      assertThat(firstLine(refused)).startsWith("HTTP/1.1 429");
      assertThat(client.get("/v2/jobs").statusCode()).isEqualTo(200);
      slow.remove(refused);
      refused.close();
      Socket ends = slow.removeFirst();
      ends.getOutputStream().write("}\n".getBytes(StandardCharsets.UTF_8));
      assertThat(firstLine(ends)).startsWith("HTTP/1.1 202");
      ends.close();
      // Its place is free again.
      assertThat(
              client.send(client.request(BULK).POST(BodyPublishers.ofString("{}\n"))).statusCode())
          .isEqualTo(202);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private static Socket begin(int port) throws IOException {
    Socket socket = new Socket("127.0.0.1", port);
    socket
        .getOutputStream()
        .write(
            "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{"
                .formatted(BULK)
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static Socket answered(List<Socket> sockets) throws IOException, InterruptedException {
    while (true) {
      for (Socket socket : sockets) {
        if (socket.getInputStream().available() > 0) {
          return socket;
        }
      }
      Thread.sleep(10);
    }
  }

  private static String firstLine(Socket socket) throws IOException {
    return new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
        .readLine();
  }
}
