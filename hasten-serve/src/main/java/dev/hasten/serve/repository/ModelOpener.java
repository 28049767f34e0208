package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Batcher;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.Tuning;
import dev.hasten.serve.wire.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Opens one version of a model, a bundle or a plain ONNX file, and warms it up. */
final class ModelOpener {
  private static final String REPORT = "report.html";

  private final BatcherOptions options;

  ModelOpener(BatcherOptions options) {
    this.options = options;
  }

  /**
   * @throws BadInputException if it is neither a bundle nor a folder with a model, is damaged, is
   *     not what its configuration says, or fails its warm-up
   */
  Slot open(String name, String version, ModelFiles.Version files) {
    if (files.problem().isPresent()) {
      throw new BadInputException(files.problem().get());
    }
    Optional<TritonConfig> config = TritonConfig.read(files.home(), name);
    Statistics statistics = new Statistics();
    Batcher batcher = batcher(files.path(), config, options.withListener(statistics));
    try {
      boolean batches =
          Declarations.batch(batcher.inputs(), batcher.outputs())
              && config.map(TritonConfig::batches).orElse(true);
      Declarations declared = new Declarations(batcher.inputs(), batcher.outputs(), batches);
      config.ifPresent(declared::check);
      List<String> warnings = new ArrayList<>(batcher.warnings());
      config.ifPresent(its -> warnings.addAll(its.notes()));
      List<WarmUpSample> samples =
          config
              .map(its -> WarmUpSample.all(its, batcher.inputs(), files.home()))
              .orElse(List.of());
      ModelConfig complete = declared.complete(name, batcher.tuning().maxBatch(), config);
      Reshaping reshaping = new Reshaping(complete, batches);
      WarmUp.of(batcher, reshaping).run(samples).ifPresent(warnings::add);
      statistics.begin();
      Path report = files.path().resolve(REPORT);
      ServedModel served =
          new ServedModel(
              name,
              version,
              batcher,
              statistics,
              complete,
              Files.isRegularFile(report) ? Optional.of(report) : Optional.empty(),
              warnings,
              reshaping,
              config.map(TritonConfig::labels).orElse(Map.of()));
      return new Slot(served, batcher);
    } catch (RuntimeException | Error e) {
      batcher.close();
      throw e;
    }
  }

  private static Batcher batcher(Path path, Optional<TritonConfig> config, BatcherOptions options) {
    BatcherOptions asked = config.map(its -> its.options(options)).orElse(options);
    if (Files.isRegularFile(path) || Files.isRegularFile(path.resolve(Bundle.MANIFEST))) {
      return Batcher.open(
          path, config.map(its -> asked.withTuning(its.tuning(tuned(path)))).orElse(asked));
    }
    Path model = model(path, config.map(TritonConfig::filename).orElse(Bundle.MODEL));
    return Batcher.openModel(
        model,
        new PipelineSpec.Tensors(config.map(TritonConfig::batches).orElse(true)),
        config.map(its -> its.tuning(Tuning.defaults())).orElse(Tuning.defaults()),
        asked);
  }

  private static Tuning tuned(Path bundle) {
    try (Bundle open = Bundle.open(bundle)) {
      return open.manifest().tuning();
    }
  }

  /** The file, or the one of the same name in a folder of that name, beside its weights. */
  private static Path model(Path folder, String filename) {
    Path file = folder.resolve(filename);
    Path inside = file.resolve(filename);
    if (Files.isRegularFile(inside)) {
      return inside;
    }
    if (!Files.isRegularFile(file)) {
      throw new BadInputException(folder + ": neither a bundle nor a folder with a " + filename);
    }
    return file;
  }
}
