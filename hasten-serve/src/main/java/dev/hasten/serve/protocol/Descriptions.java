package dev.hasten.serve.protocol;

import dev.hasten.runtime.TensorInfo;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ServedModel;
import dev.hasten.serve.repository.Statistics;
import dev.hasten.serve.wire.InferBatchStatistics;
import dev.hasten.serve.wire.InferStatistics;
import dev.hasten.serve.wire.ModelMetadataResponse;
import dev.hasten.serve.wire.ModelStatistics;
import dev.hasten.serve.wire.ModelStatisticsResponse;
import dev.hasten.serve.wire.RepositoryIndexResponse;
import dev.hasten.serve.wire.ServerMetadataResponse;
import dev.hasten.serve.wire.StatisticDuration;
import java.util.List;

/**
 * What the server says of itself and its models, as protobuf; {@link ProtoJson} makes of it what
 * REST answers.
 */
final class Descriptions {
  static final String SERVER = "hasten";

  /** The name under which clients of Triton know a plain ONNX model. */
  private static final String PLATFORM = "onnxruntime_onnx";

  static final List<String> EXTENSIONS =
      List.of(
          "binary_tensor_data",
          "classification",
          "model_configuration",
          "model_repository",
          "parameters",
          "schedule_policy",
          "statistics");

  private Descriptions() {}

  static ServerMetadataResponse server(String version) {
    return ServerMetadataResponse.newBuilder()
        .setName(SERVER)
        .setVersion(version)
        .addAllExtensions(EXTENSIONS)
        .build();
  }

  static ModelMetadataResponse model(ServedModel model, ModelRepository repository) {
    ModelMetadataResponse.Builder metadata =
        ModelMetadataResponse.newBuilder().setName(model.name()).setPlatform(PLATFORM);
    repository.index().stream()
        .filter(entry -> entry.model().equals(model.name()))
        .filter(entry -> entry.state() == ModelRepository.State.READY)
        .forEach(entry -> metadata.addVersions(entry.version()));
    model.inputs().forEach(input -> metadata.addInputs(tensor(input)));
    model.outputs().forEach(output -> metadata.addOutputs(tensor(output)));
    return metadata.build();
  }

  private static ModelMetadataResponse.TensorMetadata tensor(TensorInfo info) {
    return ModelMetadataResponse.TensorMetadata.newBuilder()
        .setName(info.name())
        .setDatatype(Datatype.of(info.type()).name())
        .addAllShape(info.shape())
        .build();
  }

  static RepositoryIndexResponse index(ModelRepository repository, boolean readyOnly) {
    RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
    for (ModelRepository.Entry entry : repository.index()) {
      if (!readyOnly || entry.state() == ModelRepository.State.READY) {
        index
            .addModelsBuilder()
            .setName(entry.model())
            .setVersion(entry.version())
            .setState(entry.state().name())
            .setReason(entry.reason());
      }
    }
    return index.build();
  }

  /**
   * @param model empty: of all
   * @param version empty: of all that are ready
   */
  static ModelStatisticsResponse statistics(
      ModelRepository repository, String model, String version) {
    ModelStatisticsResponse.Builder all = ModelStatisticsResponse.newBuilder();
    if (!model.isEmpty()) {
      // One that does not exist is an error, not an empty answer.
      repository.lease(model, version).close();
    }
    for (ModelRepository.Entry entry : repository.index()) {
      if (entry.state() == ModelRepository.State.READY
          && (model.isEmpty() || entry.model().equals(model))
          && (version.isEmpty() || entry.version().equals(version))) {
        try (ModelRepository.Lease lease = repository.lease(entry.model(), entry.version())) {
          all.addModelStats(statistics(lease.model()));
        } catch (ProtocolException gone) {
          // Unloaded since it was listed.
        }
      }
    }
    return all.build();
  }

  private static ModelStatistics statistics(ServedModel model) {
    Statistics statistics = model.statistics();
    ModelStatistics.Builder message =
        ModelStatistics.newBuilder()
            .setName(model.name())
            .setVersion(model.version())
            .setLastInference(statistics.lastMillis())
            .setInferenceCount(statistics.inferences())
            .setExecutionCount(statistics.executions())
            .setInferenceStats(
                InferStatistics.newBuilder()
                    .setSuccess(total(statistics.success()))
                    .setFail(total(statistics.fail()))
                    .setQueue(total(statistics.queue()))
                    .setComputeInput(total(statistics.input()))
                    .setComputeInfer(total(statistics.infer()))
                    .setComputeOutput(total(statistics.output()))
                    .setCacheHit(StatisticDuration.getDefaultInstance())
                    .setCacheMiss(StatisticDuration.getDefaultInstance()));
    statistics
        .batches()
        .forEach((size, runs) ->
            message.addBatchStats(
                InferBatchStatistics.newBuilder()
                    .setBatchSize(size)
                    .setComputeInput(StatisticDuration.newBuilder().setCount(runs.count()))
                    .setComputeInfer(total(runs))
                    .setComputeOutput(StatisticDuration.newBuilder().setCount(runs.count()))));
    return message.build();
  }

  private static StatisticDuration total(Statistics.Total total) {
    return StatisticDuration.newBuilder().setCount(total.count()).setNs(total.nanos()).build();
  }
}
