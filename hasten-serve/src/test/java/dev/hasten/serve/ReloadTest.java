package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.graph.DataType;
import dev.hasten.runtime.Bundle;
import dev.hasten.runtime.BundleManifest;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.serve.protocol.ProtocolException;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ModelRepository.Entry;
import dev.hasten.serve.repository.ModelRepository.State;
import dev.hasten.serve.repository.RepositoryListener;
import dev.hasten.serve.repository.RepositoryOptions;
import dev.hasten.serve.repository.VersionPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server makes of changes in its folder. */
class ReloadTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ONE =
      """
      {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [0, 0, 0, 0]}]}\
      """;

  @TempDir private Path temp;
  private Path models;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final CountDownLatch go = new CountDownLatch(1);

  /** Lets a test stop the loading before a model is taken for open. */
  private volatile String held = "";

  private final RepositoryListener listener =
      new RepositoryListener() {
        @Override
        public void ready(String model, String version, Duration took, List<String> warnings) {
          told.add("ready " + model + " " + version + " " + warnings);
          if (model.equals(held)) {
            try {
              assertThat(go.await(1, TimeUnit.MINUTES)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        }

        @Override
        public void failed(String model, String version, String reason, boolean oldServes) {
          told.add("failed " + model + " " + version + " " + oldServes + " " + reason);
        }

        @Override
        public void closed(String model, String version, String reason) {
          told.add("closed " + model + " " + version + " " + reason);
        }

        @Override
        public void unreadable(String reason) {
          told.add("unreadable " + reason);
        }
      };

  @BeforeEach
  void models() {
    models = temp.resolve("models");
    TinyModels.add(models.resolve("adder/1"), 1);
  }

  @AfterEach
  void close() {
    http.close();
  }

  private ServerOptions options() {
    return ServerOptions.of(models)
        .withAddress("127.0.0.1", 0)
        .withRepository(
            RepositoryOptions.defaults().withPoll(Duration.ofMillis(30)).withListener(listener));
  }

  private HttpResponse<String> get(InferenceServer server, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> infer(InferenceServer server, String model) throws Exception {
    return http.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/v2/models/" + model + "/infer"))
            .POST(HttpRequest.BodyPublishers.ofString(ONE))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Version and first element of an answer. */
  private String answer(InferenceServer server) throws Exception {
    HttpResponse<String> response = infer(server, "adder");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode json = JSON.readTree(response.body());
    return json.get("model_version").asText()
        + " "
        + json.get("outputs").get(0).get("data").get(0).asInt();
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for a minute").isLessThan(end);
      Thread.sleep(5);
    }
  }

  private void untilTold(String... parts) throws InterruptedException {
    until(() -> told.stream().anyMatch(line -> List.of(parts).stream().allMatch(line::contains)));
  }

  /** Once what was let go of is closed. */
  private static List<String> settled(InferenceServer server) throws InterruptedException {
    List<String> index = index(server);
    while (index.stream().anyMatch(entry -> entry.endsWith("UNLOADING"))) {
      Thread.sleep(5);
      index = index(server);
    }
    return index;
  }

  private static List<String> index(InferenceServer server) {
    return server.repository().index().stream()
        .map(entry -> entry.model() + " " + entry.version() + " " + entry.state())
        .toList();
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** As a careful user does: a version appears whole. */
  private void appear(String version, float amount) throws IOException {
    Path made = temp.resolve("made");
    TinyModels.add(made, amount);
    Files.move(made, Files.createDirectories(models.resolve("adder")).resolve(version));
  }

  @Test
  void isLiveAtOnceAndReadyWhenItsModelsAre() throws Exception {
    TinyModels.add(models.resolve("slow/1"), 1);
    TinyModels.add(models.resolve("tail/1"), 1);
    held = "slow";
    try (InferenceServer server = InferenceServer.listen(options(), Protection.limitsOnly())) {
      untilTold("ready slow 1");
      assertThat(get(server, "/v2/health/live").statusCode()).isEqualTo(200);
      assertThat(get(server, "/metrics").statusCode()).isEqualTo(200);
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(503);
      assertThat(index(server)).containsExactly("adder 1 READY", "slow 1 READY", "tail 1 LOADING");
      assertThat(get(server, "/v2/models/adder/ready").statusCode()).isEqualTo(200);
      assertThat(get(server, "/v2/models/tail/ready").statusCode()).isEqualTo(503);
      HttpResponse<String> early = infer(server, "tail");
      assertThat(early.statusCode()).isEqualTo(503);
      assertThat(early.body()).contains("being loaded");
      assertThat(early.headers().firstValue("Retry-After")).hasValue("1");
      go.countDown();
      server.awaitLoaded();
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(200);
      assertThat(infer(server, "tail").statusCode()).isEqualTo(200);
    } finally {
      go.countDown();
    }
  }

  @Test
  void warmUpDoesNotCount() throws Exception {
    try (InferenceServer server = InferenceServer.start(options())) {
      String metrics = get(server, "/metrics").body();
      assertThat(metrics)
          .contains("nv_inference_exec_count{model=\"adder\",version=\"1\"} 0.0")
          .contains("nv_inference_request_success{model=\"adder\",version=\"1\"} 0.0")
          .contains("hasten_model_loads_total{model=\"adder\"} 1.0")
          .contains("hasten_model_load_failures_total{model=\"adder\"} 0.0");
    }
  }

  @Test
  void aModelThatCannotRunIsBroken() throws Exception {
    TinyModels.failsToRun(models.resolve("bad/1"));
    try (InferenceServer server = InferenceServer.start(options())) {
      assertThat(server.repository().index())
          .filteredOn(entry -> entry.model().equals("bad"))
          .singleElement()
          .satisfies(entry -> {
            assertThat(entry.state()).isEqualTo(State.UNAVAILABLE);
            assertThat(entry.reason()).contains("warm-up failed");
          });
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(503);
      assertThat(answer(server)).isEqualTo("1 1");
    }
  }

  @Test
  void aModelWhoseInputsWereGuessedWronglyIsServedWithAWarning() throws Exception {
    // Made-up inputs are square; this one adds [n, m] and [n, 3].
    TinyModels.addsThree(models.resolve("odd/1"));
    try (InferenceServer server = InferenceServer.start(options())) {
      assertThat(told)
          .anySatisfy(
              line -> assertThat(line).startsWith("ready odd 1").contains("inputs were guessed"));
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void theNewestVersionTakesOverAndTheOldOneGoes() throws Exception {
    try (InferenceServer server = InferenceServer.start(options())) {
      assertThat(answer(server)).isEqualTo("1 1");
      appear("2", 20);
      untilTold("closed adder 1");
      assertThat(answer(server)).isEqualTo("2 20");
      assertThat(settled(server)).containsExactly("adder 2 READY");
      assertThat(told)
          .containsExactly(
              "ready adder 1 []", "ready adder 2 []", "closed adder 1 version 2 answers");
      delete(models.resolve("adder/2"));
      untilTold("closed adder 2");
      assertThat(answer(server)).isEqualTo("1 1");
    }
  }

  @Test
  void onlyWhatChangedIsOpenedAnew() throws Exception {
    TinyModels.add(models.resolve("adder/2"), 2);
    ServerOptions all =
        options().withRepository(options().repository().withVersions(new VersionPolicy.All()));
    try (InferenceServer server = InferenceServer.start(all)) {
      told.clear();
      TinyModels.add(models.resolve("adder/1"), 11);
      Files.setLastModifiedTime(
          models.resolve("adder/1/model.onnx"), java.nio.file.attribute.FileTime.fromMillis(1));
      untilTold("ready adder 1");
      assertThat(told).containsExactly("ready adder 1 []");
      server.repository().load("adder");
      assertThat(told).containsExactly("ready adder 1 []");
      assertThat(answer(server)).isEqualTo("2 2");
    }
  }

  @Test
  void aBrokenVersionLeavesTheOldOneServingAndIsMendedInPlace() throws Exception {
    try (InferenceServer server = InferenceServer.start(options())) {
      Path broken = Files.createDirectories(models.resolve("adder/2"));
      Files.writeString(broken.resolve("model.onnx"), "no model");
      untilTold("failed adder 2 true");
      assertThat(answer(server)).isEqualTo("1 1");
      assertThat(index(server)).containsExactly("adder 1 READY", "adder 2 UNAVAILABLE");
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(200);
      assertThat(get(server, "/metrics").body())
          .contains("hasten_model_load_failures_total{model=\"adder\"} 1.0");
      assertThatThrownBy(() -> server.repository().load("adder"))
          .isInstanceOf(ProtocolException.class)
          .hasMessageContaining("version 2");
      TinyModels.add(broken, 22);
      untilTold("closed adder 1");
      assertThat(answer(server)).isEqualTo("2 22");
    }
  }

  @Test
  void brokenContentInPlaceLeavesTheOldContentServing() throws Exception {
    try (InferenceServer server = InferenceServer.start(options())) {
      Files.writeString(models.resolve("adder/1/model.onnx"), "no model");
      untilTold("failed adder 1 true");
      assertThat(answer(server)).isEqualTo("1 1");
      assertThat(server.repository().index())
          .singleElement()
          .extracting(Entry::reason)
          .asString()
          .contains("changed, but cannot be opened");
    }
  }

  @Test
  void aStartBesideABrokenNewestVersionServesTheOneBefore() throws Exception {
    Files.writeString(
        Files.createDirectories(models.resolve("adder/2")).resolve("model.onnx"), "no model");
    try (InferenceServer server = InferenceServer.start(options())) {
      assertThat(answer(server)).isEqualTo("1 1");
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aBundleThatIsStillBeingCopiedWaits() throws Exception {
    Path whole = temp.resolve("whole");
    Path model = TinyModels.add(temp.resolve("plain"), 5);
    Bundle.write(
        whole,
        BundleManifest.of("adder", new PipelineSpec.Tensors(true)),
        Map.of(Bundle.MODEL, model));
    try (InferenceServer server = InferenceServer.start(options())) {
      // First the manifest, then the model in pieces, slower than the folder is looked through.
      Path copy = Files.createDirectories(models.resolve("adder/2"));
      Files.copy(whole.resolve(Bundle.MANIFEST), copy.resolve(Bundle.MANIFEST));
      byte[] bytes = Files.readAllBytes(whole.resolve(Bundle.MODEL));
      for (int part = 1; part <= 4; part++) {
        Thread.sleep(80);
        Files.write(
            copy.resolve(Bundle.MODEL), java.util.Arrays.copyOf(bytes, bytes.length * part / 4));
        assertThat(answer(server)).isIn("1 1", "2 5");
      }
      untilTold("closed adder 1");
      assertThat(answer(server)).isEqualTo("2 5");
    }
  }

  @Test
  void modelsAppearAndDisappear() throws Exception {
    try (InferenceServer server = InferenceServer.start(options())) {
      TinyModels.identity(models.resolve("echo/1"), DataType.FLOAT);
      untilTold("ready echo 1");
      delete(models.resolve("echo"));
      untilTold("closed echo 1");
      assertThat(settled(server)).containsExactly("adder 1 READY");
      // One that never worked does not take the server out of service.
      Files.writeString(
          Files.createDirectories(models.resolve("new/1")).resolve("model.onnx"), "no model");
      untilTold("failed new 1 false");
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void whatAnswersItsLastRequestsIsUnloading() throws Exception {
    try (InferenceServer server = InferenceServer.start(options())) {
      ModelRepository.Lease last = server.repository().lease("adder", "");
      appear("2", 20);
      untilTold("closed adder 1");
      assertThat(index(server)).containsExactly("adder 1 UNLOADING", "adder 2 READY");
      last.close();
      assertThat(settled(server)).containsExactly("adder 2 READY");
      last = server.repository().lease("adder", "");
      server.repository().unload("adder");
      assertThat(index(server)).containsExactly("adder 2 UNLOADING");
      assertThat(infer(server, "adder").statusCode()).isEqualTo(404);
      last.close();
      assertThat(settled(server)).containsExactly("adder 2 UNAVAILABLE");
    }
  }

  @Test
  void whatWasUnloadedStaysAwayUntilItIsLoaded() throws Exception {
    try (InferenceServer server = InferenceServer.start(options())) {
      server.repository().unload("adder");
      assertThat(infer(server, "adder").statusCode()).isEqualTo(404);
      assertThat(get(server, "/v2/health/ready").statusCode()).isEqualTo(200);
      appear("2", 20);
      Thread.sleep(200);
      assertThat(infer(server, "adder").statusCode()).isEqualTo(404);
      assertThat(settled(server)).containsExactly("adder 1 UNAVAILABLE");
      server.repository().load("adder");
      assertThat(answer(server)).isEqualTo("2 20");
    }
  }

  @Test
  void policiesOfVersions() throws Exception {
    for (int version = 2; version <= 12; version++) {
      TinyModels.add(models.resolve("adder/" + version), version);
    }
    record Case(String policy, List<String> open) {}
    for (Case c :
        List.of(
            new Case("latest", List.of("adder 12 READY")),
            new Case("latest:3", List.of("adder 10 READY", "adder 11 READY", "adder 12 READY")),
            new Case("2, 9", List.of("adder 2 READY", "adder 9 READY")))) {
      ServerOptions asked =
          options()
              .withRepository(options().repository().withVersions(VersionPolicy.parse(c.policy())));
      try (InferenceServer server = InferenceServer.start(asked)) {
        assertThat(index(server)).isEqualTo(c.open());
      }
    }
    ServerOptions none =
        options().withRepository(options().repository().withVersions(VersionPolicy.parse("77")));
    try (InferenceServer server = InferenceServer.start(none)) {
      HttpResponse<String> response = infer(server, "adder");
      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(response.body()).contains("none of the versions");
    }
  }
}
