package dev.hasten.study;

import dev.hasten.compress.Candidate;
import dev.hasten.compress.Techniques;
import dev.hasten.graph.Model;
import dev.hasten.graph.TargetRuntime;
import dev.hasten.measure.DataSpec;
import dev.hasten.measure.Direction;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.Splits;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.EnvironmentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** One run of a study: its folder, lock and journal, from the workload to the bundle. */
final class StudyRun implements AutoCloseable {
  static final String JOURNAL = "journal.jsonl";
  static final String VERSION = "0.1.0";
  private static final String SIMPLIFY = "simplify";

  private final Workload workload;
  private final Study.Options options;
  private final Progress progress;
  private final StudyFolder folder;
  private final Hardware hardware = Hardware.detect();
  private final List<String> warnings = new ArrayList<>();

  StudyRun(Workload workload, Study.Options options, Progress progress) {
    this.workload = workload;
    this.options = options;
    this.progress = progress;
    this.folder = StudyFolder.open(workload);
  }

  static List<Study.Planned> candidates(Workload workload, Hardware hardware, Model model) {
    List<Study.Planned> planned = new ArrayList<>();
    for (Candidate candidate : Techniques.candidates(hardware, model)) {
      List<Step> steps =
          candidate.recipe().steps().stream()
              .map(s -> new Step(s.technique(), s.params()))
              .toList();
      if (steps.stream().allMatch(s -> wanted(workload, s.technique()))) {
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

  private static boolean wanted(Workload workload, String technique) {
    if (workload.exclude().contains(technique)) {
      return false;
    }
    // Recipes begin with it whatever they are about: whoever asks for int8 need not ask for it too.
    return workload.include().isEmpty()
        || technique.equals(SIMPLIFY)
        || workload.include().contains(technique);
  }

  StudyResult run() {
    Model model = Model.read(workload.model());
    checkOutput();
    Map<String, String> header = new LinkedHashMap<>();
    header.put("workload", folder.identity());
    header.put("hasten", VERSION);
    header.put("processor", hardware.processor() + ", " + hardware.cores() + " cores");
    header.put("runtime", Backend.cpu().version());
    try (Journal journal = Journal.open(folder.journal(), header, options.fresh());
        Lab lab =
            new Lab(
                workload,
                model,
                hardware,
                folder.artifacts(),
                folder.answers(header),
                progress.notesOnly())) {
      if (journal.resumed()) {
        progress.note("goes on from " + folder.journal());
      }
      Trial original =
          Trials.original(
              name(workload.model()), Hashes.size(workload.model()), Hashes.file(workload.model()));
      boolean higher = lab.metric().direction() == Direction.HIGHER_IS_BETTER;
      Search.Found found =
          new Search(workload, lab, journal, higher, progress)
              .run(original, () -> candidates(workload, hardware, model));
      lab.unjudged().ifPresent(warnings::add);
      warn(found);
      StudyResult result = result(model, lab, journal, found, higher);
      if (found.chosen() != null) {
        result =
            new Delivery(workload, options.reporter(), folder.staged())
                .write(result, found.chosen(), model(found.chosen(), lab));
      } else {
        options.reporter().write(result, folder.path());
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
    boolean zip = output.toString().toLowerCase(Locale.ROOT).endsWith(".zip");
    if (!zip && Files.isDirectory(output)) {
      if (!Files.exists(output.resolve(Bundle.MANIFEST)) && holdsFiles(output)) {
        throw new BadInputException(
            output + ": holds other files (expected: an empty or no folder, or a bundle)");
      }
    } else if (Files.exists(output) && !(zip && isBundleZip(output))) {
      throw new BadInputException(
          output + ": exists and is not a bundle (expected: a new name, or a bundle to replace)");
    }
  }

  private static boolean isBundleZip(Path file) {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return zip.getEntry(Bundle.MANIFEST) != null;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean holdsFiles(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isPresent();
    } catch (IOException e) {
      throw new EnvironmentException(folder + ": cannot be read: " + e, e);
    }
  }

  private void warn(Search.Found found) {
    Trial chosen = found.chosen();
    if (workload.data().stream().anyMatch(DataSpec::generated)) {
      warnings.add(
          "the examples were made up: quality and promise hold for such inputs only; before this is"
              + " used, run the study again on data of your own");
    }
    if (found.promisesTested() > 1) {
      warnings.add(
          found.promisesTested()
              + " finalists were tested on the test split; the confidence of each was raised so"
              + " that together they keep the one asked");
    }
    if (chosen != null && chosen.speed().stream().anyMatch(SpeedRow::drowned)) {
      warnings.add("at some rows the difference from the original is within this machine's noise");
    }
    if (chosen != null && found.tuning().isEmpty()) {
      warnings.add("run-time settings were not tried: the time was up, or memory too small");
    }
    if (chosen != null && found.after() == null) {
      warnings.add("the delivered model was not profiled: the time was up");
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
    TargetRuntime target = workload.limits().targetOrt();
    if (target != null) {
      limits.put("targetOrt", target.release());
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
            found.judged(),
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
        found.layers(),
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
      Optional<SpeedRow> speed = trial.at(found.judged());
      if (quality != null && speed.isPresent()) {
        points.add(
            new Frontier.Point(
                trial.id(),
                speed.get().speedup().estimate(),
                -quality.drop().estimate(),
                -(double) trial.fileBytes()));
      }
    }
    return Frontier.of(points);
  }

  /** The file of a trial. Should someone have cleared the artifacts, the recipe makes it again. */
  private static Path model(Trial chosen, Lab lab) {
    Path model = lab.file(Trials.subject(chosen));
    if (!Files.exists(model)) {
      lab.make(
          new Study.Planned(chosen.id(), chosen.label(), chosen.recipe(), chosen.expectation()));
    }
    return model;
  }

  static String name(Path path) {
    @Nullable Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }

  @Override
  public void close() {
    folder.close();
  }
}
