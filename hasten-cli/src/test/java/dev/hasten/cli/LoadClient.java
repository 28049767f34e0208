package dev.hasten.cli;

import com.google.protobuf.ByteString;
import dev.hasten.serve.wire.GRPCInferenceServiceGrpc;
import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sends one request after the other to a model that adds a number, and takes down what became of
 * each: answered, refused in so many words (or by a closed port), or failed.
 */
final class LoadClient implements AutoCloseable {
  /** One request; the number that the model added. */
  interface Call {
    double send(int x) throws Exception;
  }

  /** The server said that it takes nothing now, or nobody listens. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  /** When, and what was said. */
  record Refusal(long nanos, String message) {}

  private static final Pattern FIRST = Pattern.compile("\"data\":\\[(-?[0-9.eE]+)");

  private final String name;
  private final Call call;
  private final Runnable release;
  private final Thread thread = new Thread(this::run, "load");
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final List<Refusal> refusals = new CopyOnWriteArrayList<>();
  private volatile boolean stopping;
  private volatile double newest;
  private volatile long longest;

  private LoadClient(String name, Call call, Runnable release) {
    this.name = name;
    this.call = call;
    this.release = release;
  }

  static LoadClient rest(String name, int port, boolean http2) {
    HttpClient http =
        HttpClient.newBuilder()
            .version(http2 ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
            .build();
    URI uri = URI.create("http://127.0.0.1:" + port + "/v2/models/adder/infer");
    return new LoadClient(name, x -> rest(http, uri, x), http::shutdownNow);
  }

  private static double rest(HttpClient http, URI uri, int x) throws Exception {
    String body =
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[%d,2,3,4]}]}"
            .formatted(x);
    HttpResponse<String> response;
    try {
      response =
          http.send(
              HttpRequest.newBuilder(uri)
                  .timeout(Duration.ofSeconds(30))
                  .POST(HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
    } catch (ConnectException e) {
      throw new Refused("no connection");
    }
    if (response.statusCode() == 503) {
      throw new Refused(response.body());
    }
    Matcher first = FIRST.matcher(response.body());
    if (response.statusCode() != 200 || !first.find()) {
      throw new IOException(response.statusCode() + " " + response.body());
    }
    return Double.parseDouble(first.group(1)) - x;
  }

  static LoadClient grpc(String name, int port) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub =
        GRPCInferenceServiceGrpc.newBlockingStub(channel);
    return new LoadClient(name, x -> grpc(channel, stub, x), channel::shutdownNow);
  }

  private static double grpc(
      ManagedChannel channel, GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub, int x)
      throws Exception {
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(x).putFloat(2).putFloat(3).putFloat(4).flip();
    ModelInferRequest request =
        ModelInferRequest.newBuilder()
            .setModelName("adder")
            .addInputs(
                ModelInferRequest.InferInputTensor.newBuilder()
                    .setName("x")
                    .setDatatype("FP32")
                    .addShape(1)
                    .addShape(4))
            .addRawInputContents(ByteString.copyFrom(data))
            .build();
    ModelInferResponse response;
    try {
      response = stub.withDeadlineAfter(30, TimeUnit.SECONDS).modelInfer(request);
    } catch (StatusRuntimeException e) {
      String said = String.valueOf(e.getStatus().getDescription());
      boolean stopped =
          said.contains("stopping")
              || said.contains("being loaded")
              || e.getCause() instanceof ConnectException;
      if (e.getStatus().getCode() == Status.Code.UNAVAILABLE && stopped) {
        // Its pause between attempts to connect would grow to minutes.
        channel.resetConnectBackoff();
        throw new Refused(said);
      }
      throw e;
    }
    return response
            .getRawOutputContents(0)
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN)
            .getFloat()
        - x;
  }

  private void run() {
    for (int i = 0; !stopping; i++) {
      long start = System.nanoTime();
      try {
        newest = call.send(i % 1000);
        answered.incrementAndGet();
        longest = Math.max(longest, System.nanoTime() - start);
      } catch (Refused e) {
        refused.incrementAndGet();
        refusals.add(new Refusal(System.nanoTime(), String.valueOf(e.getMessage())));
        pause();
      } catch (Exception e) {
        if (!stopping) {
          failures.add(e + (e.getCause() == null ? "" : ", caused by " + e.getCause()));
          pause();
        }
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void start() {
    thread.start();
  }

  String name() {
    return name;
  }

  /** What the model of the last answer added. */
  double newest() {
    return newest;
  }

  int answered() {
    return answered.get();
  }

  int refusedInAll() {
    return refused.get();
  }

  double longestMillis() {
    return longest / 1e6;
  }

  List<String> failures() {
    return failures;
  }

  /** Those that no end of the server explains. */
  List<Refusal> refusals() {
    return refusals;
  }

  /** The server was away in this time. */
  void allowRefusals(long from, long to) {
    // Taken down a moment after it was received.
    long late = to + TimeUnit.SECONDS.toNanos(1);
    refusals.removeIf(refusal -> refusal.nanos() >= from && refusal.nanos() <= late);
  }

  @Override
  public void close() throws InterruptedException {
    stopping = true;
    release.run();
    thread.join();
  }
}
