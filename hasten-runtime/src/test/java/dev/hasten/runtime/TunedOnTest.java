package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TunedOnTest {
  private static final TunedOn VNNI =
      new TunedOn("New One", List.of("avx2", "avx512_vnni"), "onnxruntime 1.29.0");

  @Test
  void readsLinuxOnBothArchitectures() {
    assertThat(
            TunedOn.parse(
                List.of(
                    "processor\t: 0",
                    "model name\t: New One",
                    "flags\t\t: fpu avx512_vnni avx2 sse"),
                "onnxruntime 1.29.0"))
        .isEqualTo(VNNI);
    assertThat(TunedOn.parse(List.of("Features\t: fp asimd i8mm"), "r").isa())
        .containsExactly("asimd", "i8mm");
    assertThat(TunedOn.parse(List.of(), "r").processor()).isNotEmpty();
  }

  @Test
  void tellsWhatDiffers() {
    assertThat(VNNI.differencesTo(VNNI)).isEmpty();
    TunedOn old = new TunedOn("Old One", List.of("avx2"), "onnxruntime 1.17.0");
    assertThat(VNNI.differencesTo(old))
        .hasSize(2)
        .first()
        .asString()
        .contains("tuned on New One, runs on Old One, which lacks avx512_vnni");
    assertThat(old.differencesTo(VNNI)).first().asString().contains("also has avx512_vnni");
    TunedOn sibling = new TunedOn("New Two", VNNI.isa(), VNNI.runtime());
    assertThat(VNNI.differencesTo(sibling))
        .singleElement()
        .asString()
        .contains("same instruction sets");
  }

  @Test
  void knowsThisMachine() {
    TunedOn here = TunedOn.here();
    assertThat(here.runtime()).isEqualTo("onnxruntime 1.29.0");
    assertThat(here.processor()).isNotEmpty();
    assertThat(here.differencesTo(TunedOn.here())).isEmpty();
  }
}
