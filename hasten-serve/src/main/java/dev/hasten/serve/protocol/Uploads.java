package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.common.MediaType;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.PipelineSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What clients send for a bundle's own pipeline: a text, a row, an image, a recording. */
public final class Uploads {
  /** Most names and values in a body's JSON: each becomes an object many times its size. */
  private static final int MOST_TOKENS = 100_000;

  private static final ObjectMapper JSON =
      new ObjectMapper(
              new JsonFactoryBuilder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxTokenCount(MOST_TOKENS).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Uploads() {}

  /**
   * The example in a body.
   *
   * @param type what the body is; absent: what the pipeline takes
   * @throws ProtocolException if it is not what the pipeline takes
   */
  public static Example read(PipelineSpec pipeline, @Nullable MediaType type, byte[] body) {
    boolean json = type != null && type.isJson();
    return switch (pipeline) {
      case PipelineSpec.Text text -> Example.text(json ? text(body) : utf8(body));
      case PipelineSpec.Table table -> Example.row(row(json, body));
      case PipelineSpec.Image image -> Example.image(file(json, "an image's file", body));
      case PipelineSpec.Audio audio -> Example.audio(file(json, "a WAV file", body));
      case PipelineSpec.Tensors tensors ->
          throw ProtocolException.invalid(
              "the model takes tensors (expected: a request to its infer, not its predict)");
    };
  }

  private static String utf8(byte[] body) {
    return RawTensors.text("body", ByteBuffer.wrap(body));
  }

  private static String text(byte[] body) {
    JsonNode text = parse(body).get("text");
    if (text == null || !text.isTextual()) {
      throw ProtocolException.invalid("text: missing (expected: {\"text\": \"…\"})");
    }
    return text.asText();
  }

  private static Map<String, @Nullable Object> row(boolean json, byte[] body) {
    if (!json) {
      throw ProtocolException.invalid(
          "the model takes rows of a table (expected: a JSON object of its columns, sent as"
              + " application/json)");
    }
    JsonNode object = parse(body);
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      row.put(field.getKey(), plain(field.getKey(), field.getValue()));
    }
    return row;
  }

  private static @Nullable Object plain(String field, JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> value.asText();
      case BOOLEAN -> value.asBoolean();
      case NUMBER -> value.isIntegralNumber() ? (Object) value.asLong() : (Object) value.asDouble();
      case NULL -> null;
      case ARRAY, OBJECT, BINARY, MISSING, POJO ->
          throw ProtocolException.invalid(
              "%s: %s (expected: a text, a number, true or false, or null)"
                  .formatted(Texts.brief(field), Texts.brief(value.toString())));
    };
  }

  private static byte[] file(boolean json, String what, byte[] body) {
    if (json || body.length == 0) {
      throw ProtocolException.invalid(
          "the model takes " + what + " (expected: its bytes as the body)");
    }
    return body;
  }

  /**
   * A JSON object.
   *
   * @throws ProtocolException if it is none, or has more than {@value #MOST_TOKENS} parts
   */
  static JsonNode parse(byte[] body) {
    try {
      JsonNode node = JSON.readTree(new String(body, StandardCharsets.UTF_8));
      if (node == null || !node.isObject()) {
        throw ProtocolException.invalid("the body is not a JSON object");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw ProtocolException.invalid("not valid JSON: " + Texts.brief(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
