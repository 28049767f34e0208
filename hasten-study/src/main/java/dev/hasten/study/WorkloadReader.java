package dev.hasten.study;

import dev.hasten.compress.Techniques;
import dev.hasten.graph.ModelException;
import dev.hasten.graph.TargetRuntime;
import dev.hasten.measure.Content;
import dev.hasten.measure.DataFormat;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Metric;
import dev.hasten.measure.Metrics;
import dev.hasten.measure.Row;
import dev.hasten.measure.Split;
import dev.hasten.measure.Splitter;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.CtcSpec;
import dev.hasten.runtime.PipelineSpec;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the YAML: the schema first, then what a schema can't say. */
final class WorkloadReader {
  private final Path folder;
  private final MarkedYaml yaml;
  private final Map<?, ?> root;

  private WorkloadReader(Path file) {
    this.yaml =
        MarkedYaml.read(file, "a workload, see docs/examples for some", "model, input, data");
    Path parent = file.toAbsolutePath().getParent();
    this.folder = parent == null ? file.toAbsolutePath() : parent;
    List<WorkloadSchema.Fault> faults = WorkloadSchema.check(Json.line(yaml.content()));
    if (!faults.isEmpty()) {
      throw new BadInputException(
          faults.stream()
              .map(f -> yaml.at(f.path(), f.message(), f.atKey()))
              .distinct()
              .collect(Collectors.joining("\n")));
    }
    this.root = (Map<?, ?>) yaml.content();
  }

  static Workload read(Path file) {
    return new WorkloadReader(file).workload(file);
  }

  private Workload workload(Path file) {
    PipelineSpec pipeline = pipeline();
    Map<?, ?> measure = section("measure");
    int threads = integer(measure.get("threads"), 1);
    return new Workload(
        file,
        existing(String.valueOf(root.get("model")), "model"),
        pipeline,
        data(pipeline),
        splitter(),
        metric(),
        promise(),
        objective(),
        limits(),
        rows(measure, threads, pipeline),
        threads,
        techniques("include"),
        techniques("exclude"),
        peers(),
        folder.resolve(text(root.get("output"), "bundle")).normalize(),
        root.get("budget") == null
            ? Budget.DEFAULT
            : at(() -> new Budget(Durations.parse(String.valueOf(root.get("budget")))), "budget"));
  }

  private PipelineSpec pipeline() {
    Map<?, ?> section = section("input");
    Map<String, Object> values = new java.util.LinkedHashMap<>();
    section.forEach((key, value) -> values.put(String.valueOf(key), value));
    PipelineSpec spec = at(() -> PipelineSpec.parse(values), "input");
    switch (spec) {
      case PipelineSpec.Text text -> existing(text.tokenizer(), "input", "tokenizer");
      case PipelineSpec.Image image -> image.decode().ifPresent(this::check);
      case PipelineSpec.Audio audio -> audio.decode().ifPresent(this::check);
      case PipelineSpec.Tensors t -> {}
      case PipelineSpec.Table t -> {}
    }
    return spec;
  }

  private void check(CtcSpec decode) {
    existing(decode.characters(), "input", "decode", "characters");
  }

  private List<DataSpec> data(PipelineSpec pipeline) {
    Map<?, ?> data = section("data");
    Content content = content(data, pipeline);
    List<DataSpec> specs = new ArrayList<>();
    boolean several = data.get("path") instanceof List<?>;
    List<?> paths =
        data.get("path") instanceof List<?> list ? list : List.of(text(data.get("path"), ""));
    for (int i = 0; i < paths.size(); i++) {
      Object[] where = several ? new Object[] {"data", "path", i} : new Object[] {"data", "path"};
      Path named = folder.resolve(String.valueOf(paths.get(i))).normalize();
      Path path = Files.isDirectory(named) ? named : existing(String.valueOf(paths.get(i)), where);
      DataFormat format =
          data.get("format") == null
              ? at(() -> DataFormat.of(path), where)
              : DataFormat.valueOf(String.valueOf(data.get("format")).toUpperCase(Locale.ROOT));
      specs.add(
          new DataSpec(
              path,
              format,
              content,
              optional(data.get("label")),
              optional(data.get("id")),
              List.copyOf(words(data.get("slices"))),
              data.get("limit") instanceof Number n
                  ? OptionalLong.of(n.longValue())
                  : OptionalLong.empty(),
              Boolean.TRUE.equals(data.get("generated"))));
    }
    return specs;
  }

  /** What {@code input.type} says. */
  private static String type(PipelineSpec pipeline) {
    return switch (pipeline) {
      case PipelineSpec.Text t -> "text";
      case PipelineSpec.Image i -> "image";
      case PipelineSpec.Audio a -> "audio";
      case PipelineSpec.Tensors t -> "tensors";
      case PipelineSpec.Table t -> "table";
    };
  }

