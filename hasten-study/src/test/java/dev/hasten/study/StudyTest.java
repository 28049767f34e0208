package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.Predictor;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole study of a real model, on the real runtime, from the workload file to the bundle. */
class StudyTest {
  private static final Study.Options REPORTED =
      new Study.Options(false, List.of("hasten optimize workload.yaml"), Report::write);

  @TempDir static Path folder;
  private static Workload workload;
  private static StudyResult first;
  private static List<String> journal;

  @BeforeAll
  static void study() throws IOException {
    workload = Workload.read(SmallStudy.write(folder));
    // What killed runs may have left: it must go.
    Files.createDirectories(Study.folder(workload).resolve("artifacts"));
    Files.writeString(Study.folder(workload).resolve("artifacts/.t1.onnx.ab12.tmp"), "half");
    Path beside = Files.createDirectories(folder.resolve(".bundle.ab12.tmp"));
    Files.writeString(beside.resolve("model.onnx"), "half");
    Files.setLastModifiedTime(beside, FileTime.from(Instant.EPOCH));
    first = Study.run(workload, REPORTED, Progress.NONE);
    journal = Files.readAllLines(Study.folder(workload).resolve("journal.jsonl"));
    copy(Study.folder(workload).resolve("artifacts"), folder.resolve("artifacts-then"));
  }

