package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleTest {
  private static final TunedOn ELSEWHERE =
      new TunedOn("Some Processor", List.of("avx2", "avx512_vnni"), "onnxruntime 1.17.0");

  @SuppressWarnings("NullAway.Init")
  @TempDir
  Path folder;

  private final Map<String, Path> files = new LinkedHashMap<>();

  private static BundleManifest manifest() {
    return BundleManifest.of(
            "cats", PipelineSpec.Text.of("data/my-tokenizer.json").withPrefix("q: "))
        .withRecipe("steps:\n  - simplify\n")
        .withTuning(Tuning.defaults().withIntraOpThreads(2).withMaxBatch(8))
        .withTunedOn(ELSEWHERE)
        .withSummary(Map.of("maxDrop", 0.01, "rows", List.of(1L, 128L), "kept", true));
  }

  @BeforeEach
  void inputs() throws IOException {
    files.put("model.onnx", Files.writeString(folder.resolve("m"), "not really a model"));
    files.put("tokenizer.json", Files.writeString(folder.resolve("t"), "{}"));
    files.put("report/report.html", Files.writeString(folder.resolve("r"), "<html>"));
  }

  @Test
  void newSettingsLeaveEverythingElseAsItWas() throws IOException {
    Tuning tuned =
        Tuning.defaults()
            .withIntraOpThreads(1)
            .withBatching(
                Batching.defaults()
                    .withCost(new BatchCost(1e-3, 0, 1e-5, 0, 100, 10))
                    .withMemoryBytes(1 << 20)
                    .withDeadline(java.time.Duration.ofMillis(20)));
    Path page = Files.writeString(folder.resolve("page"), "<svg>");
    for (String name : List.of("bundle", "bundle.zip")) {
      Path to = folder.resolve("tuned").resolve(name);
      Bundle.write(to, manifest(), files);
      BundleManifest before;
      try (Bundle bundle = Bundle.open(to)) {
        before = bundle.manifest();
      }
      Bundle.retune(to, tuned, Map.of("tune.html", page));
      Bundle.retune(to, tuned, Map.of("tune.html", page));
      try (Bundle bundle = Bundle.open(to)) {
        BundleManifest after = bundle.manifest();
        assertThat(after.tuning()).isEqualTo(tuned);
        assertThat(after.tunedOn()).contains(TunedOn.here());
        assertThat(after.summary()).isEqualTo(before.summary());
        assertThat(after.recipe()).isEqualTo(before.recipe());
        assertThat(after.files()).containsAllEntriesOf(before.files());
        assertThat(bundle.model()).hasContent("not really a model");
        assertThat(bundle.folder().resolve("tune.html")).hasContent("<svg>");
      }
    }
  }

  @Test
  void aReportTakesNoPlaceOfAPart() throws IOException {
    Path to = folder.resolve("kept");
    Bundle.write(to, manifest(), files);
    Path page = Files.writeString(folder.resolve("page"), "<svg>");
    assertThatThrownBy(() -> Bundle.retune(to, Tuning.defaults(), Map.of("model.onnx", page)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("model.onnx is part of it");
    assertThat(to.resolve("model.onnx")).hasContent("not really a model");
  }

  @Test
  void comesBackAsWritten() throws IOException {
    for (String name : List.of("bundle", "bundle.zip")) {
      Path to = folder.resolve("made").resolve(name);
      Bundle.write(to, manifest(), files);
      try (Bundle bundle = Bundle.open(to)) {
        BundleManifest read = bundle.manifest();
        assertThat(read.withFiles(Map.of()))
            .isEqualTo(
                manifest().withPipeline(PipelineSpec.Text.of("tokenizer.json").withPrefix("q: ")));
        assertThat(read.files()).containsOnlyKeys(files.keySet());
        assertThat(bundle.model()).hasContent("not really a model").hasFileName("model.onnx");
        assertThat(bundle.tokenizer()).hasValueSatisfying(t -> assertThat(t).hasContent("{}"));
        assertThat(bundle.folder().resolve("report/report.html")).hasContent("<html>");
        assertThat(bundle.warnings())
            .anySatisfy(w -> assertThat(w).contains("Some Processor", "hasten optimize"))
            .anySatisfy(w -> assertThat(w).contains("1.17.0", "1.29.0"));
      }
      assertThat(names(folder.resolve("made"))).doesNotContain("tmp");
    }
  }

  @Test
  void closingDeletesOnlyWhatAZipWasUnpackedTo() {
    Path zip = folder.resolve("b.zip");
    Bundle.write(zip, manifest(), files);
    Bundle bundle = Bundle.open(zip);
    assertThat(bundle.folder()).exists();
    bundle.close();
    assertThat(bundle.folder()).doesNotExist();
    assertThat(zip).exists();
  }

  @Test
  void theSameContentMakesTheSameZip() {
    Bundle.write(folder.resolve("a.zip"), manifest(), files);
    Bundle.write(folder.resolve("b.zip"), manifest(), files);
    assertThat(folder.resolve("a.zip")).hasSameBinaryContentAs(folder.resolve("b.zip"));
  }

  @Test
  void replacesABundleButNothingElse() throws IOException {
    Path to = folder.resolve("bundle");
    Bundle.write(to, manifest(), files);
    files.remove("report/report.html");
    Bundle.write(to, manifest(), files);
    assertThat(names(to)).isEqualTo("bundle.json model.onnx tokenizer.json");

    Path own = Files.createDirectory(folder.resolve("photos"));
    Files.writeString(own.resolve("cat.jpg"), "meow");
    refuses(() -> Bundle.write(own, manifest(), files), "photos", "not a bundle");
    assertThat(own.resolve("cat.jpg")).hasContent("meow");
    Path text = Files.writeString(folder.resolve("notes.zip"), "mine");
    refuses(() -> Bundle.write(text, manifest(), files), "notes.zip", "not a bundle");
    assertThat(text).hasContent("mine");
  }

  @Test
  void aFailedWriteLeavesWhatWasThere() {
    Path to = folder.resolve("bundle");
    Bundle.write(to, manifest(), files);
    files.put("model.onnx", folder.resolve("gone"));
    refuses(() -> Bundle.write(to, manifest(), files), "gone", "model.onnx");
    files.remove("model.onnx");
    refuses(() -> Bundle.write(to, manifest(), files), "model.onnx is missing");
    try (Bundle bundle = Bundle.open(to)) {
      assertThat(bundle.model()).hasContent("not really a model");
    }
  }

  @Test
  void namesWhatIsMissingOrDamaged() throws IOException {
    Path to = folder.resolve("bundle");
    Bundle.write(to, manifest(), files);
    Files.writeString(to.resolve("model.onnx"), "not really a modem");
    refuses(() -> Bundle.open(to), "model.onnx", "SHA-256 is", "expected");
    Files.delete(to.resolve("tokenizer.json"));
    Files.writeString(to.resolve("model.onnx"), "not really a model");
    refuses(() -> Bundle.open(to), "tokenizer.json is missing");
    Files.delete(to.resolve("bundle.json"));
    refuses(() -> Bundle.open(to), "has no bundle.json");
    refuses(() -> Bundle.open(folder.resolve("nowhere")), "nowhere", "no such file");
    refuses(() -> Bundle.open(folder.resolve("m")), "expected: a folder or a zip");
  }

  @Test
  void namesTheBadFieldOfTheManifest() throws IOException {
    Path to = folder.resolve("bundle");
    Bundle.write(to, manifest(), files);
    Path json = to.resolve("bundle.json");
    String good = Files.readString(json);
    Map<String, List<String>> edits = new LinkedHashMap<>();
    edits.put("{", List.of("not valid JSON"));
    edits.put("[]", List.of("not a JSON object"));
    edits.put("{}", List.of("schema: 0 (expected: 1"));
    edits.put(
        good.replace("\"schema\" : 1", "\"schema\" : 2"), List.of("schema: 2", "newer Hasten"));
    edits.put(good.replace("\"text\"", "\"video\""), List.of("pipeline.type: video", "text"));
    edits.put(
        good.replace("\"maxLength\" : 512", "\"maxLength\" : -3"),
        List.of("pipeline.maxLength: -3"));
    edits.put(
        good.replace("\"maxLength\"", "\"maxLenght\""), List.of("pipeline.maxLenght", "unknown"));
    edits.put(
        good.replace("\"mean\"", "\"max\""),
        List.of("pipeline.pooling: max", "[none, mean, cls, last]"));
    edits.put(good.replace("\"maxBatch\" : 8", "\"maxBatch\" : 0"), List.of("tuning.maxBatch: 0"));
    edits.put(
        good.replace("\"model.onnx\"", "\"other.onnx\""), List.of("model.onnx is not listed"));
    edits.put(
        good.replace("report/report.html", "../../report.html"),
        List.of("../../report.html", "leads out"));
    edits.put(
        good.replace("report/report.html", "/etc/passwd"), List.of("/etc/passwd", "leads out"));
    for (Map.Entry<String, List<String>> edit : edits.entrySet()) {
      assertThat(edit.getKey()).isNotEqualTo(good);
      Files.writeString(json, edit.getKey());
      refuses(() -> Bundle.open(to), edit.getValue().toArray(new String[0]));
      refuses(() -> Bundle.open(to), "bundle.json");
    }
  }

  @Test
  void refusesAZipThatLeadsOut() throws IOException {
    for (String evil :
        List.of("../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:evil")) {
      Path zip = folder.resolve("evil.zip");
      try (OutputStream out = Files.newOutputStream(zip);
          ZipOutputStream entries = new ZipOutputStream(out)) {
        entries.putNextEntry(new ZipEntry("bundle.json"));
        entries.write("{}".getBytes(StandardCharsets.UTF_8));
        entries.putNextEntry(new ZipEntry(evil));
        entries.write(1);
      }
      refuses(() -> Bundle.open(zip), evil, "leads out of the bundle");
    }
    assertThat(folder.resolveSibling("evil.txt")).doesNotExist();
  }

  @Test
  void refusesADamagedZip() throws IOException {
    Path zip = folder.resolve("b.zip");
    Bundle.write(zip, manifest(), files);
    byte[] bytes = Files.readAllBytes(zip);
    Files.write(zip, Arrays.copyOf(bytes, bytes.length / 2));
    refuses(() -> Bundle.open(zip), "b.zip", "expected: a folder or a zip");
    bytes[60] ^= 4;
    Files.write(zip, bytes);
    refuses(() -> Bundle.open(zip), "b.zip");
  }

  private static void refuses(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOf(BadInputException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  private static String names(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return String.join(" ", entries.map(p -> p.getFileName().toString()).sorted().toList());
    }
  }
}
