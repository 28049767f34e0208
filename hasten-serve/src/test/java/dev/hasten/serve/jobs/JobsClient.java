package dev.hasten.serve.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Jobs through the JDK's HTTP client. */
final class JobsClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  final HttpClient http = HttpClient.newHttpClient();
  private final int port;

  JobsClient(int port) {
    this.port = port;
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  HttpResponse<String> get(String path) throws IOException {
    return send(request(path));
  }

  /** The adder's request. */
  static String four(int value) {
    return "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[%d,2,3,4]}]}"
        .formatted(value);
  }

  HttpRequest.Builder later(String path, String body) {
    return request(path)
        .header("Prefer", "respond-async, wait=10")
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  /** The job's id. */
  static String accepted(HttpResponse<String> response) throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return JSON.readTree(response.body()).get("id").asText();
  }

  JsonNode job(String id, String wait) throws IOException {
    HttpResponse<String> response = get("/v2/jobs/" + id + "?wait=" + wait);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  /** First element of the result's first tensor. */
  static double first(String result) throws IOException {
    return JSON.readTree(result).get("outputs").get(0).get("data").get(0).asDouble();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
