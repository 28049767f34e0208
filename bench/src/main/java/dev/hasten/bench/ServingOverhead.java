package dev.hasten.bench;

import com.google.protobuf.ByteString;
import dev.hasten.measure.Bootstrap;
import dev.hasten.measure.Interval;
import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Predictor;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.serve.wire.ModelInferRequest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the server adds to a request of 1 kB to a model that only copies: the median latency of one
 * connection that sends one request after the other, beside that of a {@link Predictor} and a
 * {@link Batcher} in this process, taken in turns; and how many requests a second it answers when
 * 64 come at once. The requests are sent by {@code h2load} (Debian's nghttp2-client), which costs
 * little itself; its share is printed.
 *
 * <pre>bench/run.sh ServingOverhead [ROUNDS]</pre>
 */
public final class ServingOverhead {
  private static final int WIDTH = 256;
  private static final int CALLS = 5000;
  private static final int REQUESTS = 100_000;
  private static final NdArray ROW = NdArray.floats(new float[WIDTH], 1, WIDTH);

  /** A kind of request as h2load sends it. */
  private record Wire(String name, List<String> options, List<String> parallel) {}

  private interface Timed {
    /** Median latency in microseconds of a few thousand calls. */
    double median() throws IOException, InterruptedException;
  }

  private record Contender(String name, Timed timed, List<Double> medians) {}

  private ServingOverhead() {}

  /**
   * @param args how many rounds; 15 where none is given
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 15;
    Path folder = Files.createTempDirectory("hasten-overhead");
    Path model = Files.write(folder.resolve("m"), PredictorBenchmark.resource("identity.onnx"));
    Path bundle = folder.resolve("identity");
    Bundle.write(
        bundle,
        BundleManifest.of("identity", new PipelineSpec.Tensors(true)),
        Map.of(Bundle.MODEL, model));
    try (ServerProcess server = ServerProcess.start(List.of(), List.of(bundle.toString()));
        Predictor predictor = Predictor.open(bundle);
        Batcher batcher = Batcher.open(bundle)) {
      List<Wire> wires = wires(folder, server.port());
      for (int i = 0; i < 3; i++) {
        for (Wire wire : wires) {
          throughput(wire, server, false);
        }
      }
      latency(rounds, predictor, batcher, wires, folder);
      for (int i = 0; i < 5; i++) {
        for (Wire wire : wires) {
          throughput(wire, server, true);
        }
      }
    }
  }

  private static void latency(
      int rounds, Predictor predictor, Batcher batcher, List<Wire> wires, Path folder)
      throws IOException, InterruptedException {
    Example example = Example.tensors(Map.of("x", ROW.row(0)));
    List<Contender> contenders = new ArrayList<>();
    contenders.add(
        new Contender(
            "Predictor", () -> median(() -> predictor.predict(example)), new ArrayList<>()));
    contenders.add(
        new Contender(
            "Batcher",
            () ->
                median(() ->
                    batcher.submitTensors(Map.of("x", ROW), RequestOptions.defaults()).join()),
            new ArrayList<>()));
    for (Wire wire : wires) {
      contenders.add(new Contender(wire.name(), () -> median(wire, folder), new ArrayList<>()));
    }
    List<Contender> order = new ArrayList<>(contenders);
    Random random = new Random(7);
    for (int round = -1; round < rounds; round++) {
      Collections.shuffle(order, random);
      for (Contender contender : order) {
        double median = contender.timed().median();
        if (round >= 0) {
          contender.medians().add(median);
        }
      }
    }
    List<Double> bare = contenders.getFirst().medians();
    for (Contender contender : contenders) {
      double[] over = new double[rounds];
      Arrays.setAll(over, i -> contender.medians().get(i) - bare.get(i));
      System.out.printf(
          Locale.ROOT,
          "%-12s p50 %s us, over the Predictor %s us%n",
          contender.name(),
          text(contender.medians().stream().mapToDouble(Double::doubleValue).toArray()),
          text(over));
    }
  }

  private static String text(double[] values) {
    Interval interval = Bootstrap.median(values, 0.95, 1);
    return String.format(
        Locale.ROOT, "%.1f [%.1f, %.1f]", interval.estimate(), interval.low(), interval.high());
  }

  private static double median(Runnable call) {
    double[] micros = new double[CALLS];
    for (int i = 0; i < CALLS; i++) {
      long start = System.nanoTime();
      call.run();
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    Arrays.sort(micros);
    return micros[CALLS / 2];
  }

  private static double median(Wire wire, Path folder) throws IOException, InterruptedException {
    Path log = folder.resolve("latencies");
    Files.deleteIfExists(log);
    List<String> options = new ArrayList<>(wire.options());
    options.addAll(0, List.of("-c", "1", "-m", "1", "-n", "" + CALLS, "--log-file=" + log));
    h2load(options);
    double[] micros =
        Files.readAllLines(log).stream()
            .mapToDouble(line -> Double.parseDouble(line.split("\t", -1)[2]))
            .sorted()
            .toArray();
    return micros[micros.length / 2];
  }

  private static void throughput(Wire wire, ServerProcess server, boolean printed)
      throws IOException, InterruptedException {
    List<String> options = new ArrayList<>(wire.options());
    options.addAll(0, wire.parallel());
    options.addAll(0, List.of("-n", "" + REQUESTS));
    Duration before = server.cpu();
    long start = System.nanoTime();
    String said = h2load(options);
    double seconds = (System.nanoTime() - start) / 1e9;
    double serverCpu = server.cpu().minus(before).toNanos() / 1e9;
    double clientCpu = number(said, "cpu ([0-9.]+) ") + number(said, "cpu [0-9.]+ ([0-9.]+)");
    if (printed) {
      System.out.printf(
          Locale.ROOT,
          "%-12s %.0f requests/s; of %d cores the server had %.2f and h2load %.2f%n",
          wire.name(),
          REQUESTS / seconds,
          Runtime.getRuntime().availableProcessors(),
          serverCpu / seconds,
          clientCpu / seconds);
    }
  }

  private static double number(String said, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(said);
    if (!matcher.find()) {
      throw new IllegalStateException("h2load said: " + said);
    }
    return Double.parseDouble(matcher.group(1));
  }

  /** Runs it; every request must have been answered with 200. */
  private static String h2load(List<String> options) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of("bash", "-c", "TIMEFORMAT='cpu %U %S'; time h2load \"$@\"", "h2load"));
    command.addAll(options);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0
        || !said.contains(" 0 failed, 0 errored, 0 timeout")
        || !said.contains(" 0 3xx, 0 4xx, 0 5xx")) {
      throw new IllegalStateException("h2load (of the package nghttp2-client) failed: " + said);
    }
    return said;
  }

  /** A row for the model {@code identity}. */
  static ModelInferRequest identity() {
    return ModelInferRequest.newBuilder()
        .setModelName("identity")
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("x")
                .setDatatype("FP32")
                .addShape(1)
                .addShape(WIDTH))
        .addRawInputContents(ByteString.copyFrom(new byte[4 * WIDTH]))
        .build();
  }

  private static List<Wire> wires(Path folder, int port) throws IOException {
    byte[] floats = ByteBuffer.allocate(4 * WIDTH).order(ByteOrder.LITTLE_ENDIAN).array();
    byte[] header =
        """
        {"inputs":[{"name":"x","shape":[1,%d],"datatype":"FP32",\
        "parameters":{"binary_data_size":%d}}],\
        "outputs":[{"name":"y","parameters":{"binary_data":true}}]}\
        """
            .formatted(WIDTH, floats.length)
            .getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    rest.write(header);
    rest.write(floats);
    Path restBody = Files.write(folder.resolve("rest"), rest.toByteArray());
    byte[] message = identity().toByteArray();
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(frame);
    out.writeByte(0);
    out.writeInt(message.length);
    out.write(message);
    Path grpcBody = Files.write(folder.resolve("grpc"), frame.toByteArray());
    String url = "http://127.0.0.1:" + port;
    List<String> infer =
        List.of(
            "-H",
            "content-type: application/octet-stream",
            "-H",
            "Inference-Header-Content-Length: " + header.length,
            "-d",
            restBody.toString(),
            url + "/v2/models/identity/infer");
    List<String> infer1 = new ArrayList<>(infer);
    infer1.addFirst("--h1");
    List<String> grpc =
        List.of(
            "-H",
            "content-type: application/grpc",
            "-H",
            "te: trailers",
            "-d",
            grpcBody.toString(),
            url + "/inference.GRPCInferenceService/ModelInfer");
    List<String> streams = List.of("-c", "8", "-m", "8");
    return List.of(
        // What the way to a server and back costs by itself.
        new Wire("GET live", List.of("--h1", url + "/v2/health/live"), List.of("-c", "64")),
        new Wire("REST binary", infer1, List.of("-c", "64")),
        new Wire("REST, h2", infer, streams),
        new Wire("gRPC", grpc, streams));
  }
}
