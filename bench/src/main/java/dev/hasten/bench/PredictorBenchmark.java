package dev.hasten.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BoundRun;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What our session costs over ONNX Runtime's own, on a model that computes next to nothing: time
 * and garbage of one call. {@code bound*}: buffers made once. {@code fresh*}: a map of arrays in, a
 * map of arrays out. The main method takes the benchmarks in turns, one short fork each, so that
 * both sides see the same machine, and prints JSON.
 *
 * <pre>
 * mvn -q -pl bench -am package -DskipTests
 * java --enable-native-access=ALL-UNNAMED -cp "bench/target/classes:bench/target/libs/*" \
 *     dev.hasten.bench.PredictorBenchmark [rounds]
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PredictorBenchmark {
  private static final long[] X = {1, 8};
  private static final long[] K = {1};

  private final OrtEnvironment environment;
  private final OrtSession bare;
  private final OrtSession.SessionOptions bareOptions = new OrtSession.SessionOptions();
  private final ByteBuffer x = direct(32);
  private final ByteBuffer k = direct(8);
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> outputs = new LinkedHashMap<>();

  private final Session ours;
  private final BoundRun bound;
  private final float[] numbers = new float[8];
  private final long[] added = {7};

  public PredictorBenchmark() {
    try {
      byte[] model = resource("add.onnx");
      ours = Backend.cpu().open(model, "add", SessionOptions.defaults().withIntraOpThreads(1));
      bound =
          ours.bind(Map.of("x", List.of(1L, 8L), "k", List.of(1L)), Map.of("y", List.of(1L, 8L)));
      environment = OrtEnvironment.getEnvironment();
      bareOptions.setIntraOpNumThreads(1);
      bareOptions.setInterOpNumThreads(1);
      bare = environment.createSession(model, bareOptions);
      inputs.put("x", OnnxTensor.createTensor(environment, x.asFloatBuffer(), X));
      inputs.put("k", OnnxTensor.createTensor(environment, k.asLongBuffer(), K));
      outputs.put("y", OnnxTensor.createTensor(environment, direct(32).asFloatBuffer(), X));
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  static byte[] resource(String name) {
    try (InputStream in = PredictorBenchmark.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException(name, e);
    }
  }

  /** A benchmark of a wrong answer is worth nothing. */
  @Setup
  public void check() throws OrtException {
    k.putLong(0, 7);
    float mine = boundOurs();
    if (boundBare() != 7 || mine != 7 || freshBare()[0] != 7 || freshOurs()[0] != 7) {
      throw new IllegalStateException("wrong answer");
    }
  }

  @TearDown
  public void close() throws OrtException {
    bound.close();
    ours.close();
    inputs.values().forEach(OnnxTensor::close);
    outputs.values().forEach(OnnxTensor::close);
    bare.close();
    bareOptions.close();
  }

  @Benchmark
  public final float boundBare() throws OrtException {
    bare.run(inputs, Set.of(), outputs, null).close();
    return 7;
  }

  @Benchmark
  public final float boundOurs() {
    bound.input("k").putLong(0, 7);
    bound.run();
    return bound.output("y").getFloat(0);
  }

  @Benchmark
  public final float[] freshBare() throws OrtException {
    try (OnnxTensor freshX = OnnxTensor.createTensor(environment, FloatBuffer.wrap(numbers), X);
        OnnxTensor freshK = OnnxTensor.createTensor(environment, LongBuffer.wrap(added), K);
        OrtSession.Result result = bare.run(Map.of("x", freshX, "k", freshK))) {
      FloatBuffer y = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] answer = new float[8];
      y.get(answer);
      return answer;
    }
  }

  @Benchmark
  public final float[] freshOurs() {
    NdArray y =
        ours.run(Map.of("x", NdArray.floats(numbers, X), "k", NdArray.longs(added, K))).get("y");
    return Objects.requireNonNull(y).toFloats();
  }

  /**
   * @param args how many rounds; 5 where none is given
   */
  public static void main(String[] args) throws RunnerException {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
    Map<String, List<Double>> p50 = new TreeMap<>();
    Map<String, List<Double>> bytes = new TreeMap<>();
    for (int round = 0; round < rounds; round++) {
      for (String name : List.of("boundBare", "boundOurs", "freshBare", "freshOurs")) {
        RunResult result = run(name);
        p50.computeIfAbsent(name, n -> new ArrayList<>())
            .add(result.getPrimaryResult().getStatistics().getPercentile(50));
        Result<?> allocated =
            java.util.Objects.requireNonNull(
                result.getSecondaryResults().get("gc.alloc.rate.norm"));
        bytes.computeIfAbsent(name, n -> new ArrayList<>()).add(allocated.getScore());
      }
    }
    StringBuilder json = new StringBuilder("{\"rounds\": " + rounds);
    for (String name : p50.keySet()) {
      json.append(
          String.format(
              ", \"%s\": {\"p50Micros\": %s, \"bytesPerCall\": %s}",
              name, p50.get(name), bytes.get(name)));
    }
    for (String path : List.of("bound", "fresh")) {
      json.append(
          String.format(
              ", \"%sOverhead\": {\"p50Micros\": %.3f, \"bytesPerCall\": %.1f}",
              path,
              median(p50, path + "Ours") - median(p50, path + "Bare"),
              median(bytes, path + "Ours") - median(bytes, path + "Bare")));
    }
    System.out.println(json.append("}"));
  }

  private static RunResult run(String name) throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(PredictorBenchmark.class.getName() + "\\." + name + "$")
                    .forks(1)
                    .warmupIterations(2)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(3)
                    .measurementTime(TimeValue.seconds(1))
                    .jvmArgsAppend("--enable-native-access=ALL-UNNAMED", "-Xmx512m")
                    .addProfiler(GCProfiler.class)
                    .build())
            .run();
    return results.iterator().next();
  }

  private static double median(Map<String, List<Double>> values, String name) {
    List<Double> sorted = Objects.requireNonNull(values.get(name)).stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
