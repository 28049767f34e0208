package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpRequestWriter;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the fuzzer found: requests that are malformed below what clients' libraries let one send.
 */
@Timeout(60)
class MalformedRequestsTest {
  private static final String INFER = "/v2/models/adder/infer";

  @TempDir private static Path folder;
  private static InferenceServer server;

  @BeforeAll
  static void start() {
    TinyModels.add(folder.resolve("adder/1"), 1);
    server =
        InferenceServer.start(
            ServerOptions.of(folder)
                .withAddress("127.0.0.1", 0)
                .withMaxRequestBytes(100_000)
                .withTimeouts(Duration.ofSeconds(1), Duration.ZERO));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** The answer's bytes as text; the connection is left open for more of the request. */
  private static String send(String head, byte[] body) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.getOutputStream().write((head + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(body);
      InputStream in = socket.getInputStream();
      ByteArrayOutputStream said = new ByteArrayOutputStream();
      int next;
      // As far as the end of the error's JSON.
      while ((next = in.read()) >= 0) {
        said.write(next);
        if (next == '}') {
          break;
        }
      }
      return said.toString(StandardCharsets.UTF_8);
    }
  }

  private static String post(String more, byte[] body) throws IOException {
    return send(
        "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s"
            .formatted(INFER, body.length, more),
        body);
  }

  @Test
  void listsInHeadersThatAreMalformed() throws Exception {
    for (String header :
        new String[] {"Connection: ;;,,=\"\\", "Upgrade: for=\"[::1", "TE: a=\"b"}) {
      assertThat(post(header, new byte[0])).as(header).startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void compressedBodiesThatAreDamaged() throws Exception {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(new byte[100]);
    }
    byte[] damaged = zipped.toByteArray();
    damaged[damaged.length - 6] ^= 1;
    for (String encoding : new String[] {"gzip", "deflate"}) {
      assertThat(post("Content-Encoding: " + encoding, damaged))
          .as(encoding)
          .startsWith("HTTP/1.1 400 ")
          .contains("cannot be decompressed");
    }
  }

  @Test
  void jsonThatLooksLikeUtf32() throws Exception {
    for (byte[] body :
        new byte[][] {{0, 0, 0x40, 0, 1, 2, 3, 4}, {0, 0, 0, '{', 'a', 'b', 'c', 'd'}}) {
      assertThat(post("A: b", body)).startsWith("HTTP/1.1 400 ").contains("not valid JSON");
    }
  }

  @Test
  void aBodyThatDoesNotComeInTime() throws Exception {
    assertThat(send("POST " + INFER + " HTTP/1.1\r\nHost: x\r\nContent-Length: 9", new byte[1]))
        .startsWith("HTTP/1.1 504 ")
        .contains("the request took too long");
  }

  private static AggregatedHttpResponse grpc(byte[] body, String... headers) {
    RequestHeadersBuilder builder =
        RequestHeaders.builder(HttpMethod.POST, "/inference.GRPCInferenceService/ModelInfer")
            .set("content-type", "application/grpc")
            .set("te", "trailers");
    for (int i = 0; i < headers.length; i += 2) {
      builder.set(headers[i], headers[i + 1]);
    }
    return WebClient.of("h2c://127.0.0.1:" + server.port())
        .execute(builder.build(), HttpData.wrap(body))
        .aggregate()
        .join();
  }

  private static String status(AggregatedHttpResponse response) {
    return response.headers().get("grpc-status", response.trailers().get("grpc-status", "none"));
  }

  @Test
  void messagesOfGrpcThatAreShorterThanTheySay() {
    byte[] body = {0, 0, 0, 0, 9, 1, 2};
    for (int length = 0; length <= body.length; length++) {
      assertThat(status(grpc(Arrays.copyOf(body, length)))).as(length + " bytes").isIn("3", "13");
    }
    assertThat(status(grpc(body))).isEqualTo("3");
  }

  @Test
  void binaryMetadataThatIsNotBase64() {
    assertThat(status(grpc(new byte[5], "x-bin", "!!!"))).isEqualTo("3");
  }

  /** The status of a call whose client sends half a message, and then nothing. */
  private static String statusOfHalf(String... header) {
    RequestHeadersBuilder headers =
        RequestHeaders.builder(HttpMethod.POST, "/inference.GRPCInferenceService/ModelInfer")
            .set("content-type", "application/grpc")
            .set("te", "trailers");
    if (header.length > 0) {
      headers.set(header[0], header[1]);
    }
    HttpRequestWriter request = HttpRequest.streaming(headers.build());
    request.write(HttpData.wrap(new byte[] {0, 0, 0, 0, 9, 1, 2}));
    return status(
        WebClient.builder("h2c://127.0.0.1:" + server.port())
            .responseTimeout(Duration.ofSeconds(30))
            .build()
            .execute(request)
            .aggregate()
            .join());
  }

  @Test
  void aMessageOfGrpcThatDoesNotComeInTime() {
    assertThat(statusOfHalf()).isEqualTo("4");
    assertThat(statusOfHalf("grpc-timeout", "9H")).isEqualTo("4");
    assertThat(statusOfHalf("grpc-timeout", "50m")).isEqualTo("4");
  }
}
