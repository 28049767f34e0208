package dev.hasten.serve;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * {@code GET /openapi.json}: the API as OpenAPI 3.1. Written by hand in {@code openapi.yaml}; what
 * the running server does not have is left out.
 */
final class OpenApi {
  static final String PATH = "/openapi.json";

  private static final String MODEL = "/v2/models/{model}";
  private static final String VERSION = MODEL + "/versions/{version}";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "patch", "head", "options", "trace");

  private final boolean tokens;
  private volatile @Nullable String text;

  /**
   * @param tokens whether the server asks for tokens
   */
  OpenApi(boolean tokens) {
    this.tokens = tokens;
  }

  /** Adds its route. */
  void bind(ServerBuilder server) {
    server
        .route()
        .get(PATH)
        .build((ctx, req) -> HttpResponse.of(HttpStatus.OK, MediaType.JSON, text(ctx)));
  }

  private String text(ServiceRequestContext ctx) {
    String known = text;
    if (known == null) {
      known = document(bound(ctx.config().server().serviceConfigs()), tokens).toString();
      text = known;
    }
    return known;
  }

  /** The methods of each path that a server takes; without gRPC's. */
  static Map<String, Set<HttpMethod>> bound(Collection<ServiceConfig> configs) {
    Map<String, Set<HttpMethod>> bound = new LinkedHashMap<>();
    for (ServiceConfig config : configs) {
      Route route = config.route();
      String path = route.patternString().replaceAll(":([A-Za-z]+)", "{$1}");
      if (!route.isFallback() && !path.startsWith(Gate.GRPC)) {
        bound.computeIfAbsent(path, p -> new TreeSet<>()).addAll(route.methods());
      }
    }
    return bound;
  }

  /** All that the file has. */
  static ObjectNode file() {
    try (InputStream in =
        Objects.requireNonNull(OpenApi.class.getResourceAsStream("openapi.yaml"))) {
      LoadSettings settings = LoadSettings.builder().setLabel("openapi.yaml").build();
      return JSON.valueToTree(new Load(settings).loadFromInputStream(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What of the file is so of a server with these paths. */
  static ObjectNode document(Map<String, Set<HttpMethod>> bound, boolean tokens) {
    ObjectNode document = file();
    ObjectNode paths = (ObjectNode) document.get("paths");
    addVersions(paths);
    for (String path : List.copyOf(names(paths))) {
      ObjectNode item = (ObjectNode) paths.get(path);
      Set<HttpMethod> taken = bound.getOrDefault(path, Set.of());
      for (String method : operations(item)) {
        if (!taken.contains(HttpMethod.valueOf(method.toUpperCase(Locale.ROOT)))) {
          item.remove(method);
        } else if (!tokens) {
          ((ObjectNode) item.get(method)).remove("security");
        }
      }
      if (operations(item).isEmpty()) {
        paths.remove(path);
      }
    }
    if (!tokens) {
      document.remove("security");
      ((ObjectNode) document.get("components")).remove("securitySchemes");
    }
    return document;
  }

  /** What is asked of a model can be asked of one of its versions. */
  private static void addVersions(ObjectNode paths) {
    for (String path : List.copyOf(names(paths))) {
      if (!path.startsWith(MODEL)) {
        continue;
      }
      ObjectNode item = paths.get(path).deepCopy();
      ((ArrayNode) item.get("parameters"))
          .addObject()
          .put("$ref", "#/components/parameters/version");
      for (String method : operations(item)) {
        ObjectNode operation = (ObjectNode) item.get(method);
        operation.put("operationId", operation.get("operationId").asText() + "OfVersion");
      }
      paths.set(VERSION + path.substring(MODEL.length()), item);
    }
  }

  static List<String> operations(ObjectNode item) {
    return names(item).stream().filter(METHODS::contains).toList();
  }

  private static List<String> names(ObjectNode node) {
    return node.propertyStream().map(Map.Entry::getKey).toList();
  }
}
