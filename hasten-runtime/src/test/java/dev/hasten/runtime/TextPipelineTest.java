package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.model.embedding.onnx.OnnxEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TextPipelineTest {
  private static final List<String> TEXTS =
      List.of(
          "a large feline of tropical America",
          "",
          "Ünïcödé 漢字 🐈 and some\ttabs",
          "an adverb or preposition that forms a phrasal verb with another word, as in to give up",
          "x");

  @SuppressWarnings("NullAway.Init")
  private static Session session;

  @BeforeAll
  static void open() {
    session = Backend.cpu().open(MiniLm.model(), SessionOptions.defaults());
  }

  @AfterAll
  static void close() {
    session.close();
  }

  private static InputPipeline pipeline(PipelineSpec.Text spec) {
    return InputPipeline.open(spec, MiniLm.folder(), session.inputs());
  }

  @Test
  void embedsLikeLangChain4j() {
    OnnxEmbeddingModel peer =
        new OnnxEmbeddingModel(MiniLm.model(), MiniLm.tokenizer(), PoolingMode.MEAN);
    try (InputPipeline pipeline = pipeline(MiniLm.SPEC)) {
      for (String text : TEXTS.stream().filter(t -> !t.isEmpty()).toList()) {
        float[] expected = peer.embed(text).content().vector();
        assertThat(embed(pipeline, List.of(Example.text(text))).toFloats())
            .as(text)
            .containsExactly(expected, within(1e-6f));
      }
    }
  }

  @Test
  void aBatchOfRaggedTextsGivesWhatEachGivesAlone() {
    try (InputPipeline pipeline = pipeline(MiniLm.SPEC)) {
      NdArray together = embed(pipeline, TEXTS.stream().map(Example::text).toList());
      assertThat(together.shape()).containsExactly(TEXTS.size(), 384);
      for (int i = 0; i < TEXTS.size(); i++) {
        float[] alone = embed(pipeline, List.of(Example.text(TEXTS.get(i)))).toFloats();
        assertThat(together.row(i).toFloats())
            .as(TEXTS.get(i))
            .containsExactly(alone, within(2e-6f));
      }
    }
  }

  @Test
  void cutsAndPads() {
    List<Example> examples =
        List.of(Example.text("one two three four five six"), Example.text("a"));
    try (InputPipeline pipeline = pipeline(MiniLm.SPEC.withMaxLength(6).withPadToMultiple(4))) {
      Map<String, NdArray> encoded = pipeline.encode(examples);
      // 8 would be the next multiple of 4, but the model is said to take 6.
      assertThat(get(encoded, "input_ids").shape()).containsExactly(2, 6);
      assertThat(get(encoded, "attention_mask").row(1).toLongs()).containsExactly(1, 1, 1, 0, 0, 0);
      assertThat(pipeline.length(examples.getFirst())).isEqualTo(6);
    }
    try (InputPipeline pipeline = pipeline(MiniLm.SPEC.withPadToMultiple(16))) {
      assertThat(get(pipeline.encode(examples), "input_ids").shape()).containsExactly(2, 16);
    }
  }

  @Test
  void poolsAsAsked() {
    List<Example> texts = List.of(Example.text("a cat sat"), Example.text("dog"));
    try (InputPipeline cls = pipeline(MiniLm.SPEC.withPooling(Pooling.CLS).withNormalize(false));
        InputPipeline last = pipeline(MiniLm.SPEC.withPooling(Pooling.LAST).withNormalize(false));
        InputPipeline none = pipeline(MiniLm.SPEC.withPooling(Pooling.NONE).withNormalize(false))) {
      Map<String, NdArray> encoded = none.encode(texts);
      Map<String, NdArray> outputs = session.run(encoded);
      NdArray raw = none.decode(encoded, outputs).values().iterator().next();
      assertThat(raw.shape()).containsExactly(2, 5, 384);
      assertThat(get(cls.decode(encoded, outputs), "embedding").row(1))
          .isEqualTo(raw.row(1).row(0));
      // "dog" is [CLS] dog [SEP] and two of padding.
      assertThat(get(last.decode(encoded, outputs), "embedding").row(1))
          .isEqualTo(raw.row(1).row(2));
    }
  }

  @Test
  void prefixesComeBeforeTheText() {
    try (InputPipeline plain = pipeline(MiniLm.SPEC);
        InputPipeline prefixed = pipeline(MiniLm.SPEC.withPrefix("query: "))) {
      assertThat(prefixed.encode(List.of(Example.text("cat"))))
          .isEqualTo(plain.encode(List.of(Example.text("query: cat"))));
    }
  }

  @Test
  void leavesTheHostsSettingsAlone() {
    try (InputPipeline pipeline = pipeline(MiniLm.SPEC)) {
      assertThat(pipeline.batches()).isTrue();
    }
    assertThat(System.getProperty("ai.djl.offline")).isNull();
  }

  @Test
  void refusesTensorsAndForeignModels() {
    try (InputPipeline pipeline = pipeline(MiniLm.SPEC)) {
      assertThatThrownBy(() -> pipeline.encode(List.of(Example.tensors(Map.of()))))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("expected: a text");
      assertThatThrownBy(() -> pipeline.encode(List.of())).isInstanceOf(BadInputException.class);
    }
    TensorInfo pixels =
        new TensorInfo("pixel_values", ElementType.FLOAT, List.of(1L, 3L), List.of("", ""));
    assertThatThrownBy(() -> InputPipeline.open(MiniLm.SPEC, MiniLm.folder(), List.of(pixels)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("pixel_values float[1,3]")
        .hasMessageContaining("input_ids");
  }

  @Test
  void aClosedTokenizerSaysSo() {
    InputPipeline pipeline = pipeline(MiniLm.SPEC);
    pipeline.close();
    pipeline.close();
    assertThatThrownBy(() -> pipeline.encode(List.of(Example.text("late"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  private static NdArray embed(InputPipeline pipeline, List<Example> examples) {
    Map<String, NdArray> encoded = pipeline.encode(examples);
    return get(pipeline.decode(encoded, session.run(encoded)), InputPipeline.EMBEDDING);
  }

  private static NdArray get(Map<String, NdArray> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }
}