  /** Which fields make the examples: those that the input's type takes, and no others. */
  private Content content(Map<?, ?> data, PipelineSpec pipeline) {
    String wanted = type(pipeline);
    for (String other : List.of("text", "image", "audio", "tensors")) {
      if (!other.equals(wanted) && data.get(other) != null) {
        throw yaml.fault(
            "'"
                + data.get(other)
                + "' (expected: no "
                + other
                + " field, input.type is "
                + wanted
                + ")",
            "data",
            other);
      }
    }
    String field = optional(data.get(wanted));
    if (field == null && !wanted.equals("tensors") && !wanted.equals("table")) {
      throw yaml.fault(
          "'" + wanted + "' is missing: name the field that holds the " + wanted, "data");
    }
    return switch (pipeline) {
      case PipelineSpec.Text t -> new Content.Text(text(field, ""));
      case PipelineSpec.Image i -> new Content.Image(text(field, ""));
      case PipelineSpec.Audio a -> new Content.Audio(text(field, ""));
      case PipelineSpec.Table t -> new Content.Row(t.fields());
      case PipelineSpec.Tensors t -> new Content.Tensors(List.copyOf(words(data.get("tensors"))));
    };
  }

  private Splitter splitter() {
    Map<?, ?> data = section("data");
    Splitter seeded = Splitter.of(data.get("seed") instanceof Number n ? n.longValue() : 42);
    Splitter splitter = seeded;
    if (data.get("split") instanceof Map<?, ?> fractions) {
      splitter =
          at(
              () ->
                  seeded.withFractions(
                      real(fractions.get("calibrate"), 0),
                      real(fractions.get("validate"), 0),
                      real(fractions.get("test"), 0)),
              "data",
              "split");
      for (String part : List.of("validate", "test")) {
        if (real(fractions.get(part), 0) == 0) {
          throw yaml.fault("0 (expected: > 0)", "data", "split", part);
        }
      }
    }
    // The search scores every trial on `validate`: more examples than this cost time, not doubt.
    splitter = splitter.withLimit(Split.CALIBRATE, 256).withLimit(Split.VALIDATE, 1_000);
    splitter = splitter.withLimit(Split.TEST, 3_000);
    if (data.get("keep") instanceof Map<?, ?> keep) {
      for (Split split : Split.values()) {
        Object most = keep.get(split.name().toLowerCase(Locale.ROOT));
        if (most != null) {
          splitter = splitter.withLimit(split, integer(most, 1));
        }
      }
    }
    return splitter;
  }

  private Workload.@Nullable MetricName metric() {
    String name = text(section("quality").get("metric"), "auto");
    String jar = optional(section("quality").get("jar"));
    if (name.equals("auto")) {
      if (jar != null) {
        throw yaml.fault(
            "'" + jar + "' without a metric: name the class in quality.metric", "quality", "jar");
      }
      return null;
    }
    Workload.MetricName metric =
        new Workload.MetricName(name, jar == null ? null : existing(jar, "quality", "jar"));
    if (metric(metric).needsLabels() && section("data").get("label") == null) {
      throw yaml.fault(
          "'" + name + "' needs labels: name the field in data.label, or use another metric",
          "quality",
          "metric");
    }
    return metric;
  }

  private Metric metric(Workload.MetricName metric) {
    String name = metric.name();
    try {
      return metric.load();
    } catch (BadInputException e) {
      String message = String.valueOf(e.getMessage());
      if (metric.jar() != null || name.contains(".")) {
        boolean ofJar = message.startsWith("jar: ");
        String told = message.replaceFirst("^(jar|metric): ", "");
        throw ofJar ? yaml.fault(told, "quality", "jar") : yaml.fault(told, "quality", "metric");
      }
      List<String> known = Metrics.all().stream().map(m -> m.name()).toList();
      throw yaml.fault("'" + name + "' (" + Words.hint(name, known) + ")", "quality", "metric");
    }
  }

  private Workload.Asked promise() {
    Map<?, ?> quality = section("quality");
    Object drop = quality.get("maxDrop");
    double maxDrop =
        drop instanceof String text
            ? new BigDecimal(text.replace("%", "")).movePointLeft(2).doubleValue()
            : real(drop, 0.01);
    return new Workload.Asked(
        maxDrop,
        real(quality.get("confidence"), 0.95),
        quality.get("floor") instanceof Number n
            ? OptionalDouble.of(n.doubleValue())
            : OptionalDouble.empty());
  }

  private Objective objective() {
    return Objective.valueOf(text(root.get("objective"), "latency").toUpperCase(Locale.ROOT));
  }

