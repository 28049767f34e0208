package dev.hasten.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionTest {
  private static final SessionOptions DEFAULTS = SessionOptions.defaults();

  @Test
  void declaresAndRuns() {
    try (Session session = Tiny.open(Tiny.add(), DEFAULTS)) {
      assertThat(session.inputs())
          .extracting(TensorInfo::toString)
          .containsExactly("x float[n,8]", "k int64[n]");
      assertThat(session.outputs())
          .extracting(TensorInfo::toString)
          .containsExactly("y float[n,8]");
      Map<String, NdArray> inputs = Tiny.inputs(3, 5);
      NdArray y = Tiny.get(session.run(inputs), "y");
      assertThat(y.shape()).containsExactly(3, 8);
      assertThat(y.toFloats()).containsExactly(Tiny.expected(inputs));
    }
  }

  @Test
  void takesDirectBuffersAndEmptyBatches() {
    try (Session session = Tiny.open(Tiny.add(), DEFAULTS)) {
      ByteBuffer direct = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
      direct.putFloat(4, 2.5f);
      Map<String, NdArray> inputs =
          Map.of(
              "x",
              NdArray.of(ElementType.FLOAT, direct, 1, 8),
              "k",
              NdArray.longs(new long[] {7}, 1));
      assertThat(Tiny.get(session.run(inputs), "y").toFloats()).startsWith(7, 9.5f, 7);
      assertThat(Tiny.get(session.run(Tiny.inputs(0, 1)), "y").shape()).containsExactly(0, 8);
    }
  }

  @Test
  void carriesStrings() {
    try (Session session = Tiny.open(Tiny.texts(), DEFAULTS)) {
      NdArray texts = NdArray.strings(List.of("a", "", "漢字", "d"), 2, 2);
      assertThat(session.run(Map.of("s", texts))).containsEntry("t", texts);
    }
  }

  @Test
  void everySettingGivesTheSameAnswer() {
    Map<String, NdArray> inputs = Tiny.inputs(2, 3);
    for (Optimization optimization : Optimization.values()) {
      for (Spinning spinning : Spinning.values()) {
        for (int threads = 0; threads <= 2; threads++) {
          SessionOptions options =
              DEFAULTS
                  .withOptimization(optimization)
                  .withSpinning(spinning)
                  .withIntraOpThreads(threads);
          try (Session session = Tiny.open(Tiny.add(), options)) {
            assertThat(Tiny.get(session.run(inputs), "y").toFloats())
                .containsExactly(Tiny.expected(inputs));
          }
        }
      }
    }
  }

  @Test
  void ignoresWhatTheModelDoesNotDeclareAndMissesWhatItDoes() {
    try (Session session = Tiny.open(Tiny.add(), DEFAULTS)) {
      NdArray x = NdArray.floats(new float[8], 1, 8);
      NdArray k = NdArray.longs(new long[1], 1);
      assertThat(session.run(Map.of("x", x, "k", k, "token_type_ids", k))).containsOnlyKeys("y");
      refuses(session, Map.of("x", x), "input k is missing (tiny takes x float[n,8], k int64[n])");
      refuses(session, Map.of("x", k, "k", k), "input x: type int64 (expected: float; tiny takes");
      refuses(
          session, Map.of("x", x.reshape(8), "k", k), "input x: shape [8] (expected: x float[n,8]");
      refuses(
          session,
          Map.of("x", NdArray.floats(new float[7], 1, 7), "k", k),
          "input x: shape [1, 7] (expected: x float[n,8]");
      // What only the runtime finds out.
      refuses(
          session,
          Map.of("x", NdArray.floats(new float[16], 2, 8), "k", NdArray.longs(new long[3], 3)),
          "tiny: the run failed");
    }
  }

  private static void refuses(Session session, Map<String, NdArray> inputs, String message) {
    assertThatThrownBy(() -> session.run(inputs))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesFilesThatAreNoModel(@TempDir Path folder) throws Exception {
    Path truncated = folder.resolve("truncated.onnx");
    Files.write(truncated, Arrays.copyOf(Tiny.add(), 60));
    Path empty = Files.createFile(folder.resolve("empty.onnx"));
    for (Path file : List.of(truncated, empty, folder, folder.resolve("none.onnx"))) {
      assertThatThrownBy(() -> Backend.cpu().open(file, DEFAULTS))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void boundRunsReuseTheirBuffers() {
    try (Session session = Tiny.open(Tiny.add(), DEFAULTS.withIntraOpThreads(1));
        BoundRun run =
            session.bind(
                Map.of("x", Tiny.shape(2, 8), "k", Tiny.shape(2)), Map.of("y", Tiny.shape(2, 8)))) {
      ByteBuffer x = run.input("x");
      ByteBuffer k = run.input("k");
      ByteBuffer y = run.output("y");
      for (int call = 0; call < 100; call++) {
        x.putFloat(4, call);
        k.putLong(8, -call);
        run.run();
        assertThat(y.getFloat(4)).isEqualTo(call);
        assertThat(y.getFloat(8 * 4)).isEqualTo(-call);
      }
      assertThat(run.input("x")).isSameAs(x);
      assertThatThrownBy(() -> run.input("z")).hasMessageContaining("input z is not bound");
    }
  }

  @Test
  void bindingRefusesWhatDoesNotFit() {
    try (Session session = Tiny.open(Tiny.add(), DEFAULTS)) {
      Map<String, List<Long>> in = Map.of("x", Tiny.shape(1, 8), "k", Tiny.shape(1));
      Map<String, List<Long>> out = Map.of("y", Tiny.shape(1, 8));
      assertThatThrownBy(() -> session.bind(Map.of("x", Tiny.shape(1, 8)), out))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("input k is missing");
      assertThatThrownBy(() -> session.bind(in, Map.of("z", Tiny.shape(1))))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("output z is not declared (expected one of: y float[n,8])");
      assertThatThrownBy(() -> session.bind(in, Map.of())).isInstanceOf(BadInputException.class);
      assertThatThrownBy(() -> session.bind(in, Map.of("y", Tiny.shape(-1))))
          .isInstanceOf(BadInputException.class);
      assertThatThrownBy(() -> session.bind(in, Map.of("y", Tiny.shape(1L << 40, 1L << 40))))
          .isInstanceOf(BadInputException.class);
    }
  }

  @Test
  void aClosedSessionSaysSo() {
    Session session = Tiny.open(Tiny.add(), DEFAULTS);
    BoundRun run =
        session.bind(
            Map.of("x", Tiny.shape(1, 8), "k", Tiny.shape(1)), Map.of("y", Tiny.shape(1, 8)));
    session.close();
    session.close();
    assertThatThrownBy(() -> session.run(Tiny.inputs(1, 1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the session of tiny is closed");
    assertThatThrownBy(run::run).isInstanceOf(IllegalStateException.class);
    run.close();
    run.close();
    assertThatThrownBy(run::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("bound run of tiny is closed");
  }

  @Test
  void cancelledBeforeItBegins() {
    try (Session session = Tiny.open(Tiny.add(), DEFAULTS)) {
      Cancellation byHand = Cancellation.manual();
      assertThat(session.run(Tiny.inputs(1, 1), byHand)).containsKey("y");
      byHand.cancel();
      assertThatThrownBy(() -> session.run(Tiny.inputs(1, 1), byHand))
          .isInstanceOf(CancellationException.class);
      assertThatThrownBy(() -> session.run(Tiny.inputs(1, 1), Cancellation.after(Duration.ZERO)))
          .isInstanceOf(RunTimeoutException.class);
      assertThat(session.run(Tiny.inputs(1, 1), Cancellation.after(Duration.ofHours(1))))
          .containsKey("y");
    }
  }

  @Test
  void writesAProfile(@TempDir Path folder) {
    try (Session session =
        Tiny.open(Tiny.add(), DEFAULTS.withProfileTo(folder.resolve("profile")))) {
      session.run(Tiny.inputs(2, 1));
      Path file = session.endProfiling();
      assertThat(file).exists().hasParent(folder);
      assertThat(file).content().contains("Add").contains("dur");
      assertThat(session.endProfiling()).isEqualTo(file);
    }
    try (Session session = Tiny.open(Tiny.add(), DEFAULTS)) {
      assertThatThrownBy(session::endProfiling).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void tellsWhatCanRunHere() {
    assertThat(Backend.all())
        .extracting(Backend::name)
        .containsExactly("cpu", "openvino", "cuda", "tensorrt");
    assertThat(Backend.cpu().availability().isAvailable()).isTrue();
    assertThat(Backend.cpu().version()).isEqualTo("1.29.0");
    for (Backend backend : Backend.all()) {
      if (backend.availability() instanceof Availability.Missing missing) {
        assertThat(missing.remedy()).isNotEmpty();
        assertThatThrownBy(() -> backend.open(Tiny.add(), "tiny", DEFAULTS))
            .isInstanceOf(EnvironmentException.class)
            .hasMessageContaining(backend.name());
      }
    }
  }
}
