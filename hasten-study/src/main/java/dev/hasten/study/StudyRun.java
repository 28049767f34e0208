package dev.hasten.study;

import dev.hasten.compress.Candidate;
import dev.hasten.compress.Recipe;
import dev.hasten.compress.Techniques;
import dev.hasten.graph.Model;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Direction;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Splits;
import dev.hasten.runtime.AtomicFiles;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TunedOn;
import dev.hasten.runtime.Tuning;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One run of a study: its folder, lock and journal, from the workload to the bundle. */
final class StudyRun implements AutoCloseable {
  static final String JOURNAL = "journal.jsonl";
  static final String VERSION = "0.1.0";

  private final Workload workload;
  private final Study.Options options;
  private final Progress progress;
  private final Path folder;
  private final FileChannel lockFile;
  private final FileLock lock;
  private final Hardware hardware = Hardware.detect();
  private final List<String> warnings = new ArrayList<>();

  StudyRun(Workload workload, Study.Options options, Progress progress) {
    this.workload = workload;
    this.options = options;
    this.progress = progress;
    this.folder = folder(workload);
    try {
      Files.createDirectories(folder);
      this.lockFile =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      this.lock = locked();
    } catch (IOException e) {
      throw new EnvironmentException(
          folder + ": the study cannot be kept here: " + e + "; make the folder writable", e);
    }
  }

  private FileLock locked() throws IOException {
    FileLock taken = null;
    try {
      taken = lockFile.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another study of this process: the same refusal as for one of another process.
    }
    if (taken == null) {
      lockFile.close();
      throw new EnvironmentException(
          folder + ": another study of this workload is running; wait for it or stop it");
    }
    return taken;
  }

  /** Beside the workload, one folder for each workload, output and budget. */
  static Path folder(Workload workload) {
    return workload.folder().resolve(".hasten").resolve(identity(workload).substring(0, 16));
  }

  /** Changes with everything that the outcome depends on, file contents included. */
  private static String identity(Workload workload) {
    StringBuilder text = new StringBuilder();
    text.append(Hashes.file(workload.model())).append(workload.pipeline().toMap());
    if (workload.pipeline() instanceof PipelineSpec.Text spec) {
      text.append(Hashes.file(workload.folder().resolve(spec.tokenizer())));
    }
    for (DataSpec spec : workload.data()) {
      text.append(Hashes.file(spec.path())).append(spec);
    }
    workload.peers().forEach(p -> text.append(p.name()).append(Hashes.file(p.model())));
    text.append(workload.splitter().seed())
        .append(new TreeMap<>(workload.splitter().fractions()))
        .append(new TreeMap<>(workload.splitter().limits()))
        .append(workload.metric())
        .append(workload.promise())
        .append(workload.objective())
        .append(workload.limits())
        .append(workload.rows())
        .append(new java.util.TreeSet<>(workload.include()))
        .append(new java.util.TreeSet<>(workload.exclude()))
        .append(workload.output())
        .append(workload.budget());
    return Hashes.text(text.toString());
  }

  static List<Study.Planned> candidates(Workload workload, Hardware hardware, Model model) {
    List<String> known = Techniques.all().stream().map(t -> t.name()).toList();
    for (String name : workload.include()) {
      check(name, "techniques.include", known, workload);
    }
    for (String name : workload.exclude()) {
      check(name, "techniques.exclude", known, workload);
    }
    List<Study.Planned> planned = new ArrayList<>();
    for (Candidate candidate : Techniques.candidates(hardware, model)) {
      List<Step> steps =
          candidate.recipe().steps().stream()
              .map(s -> new Step(s.technique(), s.params()))
              .toList();
      boolean wanted =
          steps.stream()
              .allMatch(s ->
                  !workload.exclude().contains(s.technique())
                      && (workload.include().isEmpty()
                          || workload.include().contains(s.technique())));
      if (wanted) {
        planned.add(
            new Study.Planned(
                "t" + (planned.size() + 1), candidate.name(), steps, candidate.why()));
      }
    }
    if (planned.isEmpty()) {
      throw new BadInputException(
          workload.file() + ": techniques: no candidate is left; include or allow more");
    }
    return List.copyOf(planned);
  }

  private static void check(String name, String where, List<String> known, Workload workload) {
    if (!known.contains(name)) {
      throw new BadInputException(
          "%s: %s: '%s' (%s)".formatted(workload.file(), where, name, Words.hint(name, known)));
    }
  }

