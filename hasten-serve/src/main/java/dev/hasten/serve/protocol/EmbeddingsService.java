package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.runtime.Timing;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ServedModel;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/** {@code POST /v1/embeddings}, as OpenAI's clients send it: texts to vectors. */
public final class EmbeddingsService {
  private static final JsonFactory JSON = new JsonFactory();

  /** Most texts of one request, as with OpenAI. */
  private static final int MOST_TEXTS = 2048;

  private final ModelRepository repository;

  public EmbeddingsService(ModelRepository repository) {
    this.repository = repository;
  }

  /** Adds its routes. */
  public void bind(ServerBuilder server) {
    server.route().post("/v1/embeddings").build(this::embeddings);
    server.route().get("/v1/models").build((ctx, req) -> models());
  }

  private HttpResponse models() {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("object", "list");
      out.writeArrayFieldStart("data");
      for (String name :
          repository.index().stream()
              .filter(entry -> entry.state() == ModelRepository.State.READY)
              .map(ModelRepository.Entry::model)
              .distinct()
              .toList()) {
        out.writeStartObject();
        out.writeStringField("id", name);
        out.writeStringField("object", "model");
        out.writeNumberField("created", 0);
        out.writeStringField("owned_by", Descriptions.SERVER);
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return HttpResponse.of(HttpStatus.OK, MediaType.JSON, text.toString());
  }

  private HttpResponse embeddings(ServiceRequestContext ctx, HttpRequest req) {
    return HttpResponse.of(
        req.aggregate().thenComposeAsync(body -> answer(ctx, body), ctx.blockingTaskExecutor()));
  }

  /** What a request asks for. */
  private record Asked(String model, List<String> texts, boolean base64, OptionalInt dimensions) {
    static Asked of(JsonNode body) {
      JsonNode model = body.get("model");
      JsonNode input = body.get("input");
      if (model == null || !model.isTextual()) {
        throw ProtocolException.invalid("model: missing (expected: a model's name)");
      }
      List<String> texts = new ArrayList<>();
      if (input != null && input.isTextual()) {
        texts.add(input.asText());
      } else if (input != null && input.isArray()) {
        for (JsonNode element : input) {
          if (!element.isTextual()) {
            throw ProtocolException.invalid(
                "input: not all of it are texts (tokens are not taken)");
          }
          texts.add(element.asText());
        }
      }
      if (texts.isEmpty() || texts.size() > MOST_TEXTS) {
        throw ProtocolException.invalid(
            "input: %d texts (expected: a text, or an array of 1 to %d)"
                .formatted(texts.size(), MOST_TEXTS));
      }
      String format = body.path("encoding_format").asText("float");
      if (!format.equals("float") && !format.equals("base64")) {
        throw ProtocolException.invalid(
            "encoding_format: %s (expected: float or base64)".formatted(Texts.brief(format)));
      }
      return new Asked(model.asText(), texts, format.equals("base64"), dimensions(body));
    }

    private static OptionalInt dimensions(JsonNode body) {
      JsonNode dimensions = body.path("dimensions");
      if (dimensions.isMissingNode() || dimensions.isNull()) {
        return OptionalInt.empty();
      }
      if (!dimensions.canConvertToInt() || !dimensions.isIntegralNumber()) {
        throw ProtocolException.invalid(
            "dimensions: %s (expected: the size of the model's embeddings)"
                .formatted(Texts.brief(dimensions.toString())));
      }
      return OptionalInt.of(dimensions.intValue());
    }
  }

  private CompletableFuture<HttpResponse> answer(
      ServiceRequestContext ctx, AggregatedHttpRequest body) {
    Asked asked = Asked.of(Uploads.parse(body.content().array()));
    RequestOptions options = CallOptions.of(ctx, Map.of());
    ModelRepository.Lease lease = repository.lease(asked.model(), "");
    ServedModel model = lease.model();
    long begun = System.nanoTime();
    List<CompletableFuture<Prediction>> runs = new ArrayList<>();
    CompletableFuture<HttpResponse> answer;
    try {
      for (String text : asked.texts()) {
        runs.add(model.predict(Example.text(text), options));
      }
      answer =
          allOrFirstFailure(runs)
              // Splitting texts again and writing numbers takes too long for who ran the model.
              .thenApplyAsync(
                  done -> {
                    runs.stream()
                        .map(run -> run.join().timing())
                        .max(Comparator.comparing(Timing::total))
                        .ifPresent(last -> CallFacts.of(ctx).ran(model, runs.size(), begun, last));
                    return HttpResponse.of(
                        HttpStatus.OK, MediaType.JSON, json(asked, runs, tokens(model, asked)));
                  },
                  ctx.blockingTaskExecutor());
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    ctx.whenRequestCancelling().thenAccept(cause -> cancel(runs));
    return answer.whenComplete((response, failure) -> {
      if (failure != null) {
        // Nobody waits for the others, one of which may be why.
        cancel(runs);
      }
      lease.close();
    });
  }

  private static void cancel(List<CompletableFuture<Prediction>> runs) {
    runs.forEach(run -> run.cancel(true));
  }

  /** Done when all are, failed as soon as one has failed. */
  static CompletableFuture<Void> allOrFirstFailure(List<? extends CompletableFuture<?>> runs) {
    CompletableFuture<Void> all =
        CompletableFuture.allOf(runs.toArray(CompletableFuture[]::new)).copy();
    runs.forEach(run ->
        run.whenComplete((result, failure) -> {
          if (failure != null) {
            all.completeExceptionally(failure);
          }
        }));
    return all;
  }

  private static long tokens(ServedModel model, Asked asked) {
    return asked.texts().stream()
        .mapToLong(text -> model.batcher().length(Example.text(text)))
        .sum();
  }

  private static String json(Asked asked, List<CompletableFuture<Prediction>> runs, long tokens) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("object", "list");
      out.writeArrayFieldStart("data");
      for (int i = 0; i < runs.size(); i++) {
        out.writeStartObject();
        out.writeStringField("object", "embedding");
        out.writeNumberField("index", i);
        out.writeFieldName("embedding");
        vector(out, runs.get(i).join(), asked);
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeStringField("model", asked.model());
      out.writeObjectFieldStart("usage");
      out.writeNumberField("prompt_tokens", tokens);
      out.writeNumberField("total_tokens", tokens);
      out.writeEndObject();
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void vector(JsonGenerator out, Prediction prediction, Asked asked)
      throws IOException {
    if (!prediction.outputs().containsKey(InputPipeline.EMBEDDING)) {
      throw ProtocolException.invalid(
          "model '%s' gives no embeddings: its pipeline does not pool".formatted(asked.model()));
    }
    float[] vector = prediction.embedding();
    if (asked.dimensions().orElse(vector.length) != vector.length) {
      throw ProtocolException.invalid(
          "dimensions: %d (expected: %d, the size of the embeddings of '%s', which cannot be cut)"
              .formatted(asked.dimensions().getAsInt(), vector.length, asked.model()));
    }
    if (asked.base64()) {
      ByteBuffer bytes = ByteBuffer.allocate(vector.length * 4).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(vector);
      out.writeString(Base64.getEncoder().encodeToString(bytes.array()));
    } else {
      out.writeStartArray();
      for (float element : vector) {
        out.writeNumber(element);
      }
      out.writeEndArray();
    }
  }
}
