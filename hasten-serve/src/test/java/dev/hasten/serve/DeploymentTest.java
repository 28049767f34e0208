package dev.hasten.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import dev.hasten.serve.jobs.JobsOptions;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What stands in {@code deploy/} against Kubernetes' own types and against a real server. */
class DeploymentTest {
  private static final Path DEPLOY = Path.of("../deploy");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Kubernetes' types take what they do not know into a map of its own; here it is an error. */
  private static final ObjectMapper STRICT =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .setAnnotationIntrospector(
              new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1;

                @Override
                public Boolean hasAnySetter(Annotated member) {
                  return false;
                }
              });

  @TempDir private Path folder;

  private static Object yaml(String text) {
    return new Load(LoadSettings.builder().build()).loadFromString(text);
  }

  private static HasMetadata manifest(String text) {
    return STRICT.convertValue(yaml(text), HasMetadata.class);
  }

  private static List<Path> manifests() throws IOException {
    try (Stream<Path> files = Files.walk(DEPLOY.resolve("kubernetes"))) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.endsWith("kustomization.yaml"))
          .sorted()
          .toList();
    }
  }

  private static String read(String file) throws IOException {
    return Files.readString(DEPLOY.resolve(file));
  }

  private static <T> T the(@Nullable T value) {
    return Objects.requireNonNull(value);
  }

  @Test
  void manifestsHaveOnlyWhatKubernetesKnows() throws Exception {
    Set<String> kinds = new TreeSet<>();
    for (Path file : manifests()) {
      HasMetadata manifest = manifest(Files.readString(file));
      assertThat(manifest.getMetadata().getName()).as(file.toString()).startsWith("hasten");
      kinds.add(manifest.getKind());
    }
    assertThat(kinds)
        .containsExactly(
            "ConfigMap",
            "Deployment",
            "HorizontalPodAutoscaler",
            "PersistentVolumeClaim",
            "PodDisruptionBudget",
            "Service");
    String deployment = read("kubernetes/base/deployment.yaml");
    assertThatThrownBy(() -> manifest(deployment.replace("readinessProbe", "readynessProbe")))
        .hasMessageContaining("readynessProbe");
    assertThatThrownBy(() -> manifest(deployment.replace("replicas: 2", "replicas: two")))
        .hasMessageContaining("two");
  }

  @Test
  void everyFileOfAKustomizationIsThere() throws Exception {
    for (String at : List.of("kubernetes/base", "kubernetes/jobs-on-disk")) {
      JsonNode list = JSON.valueToTree(yaml(read(at + "/kustomization.yaml")));
      List<String> files = new ArrayList<>();
      list.get("resources").forEach(file -> files.add(file.asText()));
      list.path("patches").findValuesAsText("path", files);
      assertThat(files)
          .isNotEmpty()
          .allSatisfy(file -> assertThat(DEPLOY.resolve(at).resolve(file)).exists());
    }
  }

  @Test
  void theDeploymentAsksTheServerWhatItAnswers() throws Exception {
    Deployment deployment = (Deployment) manifest(read("kubernetes/base/deployment.yaml"));
    PodSpec pod = deployment.getSpec().getTemplate().getSpec();
    Container container = pod.getContainers().getFirst();
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(container.getResources().getLimits()).containsKeys("cpu", "memory");
    // SIGTERM comes after the pause before it; then the server takes up to its time to drain.
    long pause = container.getLifecycle().getPreStop().getSleep().getSeconds();
    assertThat(pod.getTerminationGracePeriodSeconds())
        .isGreaterThan(pause + ServerOptions.of(folder).drainTimeout().toSeconds());
    TinyModels.add(folder.resolve("adder/1"), 1);
    try (HttpClient http = HttpClient.newHttpClient();
        InferenceServer server =
            InferenceServer.start(ServerOptions.of(folder).withAddress("127.0.0.1", 0))) {
      for (Probe probe :
          List.of(
              the(container.getStartupProbe()),
              the(container.getLivenessProbe()),
              the(container.getReadinessProbe()))) {
        HTTPGetAction get = the(probe.getHttpGet());
        assertThat(get.getPort().getStrVal()).isEqualTo(container.getPorts().getFirst().getName());
        assertThat(get(http, server, get.getPath()).statusCode()).isEqualTo(200);
      }
    }
    ConfigMap config = (ConfigMap) manifest(read("kubernetes/base/config.yaml"));
    JsonNode options = JSON.valueToTree(yaml(the(config.getData().get("serve.yaml"))));
    assertThat(options.get("port").asInt())
        .isEqualTo(container.getPorts().getFirst().getContainerPort());
    assertThat(container.getVolumeMounts())
        .anyMatch(mount -> mount.getMountPath().equals(options.get("models").asText()))
        .anyMatch(mount -> options.get("tokens").asText().startsWith(mount.getMountPath() + "/"));
  }

  @Test
  @Timeout(60)
  void dashboardAlertsAndScalingNameMetricsThatTheServerHas() throws Exception {
    List<String> expressions = new ArrayList<>();
    JSON.readTree(read("grafana/hasten.json"))
        .findValuesAsText("expr", expressions)
        .forEach(expression -> assertThat(expression).isNotBlank());
    assertThat(expressions).hasSizeGreaterThan(20);
    JsonNode alerts = JSON.valueToTree(yaml(read("prometheus/alerts.yaml")));
    alerts.findValuesAsText("expr", expressions);
    JsonNode scaling = JSON.valueToTree(yaml(read("kubernetes/base/autoscaler-by-queue.yaml")));
    expressions.add(scaling.at("/spec/metrics/0/pods/metric/name").asText());
    Set<String> named = new TreeSet<>();
    expressions.forEach(expression -> named.addAll(metrics(expression)));
    assertThat(named).contains("nv_inference_count", "hasten_batch_size_bucket", "up");
    assertThat(named).contains("hasten_jobs", "hasten_model_load_last_failure_timestamp_seconds");
    Path models = folder.resolve("models");
    TinyModels.add(models.resolve("adder/1"), 1);
    Files.createDirectories(models.resolve("broken/1"));
    Files.writeString(models.resolve("broken/1/model.onnx"), "no model");
    ServerOptions options =
        ServerOptions.of(models)
            .withAddress("127.0.0.1", 0)
            .withJobs(JobsOptions.of(folder.resolve("jobs").toString()));
    try (HttpClient http = HttpClient.newHttpClient();
        InferenceServer server = InferenceServer.start(options)) {
      assertThat(given(http, server))
          .contains("hasten_jobs", "hasten_model_load_last_failure_timestamp_seconds")
          .doesNotContain("hasten_jobs_submitted_total");
      // Some are there once there was a job.
      HttpResponse<String> job =
          http.send(
              HttpRequest.newBuilder(at(server, "/v2/models/adder/infer"))
                  .header("Prefer", "respond-async")
                  .POST(HttpRequest.BodyPublishers.ofString(FOUR))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(job.statusCode()).isEqualTo(202);
      String id = JSON.readTree(job.body()).get("id").asText();
      assertThat(get(http, server, "/v2/jobs/" + id + "/result?wait=30s").statusCode())
          .isEqualTo(200);
      assertThat(given(http, server)).containsAll(named);
      assertThat(get(http, server, "/metrics").body())
          .contains("hasten_model_load_failures_total{model=\"broken\"} 1.0")
          .contains("hasten_model_loads_total{model=\"adder\"} 1.0")
          .contains("hasten_jobs_submitted_total{kind=\"single\",model=\"adder\"} 1.0")
          .contains("hasten_job_attempts_total{kind=\"single\",model=\"adder\"} 1.0")
          .contains(
              "hasten_jobs_ended_total{kind=\"single\",model=\"adder\",state=\"succeeded\"} 1.0")
          .contains("hasten_job_duration_seconds_count{kind=\"single\",model=\"adder\"} 1");
      // What stands in the database is looked at now and then.
      while (!get(http, server, "/metrics").body().contains("hasten_jobs{state=\"succeeded\"} 1")) {
        Thread.sleep(100);
      }
    }
  }

  private static final String FOUR =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[1,2,3,4]}]}";

  /** The metrics' names. */
  private static Set<String> given(HttpClient http, InferenceServer server) throws Exception {
    Set<String> given = new TreeSet<>(Set.of("up"));
    get(http, server, "/metrics")
        .body()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> given.add(line.split("[{ ]", 2)[0]));
    return given;
  }

  @Test
  void metricsOfAnExpressionAreFound() {
    assertThat(
            metrics(
                "sum by (le) (rate(a_bucket{m=~\"x\"}[5m])) / on (i, b) rate(c[$d]) > 0 and up == 1"))
        .containsExactlyInAnyOrder("a_bucket", "c", "up");
  }

  private static final Pattern NO_METRIC =
      Pattern.compile("\\{[^}]*}|\"[^\"]*\"|\\[[^]]*]|\\b(by|on|without|ignoring)\\s*\\([^)]*\\)");
  private static final Pattern NAME = Pattern.compile("\\b[a-zA-Z_:][\\w:]*\\b(?!\\s*\\()");

  /** The metrics in an expression of PromQL. */
  private static Set<String> metrics(String expression) {
    Set<String> names = new TreeSet<>();
    Matcher name = NAME.matcher(NO_METRIC.matcher(expression).replaceAll(" "));
    while (name.find()) {
      names.add(name.group());
    }
    // "sum" stays where its "by (…)" was taken out.
    names.removeAll(Set.of("and", "or", "unless", "sum", "max"));
    return names;
  }

  private static URI at(InferenceServer server, String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  private static HttpResponse<String> get(HttpClient http, InferenceServer server, String path)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(at(server, path)).build(), HttpResponse.BodyHandlers.ofString());
  }
}
