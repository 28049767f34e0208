package dev.hasten.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics compiled here and put in a jar, as a user would. */
class MetricJarTest {
  private static final String METRIC =
      """
      package com.acme;
      import dev.hasten.measure.*;
      import java.util.*;
      public class %s implements Metric {
        %s
        public String name() { return "acme"; }
        public String meaning() { return "share of rows that begin alike"; }
        public boolean needsLabels() { return false; }
        public Set<OutputKind> kinds() { return EnumSet.of(OutputKind.SCORES); }
        public Score score(Sample sample) { %s }
      }
      """;

  private static final String ALIKE =
      """
      double[] s = new double[sample.size()];
      for (int i = 0; i < s.length; i++)
        s[i] = Math.abs(sample.original().row(i)[0] - sample.candidate().row(i)[0]) < 1 ? 1 : 0;
      return Score.mean(s);
      """;

  @TempDir Path folder = Path.of(".");

  private Path jar(String name, String source) throws IOException {
    Path classes = Files.createTempDirectory(folder, "classes");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var file =
        new SimpleJavaFileObject(
            URI.create("string:///" + name + ".java"), SimpleJavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignore) {
            return source;
          }
        };
    List<String> options =
        List.of(
            "-d", classes.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none");
    assertThat(compiler.getTask(null, null, null, options, null, List.of(file)).call()).isTrue();
    Path jar = folder.resolve(name + ".jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      zip.putNextEntry(new ZipEntry("com/acme/" + name + ".class"));
      zip.write(Files.readAllBytes(classes.resolve("com/acme/" + name + ".class")));
    }
    return jar;
  }

  private static Sample sample() {
    Outputs original =
        new Outputs(OutputKind.SCORES, List.of(new float[] {1, 2}, new float[] {3, 4}));
    Outputs candidate =
        new Outputs(OutputKind.SCORES, List.of(new float[] {1, 2}, new float[] {9, 4}));
    return Sample.unlabeled(original, candidate);
  }

  @Test
  void runsAUsersClass() throws IOException {
    Metric metric =
        Metrics.ofJar(jar("Good", METRIC.formatted("Good", "", ALIKE)), "com.acme.Good");
    assertThat(metric.name()).isEqualTo("acme");
    Comparison comparison = Metrics.compare(metric, sample());
    assertThat(comparison.original()).isEqualTo(1);
    assertThat(comparison.candidate()).isEqualTo(0.5);
  }

  @Test
  void saysWhatIsWrongWithAJar() throws IOException {
    Path good = jar("Good", METRIC.formatted("Good", "", ALIKE));
    Map<String, Path> jars =
        Map.of(
            "no class com.acme.Bad in",
            good,
            "no such file",
            folder.resolve("none.jar"),
            "is a folder",
            folder,
            "not a jar that can be read",
            Files.writeString(folder.resolve("text.jar"), "no zip"));
    jars.forEach((message, jar) -> refuses(jar, "com.acme.Bad", message));
    refuses(good, "com.acme.Bad", "which holds com.acme.Good");
    refuses(
        jar("Other", "package com.acme; public class Other {}"),
        "com.acme.Other",
        "(expected: it implements dev.hasten.measure.Metric)");
    refuses(
        jar("Hidden", METRIC.formatted("Hidden", "private Hidden() {}", ALIKE)),
        "com.acme.Hidden",
        "public constructor without parameters");
    refuses(
        jar(
            "Thrower",
            METRIC.formatted(
                "Thrower",
                "public Thrower() { throw new IllegalStateException(\"no luck\"); }",
                ALIKE)),
        "com.acme.Thrower",
        "its constructor failed: java.lang.IllegalStateException: no luck");
  }

  @Test
  void namesTheClassThatFails() throws IOException {
    Metric failing =
        Metrics.ofJar(
            jar(
                "Failing",
                METRIC.formatted("Failing", "", "return Score.of(1 / (sample.size() - 2));")),
            "com.acme.Failing");
    assertThatThrownBy(() -> Metrics.compare(failing, sample()))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(
            "metric acme: class com.acme.Failing failed: java.lang.ArithmeticException");
    Metric few =
        Metrics.ofJar(
            jar("Few", METRIC.formatted("Few", "", "return Score.mean(new double[] {1});")),
            "com.acme.Few");
    assertThatThrownBy(() -> Metrics.compare(few, sample()))
        .hasMessageContaining("gave 1 scores for 2 examples");
  }

  private static void refuses(Path jar, String name, String message) {
    assertThatThrownBy(() -> Metrics.ofJar(jar, name))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }
}
