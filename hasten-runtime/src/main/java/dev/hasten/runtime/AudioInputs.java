package dev.hasten.runtime;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of an audio model: one of sound, and, where it takes a second, how much of each
 * example is sound ({@code [batch]}) or which places are ({@code [batch, length]}).
 */
final class AudioInputs {
  private final PipelineSpec.Audio spec;
  private final TensorInfo sound;
  private final @Nullable TensorInfo lengths;

  private AudioInputs(PipelineSpec.Audio spec, TensorInfo sound, @Nullable TensorInfo lengths) {
    this.spec = spec;
    this.sound = sound;
    this.lengths = lengths;
  }

  static AudioInputs of(PipelineSpec.Audio spec, List<TensorInfo> declared) {
    TensorInfo sound = null;
    TensorInfo lengths = null;
    int plain = spec.mel().isPresent() ? 3 : 2;
    for (TensorInfo input : declared) {
      boolean floats = input.type() == ElementType.FLOAT || input.type() == ElementType.FLOAT16;
      if (floats && sound == null && (input.rank() == plain || input.rank() == plain + 1)) {
        sound = input;
      } else if (lengths == null && (input.rank() == 1 || input.rank() == 2)) {
        lengths = input;
      } else {
        sound = null;
        break;
      }
    }
    if (sound == null) {
      throw new BadInputException(
          "the model takes "
              + OnnxTensors.describe(declared)
              + " (expected: sound, as float["
              + (plain == 2 ? "batch,samples" : "batch,bands,frames")
              + "] or with an axis of size 1 after the batch, and at most one more input, its"
              + " lengths or mask); use input.type tensors for others");
    }
    AudioInputs inputs = new AudioInputs(spec, sound, lengths);
    inputs.checkBands();
    return inputs;
  }

  private void checkBands() {
    if (spec.mel().isEmpty()) {
      return;
    }
    MelSpec mel = spec.mel().get();
    int axis = sound.rank() - (mel.framesFirst() ? 1 : 2);
    long declared = sound.shape().get(axis);
    if (declared > 0 && declared != mel.bands()) {
      throw new BadInputException(
          "the model takes "
              + sound
              + " (expected on axis "
              + axis
              + ": "
              + mel.bands()
              + ", as input.mel.bands says)");
    }
  }

  int mostAtOnce() {
    return sound.shape().getFirst() == 1 ? 1 : Integer.MAX_VALUE;
  }

  boolean takesLengths() {
    return lengths != null;
  }

  /**
   * @param features one per example; shorter ones are filled up with zeros
   */
  Map<String, NdArray> tensors(Features[] features) {
    int batch = features.length;
    int longest = Arrays.stream(features).mapToInt(Features::frames).max().orElseThrow();
    int bands = features[0].bands();
    boolean framesFirst = spec.mel().map(MelSpec::framesFirst).orElse(true);
    double[] all = new double[Math.multiplyExact(Math.multiplyExact(batch, longest), bands)];
    for (int i = 0; i < batch; i++) {
      int from = i * longest * bands;
      double[] values = features[i].values();
      for (int f = 0; f < features[i].frames(); f++) {
        for (int b = 0; b < bands; b++) {
          all[from + (framesFirst ? f * bands + b : b * longest + f)] = values[f * bands + b];
        }
      }
    }
    Map<String, NdArray> tensors = new LinkedHashMap<>();
    tensors.put(sound.name(), Elements.ofDoubles(sound.type(), all, shape(batch, longest, bands)));
    if (lengths != null) {
      tensors.put(lengths.name(), lengths(lengths, features, longest));
    }
    return tensors;
  }

  private long[] shape(int batch, int longest, int bands) {
    boolean extra = sound.rank() == (spec.mel().isPresent() ? 4 : 3);
    if (spec.mel().isEmpty()) {
      return extra ? new long[] {batch, 1, longest} : new long[] {batch, longest};
    }
    boolean framesFirst = spec.mel().get().framesFirst();
    long first = framesFirst ? longest : bands;
    long second = framesFirst ? bands : longest;
    return extra ? new long[] {batch, 1, first, second} : new long[] {batch, first, second};
  }

  private static NdArray lengths(TensorInfo input, Features[] features, int longest) {
    int batch = features.length;
    if (input.rank() == 1) {
      long[] each = Arrays.stream(features).mapToLong(Features::frames).toArray();
      return Elements.ofLongs(input.type(), each, batch);
    }
    long[] mask = new long[batch * longest];
    for (int i = 0; i < batch; i++) {
      Arrays.fill(mask, i * longest, i * longest + features[i].frames(), 1);
    }
    return Elements.ofLongs(input.type(), mask, batch, longest);
  }
}