  StudyResult run() {
    Model model = Model.read(workload.model());
    checkOutput();
    Map<String, String> header = new LinkedHashMap<>();
    header.put("workload", identity(workload));
    header.put("hasten", VERSION);
    header.put("processor", hardware.processor() + ", " + hardware.cores() + " cores");
    header.put("runtime", Backend.cpu().version());
    try (Journal journal = Journal.open(folder.resolve(JOURNAL), header, options.fresh());
        Lab lab = new Lab(workload, model, hardware, folder.resolve("artifacts"))) {
      if (journal.resumed()) {
        progress.note("goes on from " + folder.resolve(JOURNAL));
      }
      Trial original =
          Trials.original(
              name(workload.model()), Hashes.size(workload.model()), Hashes.file(workload.model()));
      boolean higher = lab.metric().direction() == Direction.HIGHER_IS_BETTER;
      Search.Found found =
          new Search(workload, lab, journal, higher, progress)
              .run(original, () -> candidates(workload, hardware, model));
      warn(found);
      StudyResult result = result(model, lab, journal, found, higher);
      if (found.chosen() != null) {
        result = deliver(result, lab, found.chosen(), found);
      } else {
        options.reporter().write(result, folder);
      }
      progress.at("done", 1, Duration.ZERO);
      return result;
    }
  }

  /** Better before the study than after it. */
  private void checkOutput() {
    Path output = workload.output();
    Path parent = output.toAbsolutePath().getParent();
    while (parent != null && !Files.exists(parent)) {
      parent = parent.getParent();
    }
    if (parent == null || !Files.isWritable(parent)) {
      throw new EnvironmentException(
          output + ": cannot be written: " + parent + " is read-only; give another output");
    }
    try {
      if (Files.isDirectory(output)
          && !Files.exists(output.resolve(Bundle.MANIFEST))
          && Files.list(output).findAny().isPresent()) {
        throw new BadInputException(
            output + ": holds other files (expected: an empty or no folder, or a bundle)");
      }
    } catch (IOException e) {
      throw new EnvironmentException(output + ": cannot be read: " + e, e);
    }
  }

  private void warn(Search.Found found) {
    Trial chosen = found.chosen();
    if (found.promisesTested() > 1) {
      warnings.add(
          found.promisesTested()
              + " finalists were tested on the test split; the confidence of each was raised so"
              + " that together they keep the one asked");
    }
    if (chosen != null && chosen.speed().stream().anyMatch(SpeedRow::drowned)) {
      warnings.add("at some rows the difference from the original is within this machine's noise");
    }
    warnings.forEach(progress::note);
  }

  private StudyResult result(
      Model model, Lab lab, Journal journal, Search.Found found, boolean higher) {
    Splits splits = lab.data().splits();
    Workload.Asked promise = workload.promise();
    Map<String, String> limits = new TreeMap<>();
    workload.limits().peakBytes().ifPresent(b -> limits.put("memory", b + " bytes"));
    workload.limits().fileBytes().ifPresent(b -> limits.put("size", b + " bytes"));
    Duration p99 = workload.limits().p99();
    if (p99 != null) {
      limits.put("p99", Durations.text(p99));
    }
    StudyResult.Asked asked =
        new StudyResult.Asked(
            name(workload.model()),
            found.baseline().sha256(),
            found.baseline().fileBytes(),
            model.parameters(),
            model.opset(),
            workload.data().stream().map(spec -> name(spec.path())).toList(),
            workload.data().getFirst().format().name(),
            splits.calibrate().size(),
            splits.validate().size(),
            splits.test().size(),
            lab.metric().name(),
            lab.metric().meaning(),
            higher,
            promise.maxDrop(),
            promise.confidence(),
            promise.floor().isPresent() ? promise.floor().getAsDouble() : null,
            workload.objective(),
            workload.budget().total(),
            workload.rows(),
            workload.rows().getFirst(),
            limits);
    Map<String, String> versions = new TreeMap<>();
    versions.put("JDK", System.getProperty("java.version"));
    versions.put("ONNX Runtime", Backend.cpu().version());
    versions.put("OS", hardware.system());
    Trial chosen = found.chosen();
    return new StudyResult(
        VERSION,
        journal.started(),
        journal.spent(),
        asked,
        new StudyResult.Outcome(
            chosen != null,
            chosen == null ? null : chosen.id(),
            found.reason(),
            found.promisesTested()),
        found.baseline(),
        found.trials(),
        found.peers(),
        frontier(found),
        found.before(),
        found.after(),
        Advisor.advise(found.before(), hardware),
        found.tuning(),
        hardware,
        versions,
        options.commands(),
        List.of(),
        warnings);
  }