  private Workload.Limits limits() {
    Map<?, ?> limits = section("limits");
    return new Workload.Limits(
        bytes("memory"),
        bytes("size"),
        limits.get("p99") == null
            ? null
            : at(() -> Durations.parse(String.valueOf(limits.get("p99"))), "limits", "p99"),
        targetOrt(limits.get("targetOrt")));
  }

  private @Nullable TargetRuntime targetOrt(@Nullable Object version) {
    try {
      return version == null ? null : TargetRuntime.of(String.valueOf(version));
    } catch (ModelException e) {
      throw yaml.fault(String.valueOf(e.getMessage()), "limits", "targetOrt");
    }
  }

  private List<Row> rows(Map<?, ?> measure, int threads, PipelineSpec pipeline) {
    if (!(measure.get("rows") instanceof List<?> list)) {
      boolean batches = !(pipeline instanceof PipelineSpec.Tensors t) || t.batchAxis();
      return batches
          ? List.of(new Row(1, 0, threads), new Row(8, 0, threads))
          : List.of(new Row(1, 0, threads));
    }
    Set<Row> rows = new LinkedHashSet<>();
    for (int i = 0; i < list.size(); i++) {
      Map<?, ?> row = (Map<?, ?>) list.get(i);
      int length = row.get("length") instanceof Number n ? n.intValue() : 0;
      if (length > 0 && !(pipeline instanceof PipelineSpec.Text)) {
        throw yaml.fault(
            length + " (expected: natural, input.type is " + type(pipeline) + ")",
            "measure",
            "rows",
            i,
            "length");
      }
      int batch = integer(row.get("batch"), 1);
      if (batch > 1 && pipeline instanceof PipelineSpec.Tensors t && !t.batchAxis()) {
        throw yaml.fault(
            batch + " (expected: 1, input.batchAxis is false)", "measure", "rows", i, "batch");
      }
      rows.add(new Row(batch, length, integer(row.get("threads"), threads)));
    }
    return List.copyOf(rows);
  }

  private List<Workload.Peer> peers() {
    List<Workload.Peer> peers = new ArrayList<>();
    if (root.get("compare") instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        Map<?, ?> entry = (Map<?, ?>) list.get(i);
        Path model = existing(String.valueOf(entry.get("model")), "compare", i, "model");
        String name = text(entry.get("name"), String.valueOf(model.getFileName()));
        if (peers.stream().anyMatch(p -> p.name().equals(name))) {
          throw yaml.fault(
              "'" + name + "' stands for two models (expected: names that differ)", "compare", i);
        }
        peers.add(new Workload.Peer(name, model));
      }
    }
    return peers;
  }

  private Set<String> techniques(String which) {
    List<String> known = Techniques.all().stream().map(t -> t.name()).toList();
    int i = 0;
    Set<String> names = words(section("techniques").get(which));
    for (String name : names) {
      if (!known.contains(name)) {
        throw yaml.fault(
            "'" + name + "' (" + Words.hint(name, known) + ")", "techniques", which, i);
      }
      i++;
    }
    return names;
  }

  private Path existing(String name, Object... where) {
    Path path = folder.resolve(name).normalize();
    if (!Files.isRegularFile(path)) {
      throw yaml.fault("'" + name + "': no such file in " + folder, where);
    }
    return path;
  }

  private Map<?, ?> section(String name) {
    return root.get(name) instanceof Map<?, ?> map ? map : Map.of();
  }

  private OptionalLong bytes(String name) {
    Object value = section("limits").get(name);
    if (value == null) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        value instanceof Number n
            ? n.longValue()
            : at(() -> Sizes.parse(String.valueOf(value)), "limits", name));
  }

  /** Gives a complaint its place in the file. */
  private <T> T at(Supplier<T> read, Object... where) {
    try {
      return read.get();
    } catch (BadInputException e) {
      throw yaml.fault(String.valueOf(e.getMessage()), where);
    }
  }

  private static Set<String> words(@Nullable Object list) {
    Set<String> words = new LinkedHashSet<>();
    if (list instanceof List<?> entries) {
      entries.forEach(entry -> words.add(String.valueOf(entry)));
    }
    return words;
  }

  private static @Nullable String optional(@Nullable Object value) {
    return value == null ? null : String.valueOf(value);
  }

  private static String text(@Nullable Object value, String otherwise) {
    return value == null ? otherwise : String.valueOf(value);
  }

  private static int integer(@Nullable Object value, int otherwise) {
    return value instanceof Number n ? n.intValue() : otherwise;
  }

  private static double real(@Nullable Object value, double otherwise) {
    return value instanceof Number n ? n.doubleValue() : otherwise;
  }
}