  @Test
  void theBundleHoldsASmallerModelThatAnswersAlike() throws IOException {
    assertThat(first.outcome().delivered()).as(first.outcome().reason()).isTrue();
    Trial delivered = first.delivered().orElseThrow();
    assertThat(delivered.recipe()).extracting(Step::technique).contains("dynamic-int8");
    Path bundle = folder.resolve("bundle");
    assertThat(Files.size(bundle.resolve("model.onnx")))
        .isEqualTo(delivered.fileBytes())
        .isLessThan(Files.size(folder.resolve("model.onnx")) / 2);

    float[] x = new float[SmallStudy.WIDTH];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) Math.sin(i);
    }
    try (Predictor predictor = Predictor.open(bundle);
        Session original =
            Backend.cpu().open(folder.resolve("model.onnx"), SessionOptions.defaults())) {
      Prediction answer =
          predictor.predict(Example.tensors(Map.of("x", NdArray.floats(x, SmallStudy.WIDTH))));
      NdArray expected =
          original
              .run(Map.of("x", NdArray.floats(x, 1, SmallStudy.WIDTH)))
              .values()
              .iterator()
              .next();
      NdArray y = Objects.requireNonNull(answer.outputs().get("y"));
      assertThat(cosine(y.toFloats(), expected.toFloats())).isGreaterThan(0.99);
    }
  }

  private static double cosine(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  @Test
  void theReportTellsWhatTheStudyFound() throws IOException {
    Path bundle = folder.resolve("bundle");
    StudyResult reported = StudyResult.fromJson(Files.readString(bundle.resolve("report.json")));
    assertThat(reported.outcome()).isEqualTo(first.outcome());
    assertThat(reported.trials()).isEqualTo(first.trials());
    assertThat(bundle.resolve("report.html"))
        .content()
        .startsWith("<!doctype html>")
        .contains(first.delivered().orElseThrow().label());
    assertThat(bundle.resolve("recipe.yaml")).content().contains("- dynamic-int8");
    assertThat(first.files()).extracting(StudyResult.BundleFile::name).contains("model.onnx");
  }

  @Test
  void thePromiseWasTestedOnDataThatTheSearchNeverSaw() {
    Trial delivered = first.delivered().orElseThrow();
    Quality test = Objects.requireNonNull(delivered.test());
    assertThat(test.verdict()).isEqualTo(Quality.Verdict.KEPT);
    assertThat(test.drop().high()).isLessThanOrEqualTo(0.01);
    StudyResult.Asked asked = first.asked();
    assertThat(asked.calibrate() + asked.validate() + asked.test()).isEqualTo(300);
    assertThat(test.examples()).isEqualTo(asked.test());
    assertThat(Objects.requireNonNull(delivered.validate()).examples()).isEqualTo(asked.validate());
    assertThat(delivered.memory()).isNotNull();
  }

  @Test
  void nothingHalfWrittenIsLeft() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.map(f -> String.valueOf(f.getFileName())))
          .noneMatch(name -> name.endsWith(".tmp"))
          .noneMatch(name -> name.matches("t\\d+\\.onnx"));
    }
  }

  @Test
  void againItGoesOnFromItsJournalToTheSame() throws IOException {
    List<String> notes = new ArrayList<>();
    StudyResult again =
        Study.run(
            workload,
            REPORTED,
            new Progress() {
              @Override
              public void note(String text) {
                notes.add(text);
              }
            });
    assertThat(again.outcome()).isEqualTo(first.outcome());
    assertThat(again.trials()).isEqualTo(first.trials());
    assertThat(again.started()).isEqualTo(first.started());
    assertThat(notes).first().asString().startsWith("goes on from ").endsWith("journal.jsonl");
    assertThat(Files.readAllLines(Study.folder(workload).resolve("journal.jsonl")))
        .isEqualTo(journal);
    assertThat(Study.plan(workload).resumes()).isTrue();
  }

  @Test
  void killedAfterItsTrialsItDeliversTheSameRecipe() throws IOException {
    Path other = Files.createDirectories(folder.resolve("killed"));
    Workload moved = Workload.read(SmallStudy.write(other));
    Path study = Files.createDirectories(Study.folder(moved));
    // The journal as a kill in the midst of the finals leaves it, with the identity of this one.
    String identity = identity(moved);
    StringBuilder left = new StringBuilder();
    for (String line : journal) {
      if (line.startsWith("{\"key\":\"finals\"")) {
        left.append(line, 0, line.length() / 2);
        break;
      }
      left.append(line.replace(identity(workload), identity)).append('\n');
    }
    assertThat(left.toString()).contains(identity, "{\"key\":\"trial/t2\"");
    Files.writeString(study.resolve("journal.jsonl"), left);
    copy(folder.resolve("artifacts-then"), study.resolve("artifacts"));

    StudyResult resumed = Study.run(moved, REPORTED, Progress.NONE);
    assertThat(resumed.delivered().orElseThrow().recipe())
        .isEqualTo(first.delivered().orElseThrow().recipe());
    assertThat(resumed.started()).isEqualTo(first.started());
    assertThat(other.resolve("bundle/model.onnx"))
        .hasSameBinaryContentAs(folder.resolve("bundle/model.onnx"));
  }

  private static String identity(Workload of) {
    try (StudyFolder opened = StudyFolder.open(of)) {
      return opened.identity();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void clearedArtifactsAreMadeAgain() throws IOException {
    Path artifacts = Study.folder(workload).resolve("artifacts");
    try (Stream<Path> files = Files.walk(artifacts)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    Trial delivered = first.delivered().orElseThrow();
    StudyResult again = Study.run(workload, REPORTED, Progress.NONE);
    assertThat(again.delivered().orElseThrow().sha256()).isEqualTo(delivered.sha256());
    try (Predictor predictor = Predictor.open(folder.resolve("bundle"))) {
      assertThat(predictor.warnings()).isEmpty();
    }
  }

  @Test
  void anotherFileInTheBundlesPlaceIsRefusedBeforeTheStudy() throws IOException {
    for (String name : List.of("notes.txt", "photos.zip")) {
      Path file = Files.writeString(folder.resolve(name), "mine");
      Workload over = workload.withOutput(file);
      assertThatThrownBy(() -> Study.run(over, REPORTED, Progress.NONE))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining(name);
      assertThat(file).hasContent("mine");
      assertThat(Study.folder(over).resolve(StudyRun.JOURNAL)).doesNotExist();
    }
  }

  @Test
  void whoAsksForInt8NeedNotAskForSimplifyToo() throws IOException {
    Path file = SmallStudy.write(Files.createDirectory(folder.resolve("include")));
    List<String> both = labels(file);
    Files.writeString(file, Files.readString(file).replace("[simplify, ", "["));
    assertThat(labels(file)).isNotEmpty().isEqualTo(both);
  }

  private static List<String> labels(Path file) {
    return Study.plan(Workload.read(file)).candidates().stream().map(c -> c.label()).toList();
  }

  @Test
  void twoStudiesInOneFolderAreRefused() {
    try (StudyFolder held = StudyFolder.open(workload)) {
      assertThatThrownBy(() -> Study.run(workload, REPORTED, Progress.NONE))
          .isInstanceOf(EnvironmentException.class)
          .hasMessage(
              held.path() + ": another study of this workload is running; wait for it or stop it");
    }
  }
}