  private static List<String> frontier(Search.Found found) {
    List<Frontier.Point> points = new ArrayList<>();
    points.add(new Frontier.Point("baseline", 1, 0, -(double) found.baseline().fileBytes()));
    for (Trial trial : found.trials()) {
      Quality quality = trial.validate();
      if (quality != null && !trial.speed().isEmpty()) {
        points.add(
            new Frontier.Point(
                trial.id(),
                trial.speed().getFirst().speedup().estimate(),
                -quality.drop().estimate(),
                -(double) trial.fileBytes()));
      }
    }
    return Frontier.of(points);
  }

  private StudyResult deliver(StudyResult result, Lab lab, Trial chosen, Search.Found found) {
    Path model = lab.file(new TrialRunner.Subject(chosen.id(), Trials.artifact(chosen)));
    if (!Files.exists(model)) {
      // Someone cleared the artifacts: the recipe makes the same file again.
      lab.make(
          new Study.Planned(chosen.id(), chosen.label(), chosen.recipe(), chosen.expectation()));
    }
    Map<String, Path> files = new LinkedHashMap<>();
    files.put(Bundle.MODEL, model);
    PipelineSpec pipeline = workload.pipeline();
    if (pipeline instanceof PipelineSpec.Text text) {
      files.put(Bundle.TOKENIZER, workload.folder().resolve(text.tokenizer()));
    }
    String recipe =
        new Recipe(
                chosen.recipe().stream()
                    .map(s -> new dev.hasten.compress.Step(s.technique(), s.params()))
                    .toList())
            .toYaml();
    Path staged = folder.resolve("bundle-files");
    AtomicFiles.write(staged.resolve("recipe.yaml"), recipe);
    files.put("recipe.yaml", staged.resolve("recipe.yaml"));
    List<StudyResult.BundleFile> listed = new ArrayList<>();
    files.forEach((name, path) ->
        listed.add(new StudyResult.BundleFile(name, Hashes.size(path), Hashes.file(path))));
    StudyResult whole = withFiles(result, listed);
    options.reporter().write(whole, staged);
    for (String report : List.of("report.html", "report.json")) {
      if (Files.exists(staged.resolve(report))) {
        files.put(report, staged.resolve(report));
      }
    }
    BundleManifest manifest =
        BundleManifest.of(name(workload.output()), pipeline)
            .withRecipe(recipe)
            .withTuning(tuning(found.tuning()))
            .withTunedOn(TunedOn.here())
            .withSummary(summary(whole, chosen));
    Bundle.write(workload.output(), manifest, files);
    return whole;
  }

  private static Tuning tuning(List<StudyResult.TuningRow> rows) {
    Tuning defaults = Tuning.defaults();
    return rows.stream()
        .filter(StudyResult.TuningRow::chosen)
        .findFirst()
        .map(r ->
            new Tuning(
                defaults.backend(),
                r.threads(),
                Optimization.valueOf(r.optimization()),
                defaults.spinning(),
                defaults.maxBatch()))
        .orElse(defaults);
  }

  private static Map<String, Object> summary(StudyResult result, Trial chosen) {
    Map<String, Object> summary = new LinkedHashMap<>();
    SpeedRow headline = chosen.speed().getFirst();
    summary.put("row", headline.row().toString());
    summary.put("speedup", headline.speedup().estimate());
    summary.put("speedupLow", headline.speedup().low());
    summary.put("speedupHigh", headline.speedup().high());
    summary.put("metric", result.asked().metric());
    summary.put("maxDrop", result.asked().maxDrop());
    summary.put("confidence", result.asked().confidence());
    Quality test = chosen.test();
    if (test != null) {
      summary.put("score", test.candidate());
      summary.put("drop", test.drop().estimate());
      summary.put("verdict", test.text());
    }
    return summary;
  }

  private static StudyResult withFiles(StudyResult r, List<StudyResult.BundleFile> files) {
    return new StudyResult(
        r.hasten(),
        r.started(),
        r.took(),
        r.asked(),
        r.outcome(),
        r.baseline(),
        r.trials(),
        r.peers(),
        r.frontier(),
        r.before(),
        r.after(),
        r.advice(),
        r.tuning(),
        r.hardware(),
        r.versions(),
        r.commands(),
        files,
        r.warnings());
  }

  static String name(Path path) {
    @Nullable Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }

  @Override
  public void close() {
    try {
      lock.release();
      lockFile.close();
    } catch (IOException e) {
      throw new EnvironmentException(folder + ": the lock cannot be released: " + e, e);
    }
  }
}
