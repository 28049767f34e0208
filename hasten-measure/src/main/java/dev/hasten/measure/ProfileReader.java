package dev.hasten.measure;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.OperatorTime;
import dev.hasten.measure.OperatorProfile.TensorShape;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the profiler's file: trace events, of which {@code model_run} spans a run and {@code
 * …_kernel_time} a node's computation within one. A file cut short (the process died) is read as
 * far as it goes.
 */
final class ProfileReader {
  private static final String KERNEL = "_kernel_time";

  /** Operators that run graphs of their own, whose kernels are in the file as well. */
  private static final Set<String> HOLDERS = Set.of("If", "Loop", "Scan");

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ProfileReader() {}

  private record Span(long from, long micros) {}

  private record Kernel(
      String node,
      String opType,
      long at,
      long micros,
      List<TensorShape> inputs,
      List<TensorShape> outputs) {}

  static OperatorProfile read(Path file, int warmUpRuns) {
    List<Span> runs = new ArrayList<>();
    List<Kernel> kernels = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(file.toFile())) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new BadInputException(file + ": not a profile (expected: a JSON array of events)");
      }
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        JsonNode event = parser.readValueAsTree();
        collect(event, runs, kernels);
      }
    } catch (IOException e) {
      if (runs.isEmpty()) {
        throw new BadInputException(file + ": not a profile: " + e.getMessage(), e);
      }
    }
    runs.sort(Comparator.comparingLong(Span::from));
    if (runs.size() <= warmUpRuns) {
      throw new BadInputException(
          "%s: holds %d runs (expected: more than the %d of the warm-up)"
              .formatted(file, runs.size(), warmUpRuns));
    }
    List<Span> counted = runs.subList(warmUpRuns, runs.size());
    return summarize(counted, kernels);
  }

  private static void collect(JsonNode event, List<Span> runs, List<Kernel> kernels) {
    String name = event.path("name").asText();
    if (name.equals("model_run")) {
      runs.add(new Span(event.path("ts").asLong(), event.path("dur").asLong()));
    } else if (name.endsWith(KERNEL)) {
      JsonNode args = event.path("args");
      String opType = args.path("op_name").asText("unknown");
      long at = event.path("ts").asLong();
      long micros = event.path("dur").asLong();
      kernels.add(
          new Kernel(
              name.substring(0, name.length() - KERNEL.length()),
              opType,
              at,
              HOLDERS.contains(opType) ? Math.max(0, micros - held(kernels, at)) : micros,
              shapes(args.path("input_type_shape")),
              shapes(args.path("output_type_shape"))));
    }
  }

  /**
   * Time of the kernels that ran within one that began at {@code at}: they ended, and so stand,
   * before it.
   */
  private static long held(List<Kernel> kernels, long at) {
    long sum = 0;
    for (int i = kernels.size() - 1; i >= 0 && kernels.get(i).at() >= at; i--) {
      sum += kernels.get(i).micros();
    }
    return sum;
  }

  /** {@code [{"float":[1,16,384]}]}. */
  private static List<TensorShape> shapes(JsonNode list) {
    List<TensorShape> shapes = new ArrayList<>();
    for (JsonNode tensor : list) {
      tensor
          .properties()
          .forEach(entry -> {
            List<Long> dims = new ArrayList<>();
            entry.getValue().forEach(dim -> dims.add(dim.asLong()));
            shapes.add(new TensorShape(entry.getKey(), dims));
          });
    }
    return shapes;
  }

  private static final class Sum {
    final String node;
    final String opType;
    long micros;
    List<TensorShape> inputs = List.of();
    List<TensorShape> outputs = List.of();

    Sum(String node, String opType) {
      this.node = node;
      this.opType = opType;
    }
  }

  private static OperatorProfile summarize(List<Span> runs, List<Kernel> kernels) {
    long from = runs.getFirst().from();
    long runMicros = runs.stream().mapToLong(Span::micros).sum();
    Map<List<String>, Sum> byNode = new LinkedHashMap<>();
    Map<List<String>, Integer> seen = new LinkedHashMap<>();
    long at = Long.MIN_VALUE;
    long total = 0;
    for (Kernel kernel : kernels) {
      if (kernel.at() < from) {
        continue;
      }
      // Fused nodes may all be called the same (`BiasGelu`): the n-th of a run is one node.
      Span run = runOf(runs, kernel.at());
      if (run.from() != at) {
        at = run.from();
        seen.clear();
      }
      int nth = seen.merge(List.of(kernel.node(), kernel.opType()), 1, Integer::sum);
      String name = nth == 1 ? kernel.node() : kernel.node() + "#" + nth;
      Sum sum =
          byNode.computeIfAbsent(
              List.of(name, kernel.opType()), key -> new Sum(name, kernel.opType()));
      sum.micros += kernel.micros();
      sum.inputs = kernel.inputs();
      sum.outputs = kernel.outputs();
      total += kernel.micros();
    }
    return profile(runs.size(), runMicros, total, List.copyOf(byNode.values()));
  }

  /** The run that had begun last. */
  private static Span runOf(List<Span> runs, long at) {
    Span found = runs.getFirst();
    for (Span run : runs) {
      if (run.from() > at) {
        break;
      }
      found = run;
    }
    return found;
  }

  private static OperatorProfile profile(int runs, long runMicros, long total, List<Sum> sums) {
    double all = Math.max(1, total);
    List<NodeTime> nodes = new ArrayList<>();
    Map<String, long[]> byType = new LinkedHashMap<>();
    for (int order = 0; order < sums.size(); order++) {
      Sum sum = sums.get(order);
      nodes.add(
          new NodeTime(
              sum.node,
              sum.opType,
              perRun(sum.micros, runs),
              sum.micros / all,
              sum.inputs,
              sum.outputs,
              order));
      long[] type = byType.computeIfAbsent(sum.opType, t -> new long[2]);
      type[0]++;
      type[1] += sum.micros;
    }
    List<OperatorTime> operators = new ArrayList<>();
    byType.forEach((type, counts) ->
        operators.add(
            new OperatorTime(type, (int) counts[0], perRun(counts[1], runs), counts[1] / all)));
    nodes.sort(Comparator.comparing(NodeTime::perRun).reversed());
    operators.sort(Comparator.comparing(OperatorTime::perRun).reversed());
    return new OperatorProfile(runs, perRun(runMicros, runs), operators, nodes);
  }

  private static Duration perRun(long micros, int runs) {
    return Duration.ofNanos(Math.round(micros * 1_000.0 / runs));
  }
}
