package dev.hasten.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An opened {@link PipelineSpec}: examples to tensors, outputs to answers. Thread-safe. */
public interface InputPipeline extends AutoCloseable {
  /** Name of the pooled vector among the decoded outputs. */
  String EMBEDDING = "embedding";

  /** Name of the text among the decoded outputs. */
  String TEXT = "text";

  /**
   * @param folder what the spec's relative files are relative to
   * @param modelInputs what the model declares: decides which tensors are made, and their types
   */
  static InputPipeline open(PipelineSpec spec, Path folder, List<TensorInfo> modelInputs) {
    return open(spec, folder, modelInputs, 1);
  }

  /**
   * @param threads that may prepare the examples of one batch at a time, the caller's included
   */
  static InputPipeline open(
      PipelineSpec spec, Path folder, List<TensorInfo> modelInputs, int threads) {
    return switch (spec) {
      case PipelineSpec.Text text ->
          TextPipeline.open(text, folder.resolve(text.tokenizer()), modelInputs);
      case PipelineSpec.Tensors tensors -> new TensorPipeline(tensors, modelInputs);
      case PipelineSpec.Image image -> ImagePipeline.open(image, folder, modelInputs, threads);
      case PipelineSpec.Audio audio -> AudioPipeline.open(audio, folder, modelInputs, threads);
      case PipelineSpec.Table table -> new TablePipeline(table, modelInputs);
    };
  }

  PipelineSpec spec();

  /** Whether several examples may share one run. */
  boolean batches();

  /** Most examples in one run, whatever the tuning: models may fix their batch. */
  default int mostAtOnce() {
    return batches() ? Integer.MAX_VALUE : 1;
  }

  /** Examples may share a run only with those of an equal group. */
  default String group(Example example) {
    return "";
  }

  /** Examples of like weight are put together, so that little padding is computed. */
  default int weight(Example example) {
    return 0;
  }

  /**
   * What can be done for one example alone, so that it need not be done again when its batch is put
   * together: reading, tokenizing, checking.
   */
  Prepared prepare(Example example);

  /** One batch of what {@link #prepare} gave; otherwise as {@link #encode}. */
  Map<String, NdArray> assemble(List<Prepared> examples);

  /** One batch: texts are padded to the longest, with the mask telling which tokens count. */
  Map<String, NdArray> encode(List<? extends Example> examples);

  /**
   * Tokens of the example before padding (texts); columns of its tensor (images); samples or frames
   * (audio); the numbers that a row makes (tables); the first axis's length otherwise.
   */
  int length(Example example);

  /**
   * From a run's outputs to answers, all examples of the batch together on the first axis. With
   * pooling the one entry is {@link #EMBEDDING}, {@code float[batch, width]}; with a text decoding
   * {@link #TEXT}, {@code string[batch]}; else the outputs as they are.
   *
   * @param encoded what {@link #encode} gave for this run
   */
  Map<String, NdArray> decode(Map<String, NdArray> encoded, Map<String, NdArray> outputs);

  @Override
  void close();
}
