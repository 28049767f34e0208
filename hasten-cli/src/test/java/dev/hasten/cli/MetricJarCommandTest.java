package dev.hasten.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.DataType;
import dev.hasten.graph.GraphBuilder;
import dev.hasten.graph.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code quality.jar}: a user's metric, compiled here, through the whole of a study. */
class MetricJarCommandTest {
  private static final String METRIC =
      """
      package com.acme;
      import dev.hasten.measure.*;
      import java.util.*;
      public class Closeness%s {
        %s
        public String name() { return "closeness"; }
        public String meaning() { return "1 less the distance of the first numbers"; }
        public boolean needsLabels() { return false; }
        public Set<OutputKind> kinds() { return EnumSet.allOf(OutputKind.class); }
        public Score score(Sample sample) {
          double[] s = new double[sample.size()];
          for (int i = 0; i < s.length; i++) {
            s[i] = 1 - Math.abs(sample.original().row(i)[0] - sample.candidate().row(i)[0]);
          }
          return Score.mean(s);
        }
      }
      """;

  private static final String WORKLOAD =
      """
      model: model.onnx
      input: {type: tensors}
      data: {path: examples.jsonl, tensors: [x]}
      quality: {metric: com.acme.Closeness, jar: closeness.jar, maxDrop: 0.5}
      objective: size
      techniques: {include: [fp16, weight-only-int8]}
      measure: {rows: [{batch: 1}]}
      output: bundle
      budget: 10s
      """;

  @TempDir Path folder;

  private record Ran(int code, String out, String err) {}

  private Ran optimize(String implementing, String member) throws IOException {
    jar(METRIC.formatted(implementing, member));
    Random random = new Random(3);
    float[] weight = new float[128 * 64];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (random.nextGaussian() / 16);
    }
    GraphBuilder.opset(17)
        .input("x", DataType.FLOAT, "batch", 128)
        .weight("w", Tensor.floats(weight, 128, 64))
        .node("y", "MatMul", "x", "w")
        .output("y", DataType.FLOAT, "batch", 64)
        .build()
        .write(folder.resolve("model.onnx"));
    String examples =
        IntStream.range(0, 300)
            .mapToObj(i -> random.doubles(128).mapToObj("%.3f"::formatted).toList())
            .map("{\"x\": %s}\n"::formatted)
            .collect(Collectors.joining());
    Files.writeString(folder.resolve("examples.jsonl"), examples, UTF_8);
    Files.writeString(folder.resolve("workload.yaml"), WORKLOAD, UTF_8);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Main.run(
            new PrintWriter(out),
            new PrintWriter(err),
            new String[] {"optimize", folder.resolve("workload.yaml").toString(), "--quiet"});
    return new Ran(code, out.toString(), err.toString());
  }

  private void jar(String source) throws IOException {
    Path classes = Files.createTempDirectory(folder, "classes");
    var file =
        new SimpleJavaFileObject(
            URI.create("string:///Closeness.java"), SimpleJavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignore) {
            return source;
          }
        };
    List<String> options =
        List.of(
            "-d", classes.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none");
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, null, options, null, List.of(file))
                .call())
        .isTrue();
    try (ZipOutputStream zip =
        new ZipOutputStream(Files.newOutputStream(folder.resolve("closeness.jar")))) {
      zip.putNextEntry(new ZipEntry("com/acme/Closeness.class"));
      zip.write(Files.readAllBytes(classes.resolve("com/acme/Closeness.class")));
    }
  }

  @Test
  void aUsersMetricJudgesTheBundle() throws IOException {
    Ran ran = optimize(" implements Metric", "");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).contains("closeness");
    assertThat(folder.resolve("bundle")).isDirectory();
  }

  @Test
  void aClassThatIsNoMetric() throws IOException {
    Ran ran = optimize("", "");
    assertThat(ran.code()).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(ran.err()).contains("com.acme.Closeness", "implements dev.hasten.measure.Metric");
    assertThat(folder.resolve("bundle")).doesNotExist();
  }

  @Test
  void aMetricThatNeedsAnArgument() throws IOException {
    Ran ran = optimize(" implements Metric", "public Closeness(int k) {}");
    assertThat(ran.code()).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(ran.err()).contains("com.acme.Closeness", "constructor without parameters");
    assertThat(folder.resolve("bundle")).doesNotExist();
  }
}
