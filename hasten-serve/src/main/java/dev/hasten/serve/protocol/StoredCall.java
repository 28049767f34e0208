package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.MediaType;
import dev.hasten.runtime.RequestOptions;
import dev.hasten.serve.repository.Cancelling;
import dev.hasten.serve.repository.ServedModel;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A call apart from the connection that it came over: bytes in, bytes out, as over REST.
 *
 * @param predict through the model's own pipeline; else tensors
 * @param contentType of the body; empty: not said
 * @param jsonLength of the JSON in front of the tensors' bytes
 */
@SuppressWarnings("ArrayRecordComponent") // Bodies are large; nobody compares them.
public record StoredCall(boolean predict, String contentType, OptionalInt jsonLength, byte[] body) {
  /** An answer's bytes. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Answer(byte[] body, String contentType, OptionalInt jsonLength) {}

  /**
   * Runs it.
   *
   * @param encoder writes the answer
   * @return cancelling it takes the request back
   * @throws ProtocolException if the body is not what the model takes
   */
  public CompletableFuture<Answer> run(
      ServedModel model, RequestOptions options, Executor encoder) {
    if (predict) {
      @Nullable MediaType type = contentType.isEmpty() ? null : MediaType.parse(contentType);
      return through(
          model.predict(Uploads.read(model.pipeline(), type, body), options),
          encoder,
          prediction ->
              new Answer(
                  PredictService.json(model, prediction).getBytes(StandardCharsets.UTF_8),
                  MediaType.JSON.toString(),
                  OptionalInt.empty()));
    }
    InferenceRequest request = RestCodec.read(body, jsonLength);
    return through(
        model.infer(request.inputs(), options),
        encoder,
        prediction -> {
          RestCodec.Body answer =
              RestCodec.write(InferenceResponse.of(model, request, prediction.outputs()));
          MediaType type =
              answer.jsonLength().isPresent() ? MediaType.OCTET_STREAM : MediaType.JSON;
          return new Answer(answer.bytes(), type.toString(), answer.jsonLength());
        });
  }

  private static <T> CompletableFuture<Answer> through(
      CompletableFuture<T> run, Executor encoder, java.util.function.Function<T, Answer> encode) {
    return Cancelling.both(run.thenApplyAsync(encode, encoder), run);
  }
}
