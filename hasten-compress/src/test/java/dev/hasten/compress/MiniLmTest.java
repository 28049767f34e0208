package dev.hasten.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hasten.graph.Model;
import dev.hasten.runtime.NdArray;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MiniLmTest {
  private final Model model = Sentences.model();
  private final List<Map<String, NdArray>> texts = Sentences.batches(60, 1);
  private final List<float[]> reference = Sentences.embed(model, texts);
  private final Context context =
      Context.of(Sentences.VNNI).withCalibration(Sentences.batches(60, 2));

  @Test
  void dynamicInt8KeepsTheDirectionOfEmbeddings() {
    Applied applied = Step.of("dynamic-int8").create().apply(model, context);
    applied.model().validate();

    assertThat(applied.changes()).hasSize(36);
    assertThat(applied.refusals())
        .hasSize(12)
        .allSatisfy(refusal -> assertThat(refusal.reason()).contains("not an initializer"));
    assertThat(
            applied.model().graph().nodes().stream()
                .filter(node -> node.is("DynamicQuantizeLinear")))
        .as("query, key and value share one")
        .hasSize(24);
    double cosine = Sentences.meanCosine(reference, Sentences.embed(applied.model(), texts));
    assertThat(cosine).isGreaterThan(0.985);
  }

  @Test
  void smoothingFirstLosesLess() {
    Applied smooth = Step.of("smooth-quant").create().apply(model, context);
    double equal = Sentences.meanCosine(reference, Sentences.embed(smooth.model(), texts));
    assertThat(equal).isGreaterThan(0.99999);
    Applied applied =
        Step.of("dynamic-int8", "embeddings", true).create().apply(smooth.model(), context);
    double cosine = Sentences.meanCosine(reference, Sentences.embed(applied.model(), texts));
    assertThat(cosine).isGreaterThan(0.993);
    assertThat(applied.model().weightBytes()).isLessThan(25_000_000);
  }
}
