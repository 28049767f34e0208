package dev.hasten.serve.repository;

import com.google.protobuf.TextFormat;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.BatchPolicy;
import dev.hasten.runtime.BatcherOptions;
import dev.hasten.runtime.Batching;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.Cores;
import dev.hasten.runtime.Optimization;
import dev.hasten.runtime.Tuning;
import dev.hasten.serve.wire.ModelConfig;
import dev.hasten.serve.wire.ModelDynamicBatching;
import dev.hasten.serve.wire.ModelInstanceGroup;
import dev.hasten.serve.wire.ModelOutput;
import dev.hasten.serve.wire.ModelQueuePolicy;
import dev.hasten.serve.wire.ModelVersionPolicy;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model's {@code config.pbtxt}, as Triton Inference Server has it, and what it asks of the
 * batcher. A field that Triton does not know is an error, as there; one that this server cannot
 * follow is an error where answers would differ, else it is told of in {@link #notes}.
 *
 * @param file for messages
 */
record TritonConfig(Path file, ModelConfig config) {
  static final String FILE = "config.pbtxt";

  /** Larger files are not configurations. */
  private static final long MOST_BYTES = 1 << 20;

  private static final String THREADS = "intra_op_thread_count";

  /** How the batcher forms batches: {@code adaptive}, which is the default, or {@code fixed}. */
  private static final String POLICY = "hasten_batching";

  /**
   * The configuration beside a model's versions.
   *
   * @param home the model's folder, or a bundle's zip
   * @param model the folder's name
   * @throws BadInputException naming file, line and column of what is wrong
   */
  static Optional<TritonConfig> read(Path home, String model) {
    Path file = home.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    ModelConfig.Builder config = ModelConfig.newBuilder();
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new BadInputException(file + ": more than 1 MiB (expected: a model's configuration)");
      }
      TextFormat.merge(Files.readString(file), config);
    } catch (TextFormat.ParseException e) {
      throw new BadInputException(file + ":" + e.getMessage(), e);
    } catch (CharacterCodingException e) {
      throw new BadInputException(file + ": not text in UTF-8", e);
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
    TritonConfig read = new TritonConfig(file, config.build());
    read.check(model);
    return Optional.of(read);
  }

  private void check(String model) {
    if (!config.getName().isEmpty() && !config.getName().equals(model)) {
      throw fault("name: '%s' (expected: '%s', as its folder)".formatted(config.getName(), model));
    }
    String backend = config.getBackend();
    String platform = config.getPlatform();
    boolean onnx =
        (backend.isEmpty() || backend.equals("onnxruntime"))
            && (platform.isEmpty() || platform.equals("onnxruntime_onnx"));
    if (!onnx) {
      throw fault(
          "%s: '%s' (expected: onnxruntime; only ONNX models are served)"
              .formatted(
                  backend.isEmpty() ? "platform" : "backend",
                  backend.isEmpty() ? platform : backend));
    }
    if (config.getMaxBatchSize() < 0) {
      throw fault("max_batch_size: %d (expected: >= 0)".formatted(config.getMaxBatchSize()));
    }
    String filename = config.getDefaultModelFilename();
    if (!filename.isEmpty() && !plain(filename)) {
      throw fault(
          "default_model_filename: '%s' (expected: a file's name, without a folder)"
              .formatted(filename));
    }
    refuse(config.hasSequenceBatching(), "sequence_batching: sequences are not supported");
    refuse(config.hasEnsembleScheduling(), "ensemble_scheduling: ensembles are not supported");
    refuse(
        config.getModelTransactionPolicy().getDecoupled(),
        "model_transaction_policy: decoupled answers are not supported");
    refuse(config.getBatchInputCount() > 0, "batch_input: not supported");
    refuse(config.getBatchOutputCount() > 0, "batch_output: not supported");
    refuse(
        config.getModelOperations().getOpLibraryFilenameCount() > 0,
        "model_operations: libraries of operators are not loaded");
    refuse(
        config.getModelRepositoryAgents().getAgentsCount() > 0,
        "model_repository_agents: not supported");
    config
        .getInputList()
        .forEach(input ->
            refuse(
                input.getAllowRaggedBatch(),
                "input '" + input.getName() + "': allow_ragged_batch: not supported"));
    versions();
    parameter(THREADS).ifPresent(this::threads);
    parameter(POLICY)
        .filter(word -> !word.equals("adaptive") && !word.equals("fixed"))
        .ifPresent(word -> {
          throw fault("parameters: %s: '%s' (expected: adaptive or fixed)".formatted(POLICY, word));
        });
  }

  static boolean plain(String filename) {
    return !filename.isEmpty()
        && !filename.contains("/")
        && !filename.contains("\\")
        && !filename.equals("..")
        && !filename.equals(".");
  }

  private void refuse(boolean there, String message) {
    if (there) {
      throw fault(message);
    }
  }

  BadInputException fault(String message) {
    return new BadInputException(file + ": " + message);
  }

  private Optional<String> parameter(String name) {
    return config.containsParameters(name)
        ? Optional.of(config.getParametersOrThrow(name).getStringValue().strip())
        : Optional.empty();
  }

  private int threads(String text) {
    if (!text.matches("[0-9]{1,4}")) {
      throw fault("parameters: %s: '%s' (expected: 0 to 9999)".formatted(THREADS, text));
    }
    return Integer.parseInt(text);
  }

  /** Whether inputs, outputs and the batch are left to the model's own declarations. */
  boolean completes() {
    return config.getMaxBatchSize() == 0
        && config.getInputCount() == 0
        && config.getOutputCount() == 0;
  }

  /** Whether the first axis of every tensor is the batch. */
  boolean batches() {
    return completes() || config.getMaxBatchSize() > 0;
  }

  /** The model's file in a version's folder. */
  String filename() {
    return config.getDefaultModelFilename().isEmpty()
        ? Bundle.MODEL
        : config.getDefaultModelFilename();
  }

  /**
   * The names of classes, by output.
   *
   * @throws BadInputException if a file of them cannot be read
   */
  Map<String, List<String>> labels() {
    Map<String, List<String>> labels = new HashMap<>();
    for (ModelOutput output : config.getOutputList()) {
      String name = output.getLabelFilename();
      if (!name.isEmpty()) {
        if (!plain(name)) {
          throw fault(
              "output '%s': label_filename: '%s' (expected: a file's name, without a folder)"
                  .formatted(output.getName(), name));
        }
        Path labelled = file.resolveSibling(name);
        try {
          labels.put(output.getName(), Files.readAllLines(labelled));
        } catch (IOException e) {
          throw new BadInputException(
              "%s: output '%s': label_filename: %s: no such file, or not text in UTF-8"
                  .formatted(file, output.getName(), labelled),
              e);
        }
      }
    }
    return labels;
  }

  /** Which versions are served; absent: not said. */
  Optional<VersionPolicy> versions() {
    ModelVersionPolicy policy = config.getVersionPolicy();
    return switch (policy.getPolicyChoiceCase()) {
      case LATEST ->
          Optional.of(new VersionPolicy.Latest(Math.max(1, policy.getLatest().getNumVersions())));
      case ALL -> Optional.of(new VersionPolicy.All());
      case SPECIFIC -> {
        if (policy.getSpecific().getVersionsCount() == 0) {
          throw fault("version_policy: specific: no versions (expected: at least one)");
        }
        yield Optional.of(
            new VersionPolicy.Specific(new HashSet<>(policy.getSpecific().getVersionsList())));
      }
      case POLICYCHOICE_NOT_SET -> Optional.empty();
    };
  }

  /** How the model is run: what is not said here is as before. */
  Tuning tuning(Tuning before) {
    Tuning tuning = before;
    if (!completes()) {
      tuning = tuning.withMaxBatch(Math.max(1, config.getMaxBatchSize()));
    }
    switch (config.getOptimization().getGraph().getLevel()) {
      case -1 -> tuning = tuning.withOptimization(Optimization.BASIC);
      case 1 -> tuning = tuning.withOptimization(Optimization.EXTENDED);
      default -> {
        // The runtime's own: all.
      }
    }
    Batching batching = before.batching().orElse(Batching.defaults());
    int instances = instances();
    @Nullable String threads = parameter(THREADS).orElse(null);
    if (threads != null) {
      tuning = tuning.withIntraOpThreads(threads(threads));
    }
    if (instances > 0) {
      batching = batching.withInstances(instances);
      if (threads == null) {
        tuning = tuning.withIntraOpThreads(Math.max(1, Cores.available() / instances));
      }
    }
    ModelQueuePolicy queue = config.getDynamicBatching().getDefaultQueuePolicy();
    if (queue.getDefaultTimeoutMicroseconds() > 0
        && queue.getTimeoutAction() == ModelQueuePolicy.TimeoutAction.REJECT) {
      batching = batching.withDeadline(micros("timeout", queue.getDefaultTimeoutMicroseconds()));
    }
    if (parameter(POLICY).filter("fixed"::equals).isPresent()) {
      batching = batching.withPolicy(fixed(tuning.maxBatch()));
    }
    return tuning.withBatching(batching);
  }

  private BatchPolicy fixed(int maxBatch) {
    ModelDynamicBatching dynamic = config.getDynamicBatching();
    int size =
        dynamic.getPreferredBatchSizeList().stream()
            .mapToInt(Integer::intValue)
            .max()
            .orElse(maxBatch);
    return new BatchPolicy.Fixed(
        Math.max(1, Math.min(size, maxBatch)),
        dynamic.getMaxQueueDelayMicroseconds() == 0
            ? Duration.ZERO
            : micros("max_queue_delay", dynamic.getMaxQueueDelayMicroseconds()));
  }

  private Duration micros(String name, long micros) {
    // Unsigned in the protocol: what is negative here is longer than any wait.
    if (micros < 0 || micros > Duration.ofDays(365).toNanos() / 1000) {
      throw fault("dynamic_batching: %s: more than 365 days".formatted(name));
    }
    return Duration.ofNanos(micros * 1000);
  }

  BatcherOptions options(BatcherOptions before) {
    int most = config.getDynamicBatching().getDefaultQueuePolicy().getMaxQueueSize();
    return most > 0 ? before.withMaxQueue(most, before.maxQueueBytes()) : before;
  }

  /** 0: not said. */
  private int instances() {
    int count = 0;
    for (ModelInstanceGroup group : config.getInstanceGroupList()) {
      if (group.getCount() < 0) {
        throw fault("instance_group: count: %d (expected: >= 1)".formatted(group.getCount()));
      }
      count = Math.addExact(count, group.getPassive() ? 0 : Math.max(1, group.getCount()));
    }
    return count;
  }

  /** What is not followed, for the user. */
  List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (config.getInstanceGroupList().stream()
        .anyMatch(group -> group.getKind() == ModelInstanceGroup.Kind.KIND_GPU)) {
      notes.add("instance_group: KIND_GPU: runs on the processor");
    }
    ModelDynamicBatching dynamic = config.getDynamicBatching();
    boolean shaped =
        dynamic.getPreferredBatchSizeCount() > 0 || dynamic.getMaxQueueDelayMicroseconds() > 0;
    if (shaped && parameter(POLICY).filter("fixed"::equals).isEmpty()) {
      notes.add(
          "dynamic_batching: preferred_batch_size and max_queue_delay are not used: nothing waits"
              + " for a batch to fill (the parameter "
              + POLICY
              + ": fixed makes it so)");
    }
    if (dynamic.getPreserveOrdering()) {
      notes.add("dynamic_batching: preserve_ordering: answers come as they are ready");
    }
    if (dynamic.getPriorityQueuePolicyCount() > 0) {
      notes.add("dynamic_batching: priority_queue_policy: not used");
    }
    ModelQueuePolicy queue = dynamic.getDefaultQueuePolicy();
    if (queue.getTimeoutAction() == ModelQueuePolicy.TimeoutAction.DELAY) {
      notes.add("default_queue_policy: DELAY: nothing is late");
    }
    if (config.getOptimization().getExecutionAccelerators().getCpuExecutionAcceleratorCount() > 0
        || config.getOptimization().getExecutionAccelerators().getGpuExecutionAcceleratorCount()
            > 0) {
      notes.add("optimization: execution_accelerators: not used");
    }
    if (config.getResponseCache().getEnable()) {
      notes.add("response_cache: not used");
    }
    if (config.getMetricTagsCount() > 0) {
      notes.add("metric_tags: not used");
    }
    config.getParametersMap().keySet().stream()
        .filter(name -> !name.equals(THREADS) && !name.equals(POLICY))
        .sorted()
        .forEach(name -> notes.add("parameters: " + name + ": not used"));
    return notes.stream().map(note -> FILE + ": " + note).toList();
  }
}
