package dev.hasten.runtime;

import ai.djl.huggingface.tokenizers.Encoding;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Texts through a tokenizer. */
final class TextPipeline implements InputPipeline {
  private static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final String POSITIONS = "position_ids";

  private final PipelineSpec.Text spec;
  private final Tokenizer tokenizer;
  private final List<TensorInfo> modelInputs;

  private TextPipeline(PipelineSpec.Text spec, Tokenizer tokenizer, List<TensorInfo> modelInputs) {
    this.spec = spec;
    this.tokenizer = tokenizer;
    this.modelInputs = modelInputs;
  }

  static TextPipeline open(PipelineSpec.Text spec, Path tokenizer, List<TensorInfo> modelInputs) {
    for (TensorInfo input : modelInputs) {
      if (!List.of(IDS, MASK, TYPES, POSITIONS).contains(input.name())) {
        throw new BadInputException(
            "the model takes "
                + input
                + ", which a text pipeline does not make (expected: some of "
                + String.join(", ", IDS, MASK, TYPES, POSITIONS)
                + ")");
      }
    }
    return new TextPipeline(
        spec, Tokenizer.open(tokenizer, spec.maxLength()), List.copyOf(modelInputs));
  }

  @Override
  public PipelineSpec spec() {
    return spec;
  }

  @Override
  public boolean batches() {
    return true;
  }

  @Override
  public int length(Example example) {
    return encode(example).getIds().length;
  }

  /** Characters: counting tokens would cost as much as encoding. */
  @Override
  public int weight(Example example) {
    return example instanceof Example.Text(String text) ? text.length() : 0;
  }

  @Override
  public Map<String, NdArray> encode(List<? extends Example> examples) {
    return assemble(examples.stream().map(this::prepare).toList());
  }

  private record Tokens(Encoding encoding) implements Prepared {
    @Override
    public int length() {
      return encoding.getIds().length;
    }

    @Override
    public String group() {
      return "";
    }

    /** Ids, mask and types of 8 bytes, and about as much for the words that they came from. */
    @Override
    public long bytes() {
      return 64L * length();
    }
  }

  @Override
  public Prepared prepare(Example example) {
    return new Tokens(encode(example));
  }

  @Override
  public Map<String, NdArray> assemble(List<Prepared> examples) {
    if (examples.isEmpty()) {
      throw new BadInputException("examples: none (expected: at least one)");
    }
    Encoding[] encodings =
        examples.stream().map(e -> ((Tokens) e).encoding()).toArray(Encoding[]::new);
    int longest = 1;
    for (Encoding encoding : encodings) {
      longest = Math.max(longest, encoding.getIds().length);
    }
    int padded = Math.ceilDiv(longest, spec.padToMultiple()) * spec.padToMultiple();
    // Rounding up must not go beyond what the model can take.
    int length = Math.max(longest, Math.min(padded, spec.maxLength()));
    Map<String, NdArray> result = new LinkedHashMap<>();
    for (TensorInfo input : modelInputs) {
      result.put(input.name(), tensor(input, encodings, length));
    }
    if (!result.containsKey(MASK)) {
      // Not for the model but for decode(), which pools over what is not padding.
      result.put(MASK, NdArray.longs(column(MASK, encodings, length), encodings.length, length));
    }
    return result;
  }

  private Encoding encode(Example example) {
    if (example instanceof Example.Text(String text)) {
      return tokenizer.encode(spec.prefix() + text);
    }
    throw Examples.unexpected(example, "a text");
  }

  private NdArray tensor(TensorInfo input, Encoding[] encodings, int length) {
    return Elements.ofLongs(
        input.type(), column(input.name(), encodings, length), encodings.length, length);
  }

  private long[] column(String name, Encoding[] encodings, int length) {
    long[] all = new long[encodings.length * length];
    if (name.equals(IDS)) {
      Arrays.fill(all, tokenizer.paddingId());
    }
    for (int row = 0; row < encodings.length; row++) {
      Encoding encoding = encodings[row];
      long[] values =
          switch (name) {
            case IDS -> encoding.getIds();
            case MASK -> encoding.getAttentionMask();
            case TYPES -> encoding.getTypeIds();
            default -> positions(length);
          };
      System.arraycopy(values, 0, all, row * length, values.length);
    }
    return all;
  }

  private static long[] positions(int length) {
    long[] positions = new long[length];
    Arrays.setAll(positions, i -> i);
    return positions;
  }

  @Override
  public Map<String, NdArray> decode(Map<String, NdArray> encoded, Map<String, NdArray> outputs) {
    if (spec.pooling() == Pooling.NONE && !spec.normalize()) {
      return outputs;
    }
    String name = spec.output().orElseGet(() -> outputs.keySet().iterator().next());
    NdArray output = outputs.get(name);
    if (output == null) {
      throw new BadInputException(
          "output: " + name + " (expected one of: " + outputs.keySet() + ")");
    }
    return Map.of(EMBEDDING, Pooler.pool(name, output, mask(encoded), spec));
  }

  private static long[] mask(Map<String, NdArray> encoded) {
    @Nullable NdArray mask = encoded.get(MASK);
    if (mask == null) {
      throw new BadInputException(MASK + " is missing (expected: the tensors that encode() gave)");
    }
    return mask.toLongs();
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
