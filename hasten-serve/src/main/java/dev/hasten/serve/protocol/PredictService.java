package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.runtime.Timing;
import dev.hasten.serve.repository.ModelRepository;
import dev.hasten.serve.repository.ServedModel;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Answers through a bundle's own pipeline: {@code POST /v2/models/{model}/predict}. */
public final class PredictService {
  private static final JsonFactory JSON = new JsonFactory();

  private final ModelRepository repository;

  public PredictService(ModelRepository repository) {
    this.repository = repository;
  }

  /** Adds its routes. */
  public void bind(ServerBuilder server) {
    server.route().post("/v2/models/{model}/predict").build(this::predict);
    server.route().post("/v2/models/{model}/versions/{version}/predict").build(this::predict);
  }

  private HttpResponse predict(ServiceRequestContext ctx, HttpRequest req) {
    @Nullable String version = ctx.pathParam("version");
    ModelRepository.Lease lease =
        repository.lease(String.valueOf(ctx.pathParam("model")), version == null ? "" : version);
    return LeasedAnswer.of(
        ctx,
        lease,
        answer ->
            BySize.write(
                ctx,
                req.aggregate()
                    // Decoding images and splitting texts takes too long for the event loop.
                    .thenComposeAsync(
                        body -> answer.cancels(submit(ctx, lease.model(), body)),
                        ctx.blockingTaskExecutor()),
                ctx.eventLoop(),
                prediction ->
                    HttpResponse.of(
                        HttpStatus.OK, MediaType.JSON, json(lease.model(), prediction))));
  }

  private static CompletableFuture<Prediction> submit(
      ServiceRequestContext ctx, ServedModel model, AggregatedHttpRequest body) {
    Example example = Uploads.read(model.pipeline(), body.contentType(), body.content().array());
    RequestOptions options = CallOptions.of(ctx, Map.of());
    return CallFacts.of(ctx).follow(model, 1, () -> model.predict(example, options));
  }

  static String json(ServedModel model, Prediction prediction) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("model_name", model.name());
      out.writeStringField("model_version", model.version());
      writeOutputs(out, prediction);
      Timing timing = prediction.timing();
      out.writeObjectFieldStart("timing_ms");
      out.writeNumberField("preprocessing", millis(timing.preprocessing()));
      out.writeNumberField("queue", millis(timing.queue()));
      out.writeNumberField("inference", millis(timing.inference()));
      out.writeNumberField("postprocessing", millis(timing.postprocessing()));
      out.writeEndObject();
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /** Each output under its name, nested as its shape. */
  static void writeOutputs(JsonGenerator out, Prediction prediction) throws IOException {
    out.writeObjectFieldStart("outputs");
    for (Map.Entry<String, NdArray> output : new TreeMap<>(prediction.outputs()).entrySet()) {
      out.writeFieldName(output.getKey());
      JsonTensor.writeNested(out, output.getValue());
    }
    out.writeEndObject();
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
