package dev.hasten.bench;

import static dev.hasten.bench.FuzzBodies.utf8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Right requests over REST, to be damaged. */
final class FuzzTargets {
  /**
   * A request.
   *
   * @param json the body where it is JSON
   * @param valid answered with 200 as it is
   */
  record Target(
      String method,
      String path,
      Map<String, String> headers,
      byte[] body,
      @Nullable JsonNode json,
      boolean valid) {
    Target with(byte[] other) {
      return new Target(method, path, headers, other, null, false);
    }

    Target with(String name, String value) {
      Map<String, String> more = new LinkedHashMap<>(headers);
      more.put(name, value);
      return new Target(method, path, more, body, json, false);
    }

    Target at(String other) {
      return new Target(method, other, headers, body, json, false);
    }
  }

  private static final String[] GETS = {
    "/v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/adder",
    "/v2/models/stats",
    "/v2/models/text/config",
    "/v2/models/adder/versions/1/stats",
    "/v2/models/adder/ready",
    "/v1/models",
    "/metrics",
    "/openapi.json",
    "/v2/jobs?limit=2"
  };
  private static final String[] JOB_PATHS = {
    "/v2/jobs/%s", "/v2/jobs/%s/result", "/v2/jobs/%s?wait=1ms", "/v2/jobs/%s/events"
  };
  private static final String[] SAMPLES = {
    "bool|BOOL|[true,false]",
    "uint8|UINT8|[0,255]",
    "int32|INT32|[-5,7]",
    "int64|INT64|[1,2]",
    "fp16|FP16|[0.5,2]",
    "fp64|FP64|[1e300,-1]",
    "bytes|BYTES|[\"a\",\"\u00fc\"]"
  };

  private final Random random;
  private final FuzzBodies bodies;

  FuzzTargets(Random random, FuzzBodies bodies) {
    this.random = random;
    this.bodies = bodies;
  }

  Target next() {
    return switch (random.nextInt(20)) {
      case 0, 1, 2, 3 -> infer();
      case 4, 5, 6 -> binary();
      case 7 -> text();
      case 8 ->
          new Target("POST", "/v2/models/image/predict", Map.of(), bodies.image(), null, true);
      case 9 -> new Target("POST", "/v2/models/audio/predict", Map.of(), bodies.wav(), null, true);
      case 10, 11 -> row();
      case 12, 13 ->
          json(
              "/v1/embeddings", FuzzBodies.parse("{\"model\":\"text\",\"input\":[\"a b\",\"b\"]}"));
      case 14 -> json("/v2/repository/index", FuzzBodies.parse("{\"ready\":true}"));
      case 15 -> repository();
      case 16 -> job();
      case 17 -> later();
      default -> new Target("GET", pick(GETS), Map.of(), new byte[0], null, true);
    };
  }

  private String pick(String[] from) {
    return from[random.nextInt(from.length)];
  }

  private static Target json(String path, JsonNode body) {
    return new Target(
        "POST",
        path,
        Map.of("Content-Type", "application/json"),
        utf8(body.toString()),
        body,
        true);
  }

  Target infer() {
    if (random.nextInt(3) == 0) {
      return json("/v2/models/adder/infer", FuzzBodies.infer("FP32", "[1,2,3,4]", 4));
    }
    String[] sample = pick(SAMPLES).split("\\|", -1);
    return json("/v2/models/" + sample[0] + "/infer", FuzzBodies.infer(sample[1], sample[2], 2));
  }

  /** With the tensors' bytes behind the JSON. */
  Target binary() {
    boolean texts = random.nextInt(3) == 0;
    ObjectNode json = FuzzBodies.infer(texts ? "BYTES" : "FP32", "[]", texts ? 2 : 4);
    ObjectNode input = (ObjectNode) json.get("inputs").get(0);
    input.remove("data");
    ByteBuffer tensor = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    if (texts) {
      tensor.putInt(4).put(utf8("abcd")).putInt(4).put(utf8("efgh"));
    } else {
      tensor.putFloat(1).putFloat(2).putFloat(3).putFloat(4);
    }
    input.putObject("parameters").put("binary_data_size", 16);
    ((ObjectNode) json.get("outputs").get(0))
        .putObject("parameters")
        .put("binary_data", random.nextBoolean());
    byte[] head = utf8(json.toString());
    byte[] body = ByteBuffer.allocate(head.length + 16).put(head).put(tensor.array()).array();
    return new Target(
        "POST",
        "/v2/models/" + (texts ? "bytes" : "adder") + "/infer",
        Map.of("Inference-Header-Content-Length", Integer.toString(head.length)),
        body,
        null,
        true);
  }

  private Target text() {
    return random.nextBoolean()
        ? json("/v2/models/text/predict", FuzzBodies.parse("{\"text\":\"a b c\"}"))
        : new Target(
            "POST",
            "/v2/models/text/predict",
            Map.of("Content-Type", "text/plain"),
            utf8("a b c"),
            null,
            true);
  }

  private Target row() {
    return json(
        "/v2/models/table/predict",
        FuzzBodies.parse("{\"age\":22,\"fare\":\"7.25\",\"parch\":null}"));
  }

  private Target repository() {
    boolean load = random.nextInt(3) > 0;
    JsonNode body = FuzzBodies.parse("{\"parameters\":{\"unload_dependents\":true}}");
    Target target = json("/v2/repository/models/spare/" + (load ? "load" : "unload"), body);
    return new Target(target.method(), target.path(), target.headers(), target.body(), body, false);
  }

  private Target job() {
    String id = "01a213c5-a8ff-7bae-88db-%012x".formatted(random.nextInt(1 << 20));
    return switch (random.nextInt(4)) {
      case 0 -> new Target("DELETE", "/v2/jobs/" + id, Map.of(), new byte[0], null, false);
      case 1 ->
          new Target(
              "POST",
              "/v2/jobs/" + id + (random.nextBoolean() ? "/cancel" : "/retry"),
              Map.of(),
              new byte[0],
              null,
              false);
      default ->
          new Target("GET", pick(JOB_PATHS).formatted(id), Map.of(), new byte[0], null, false);
    };
  }

  /** Stored, and answered later. */
  private Target later() {
    if (random.nextInt(3) > 0) {
      return infer()
          .with("Prefer", "respond-async")
          .with("Idempotency-Key", "k" + random.nextInt(50));
    }
    String line = infer().json() + "\n";
    return new Target("POST", "/v2/models/adder/jobs", Map.of(), utf8(line.repeat(3)), null, false);
  }
}
