package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An opened {@link PipelineSpec}: examples to tensors, outputs to answers. Thread-safe. */
public interface InputPipeline extends AutoCloseable {
  /** Name of the pooled vector among the decoded outputs. */
  String EMBEDDING = "embedding";

  /**
   * @param folder what the spec's relative files are relative to
   * @param modelInputs what the model declares: decides which tensors are made, and their types
   */
  static InputPipeline open(PipelineSpec spec, Path folder, List<TensorInfo> modelInputs) {
    return switch (spec) {
      case PipelineSpec.Text text ->
          TextPipeline.open(text, folder.resolve(text.tokenizer()), modelInputs);
      case PipelineSpec.Tensors tensors -> new TensorPipeline(tensors, modelInputs);
    };
  }

  PipelineSpec spec();

  /** Whether several examples may share one run. */
  boolean batches();

  /** One batch: texts are padded to the longest, with the mask telling which tokens count. */
  Map<String, NdArray> encode(List<? extends Example> examples);

  /** Tokens of the example before padding (texts); the first axis's length otherwise. */
  int length(Example example);

  /**
   * From a run's outputs to answers, all examples of the batch together on the first axis. With
   * pooling the one entry is {@link #EMBEDDING}, {@code float[batch, width]}; else the outputs as
   * they are.
   *
   * @param encoded what {@link #encode} gave for this run
   */
  Map<String, NdArray> decode(Map<String, NdArray> encoded, Map<String, NdArray> outputs);

  @Override
  void close();
}
