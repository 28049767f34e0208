package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.runtime.AtomicFiles;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TunedOn;
import dev.hasten.runtime.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the bundle of a study's winner. */
final class Delivery {
  private final Workload workload;
  private final Study.Reporter reporter;
  private final Path staged;

  /**
   * @param staged folder for the files that are made for the bundle
   */
  Delivery(Workload workload, Study.Reporter reporter, Path staged) {
    this.workload = workload;
    this.reporter = reporter;
    this.staged = staged;
  }

  /**
   * @param model the winner's file
   * @return the result with the bundle's files listed
   */
  StudyResult write(StudyResult result, Trial chosen, Path model) {
    Map<String, Path> files = new LinkedHashMap<>();
    files.put(Bundle.MODEL, model);
    // Weights in files of their own keep the names by which the model refers to them.
    Path folder = model.toAbsolutePath().getParent();
    for (Path part : Model.read(model).files()) {
      if (folder != null && !part.equals(model)) {
        files.put(folder.relativize(part.toAbsolutePath()).toString(), part);
      }
    }
    PipelineSpec pipeline = workload.pipeline();
    pipeline.files().forEach((name, file) -> files.put(name, workload.folder().resolve(file)));
    String recipe = Step.recipe(chosen.recipe()).toYaml();
    AtomicFiles.write(staged.resolve("recipe.yaml"), recipe);
    files.put("recipe.yaml", staged.resolve("recipe.yaml"));
    List<StudyResult.BundleFile> listed = new ArrayList<>();
    files.forEach((name, path) ->
        listed.add(new StudyResult.BundleFile(name, path.toFile().length(), Hashes.file(path))));
    StudyResult whole = result.withFiles(listed);
    reporter.write(whole, staged);
    for (String report : List.of("report.html", "report.json")) {
      if (Files.exists(staged.resolve(report))) {
        files.put(report, staged.resolve(report));
      }
    }
    BundleManifest manifest =
        BundleManifest.of(String.valueOf(workload.output().getFileName()), pipeline)
            .withRecipe(recipe)
            .withTuning(tuning(result.tuning()))
            .withTunedOn(TunedOn.here())
            .withSummary(summary(whole, chosen));
    Bundle.write(workload.output(), manifest, files);
    try {
      Leftovers.sweepBeside(workload.output());
    } catch (IOException e) {
      // The bundle is written; what a killed run left beside it is no reason to fail.
    }
    return whole;
  }

  private static Tuning tuning(List<StudyResult.TuningRow> rows) {
    Tuning defaults = Tuning.defaults();
    return rows.stream()
        .filter(StudyResult.TuningRow::chosen)
        .findFirst()
        .map(r ->
            defaults
                .withIntraOpThreads(r.threads())
                .withOptimization(Optimization.valueOf(r.optimization())))
        .orElse(defaults);
  }

  private static Map<String, Object> summary(StudyResult result, Trial chosen) {
    Map<String, Object> summary = new LinkedHashMap<>();
    chosen
        .at(result.asked().headline())
        .ifPresent(headline -> {
          summary.put("row", headline.row().toString());
          summary.put("speedup", headline.speedup().estimate());
          summary.put("speedupLow", headline.speedup().low());
          summary.put("speedupHigh", headline.speedup().high());
        });
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
}
