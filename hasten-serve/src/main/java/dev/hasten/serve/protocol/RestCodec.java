package dev.hasten.serve.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import dev.hasten.runtime.NdArray;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The protocol's JSON, with the binary tensor extension: the tensors' bytes stand behind the JSON,
 * in the order in which it names them, and a header says how long the JSON is.
 */
public final class RestCodec {
  /** Length of the JSON before the bytes of the tensors. */
  public static final String HEADER_LENGTH = "inference-header-content-length";

  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(100)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private RestCodec() {}

  /** An answer's bytes. {@code jsonLength} is present where tensors follow the JSON. */
  public record Body(List<ByteBuffer> parts, OptionalInt jsonLength) {
    public Body {
      parts = List.copyOf(parts);
    }

    /** All of it, one part behind the other. */
    byte[] bytes() {
      byte[] all = new byte[parts.stream().mapToInt(ByteBuffer::remaining).sum()];
      ByteBuffer out = ByteBuffer.wrap(all);
      parts.forEach(part -> out.put(part.duplicate()));
      return all;
    }
  }

  /**
   * Reads a request.
   *
   * @param jsonLength as the header says; absent: everything is JSON
   * @throws ProtocolException naming the input or field, what was found and what was expected
   */
  public static InferenceRequest read(byte[] body, OptionalInt jsonLength) {
    int length = jsonLength.orElse(body.length);
    if (length < 0 || length > body.length) {
      throw ProtocolException.invalid(
          "Inference-Header-Content-Length: %d (expected: 0 to the body's %d bytes)"
              .formatted(length, body.length));
    }
    ByteBuffer tensors = ByteBuffer.wrap(body, length, body.length - length).slice();
    if (length == 0 && tensors.hasRemaining()) {
      throw ProtocolException.invalid(
          "the body has no JSON (expected: the request's JSON before the tensors' bytes)");
    }
    try (JsonParser parser = JSON.createParser(body, 0, length)) {
      InferenceRequest request = new Reader(parser, body, length, tensors).request();
      if (parser.nextToken() != null) {
        throw ProtocolException.invalid("text after the end of the JSON object");
      }
      if (tensors.hasRemaining()) {
        throw ProtocolException.invalid(
            "%d bytes behind those of the inputs".formatted(tensors.remaining()));
      }
      return request;
    } catch (InputCoercionException e) {
      throw ProtocolException.invalid(
          "a number is out of range: " + Texts.brief(e.getOriginalMessage()));
    } catch (JsonProcessingException e) {
      throw ProtocolException.invalid("not valid JSON: " + Texts.brief(e.getOriginalMessage()));
    } catch (IOException e) {
      // Of bytes in memory: they are taken for UTF-16 or UTF-32, and are neither.
      throw ProtocolException.invalid(
          "not valid JSON: " + Texts.brief(String.valueOf(e.getMessage())));
    }
  }

  /** Writes an answer. */
  public static Body write(InferenceResponse response) {
    List<ByteBuffer> parts = new ArrayList<>();
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(json)) {
      out.writeStartObject();
      if (!response.id().isEmpty()) {
        out.writeStringField("id", response.id());
      }
      out.writeStringField("model_name", response.model());
      out.writeStringField("model_version", response.version());
      out.writeArrayFieldStart("outputs");
      for (Map.Entry<String, NdArray> output : response.outputs().entrySet()) {
        NdArray tensor = output.getValue();
        out.writeStartObject();
        out.writeStringField("name", output.getKey());
        out.writeStringField("datatype", Datatype.of(tensor.type()).name());
        out.writeFieldName("shape");
        out.writeArray(tensor.shape(), 0, tensor.rank());
        if (response.binary().contains(output.getKey())) {
          ByteBuffer bytes = RawTensors.write(tensor);
          out.writeObjectFieldStart("parameters");
          out.writeNumberField("binary_data_size", bytes.remaining());
          out.writeEndObject();
          parts.add(bytes);
        } else {
          out.writeFieldName("data");
          JsonTensor.write(out, tensor);
        }
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] head = json.toByteArray();
    boolean binary = !parts.isEmpty();
    parts.addFirst(ByteBuffer.wrap(head));
    return new Body(parts, binary ? OptionalInt.of(head.length) : OptionalInt.empty());
  }

  /** Reads one request. */
  private static final class Reader {
    private final JsonParser parser;
    private final byte[] body;
    private final int length;
    private final ByteBuffer tensors;

    private String id = "";
    private final Map<String, NdArray> inputs = new LinkedHashMap<>();
    private final List<InferenceRequest.RequestedOutput> outputs = new ArrayList<>();
    private Map<String, Object> parameters = Map.of();
    private boolean anyInputs;

    /** Outputs with the answers' default still open: it may stand behind them. */
    private final List<Wanted> wanted = new ArrayList<>();

    Reader(JsonParser parser, byte[] body, int length, ByteBuffer tensors) {
      this.parser = parser;
      this.body = body;
      this.length = length;
      this.tensors = tensors;
    }

    InferenceRequest request() throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw ProtocolException.invalid("the request is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        if (parser.nextToken() == JsonToken.VALUE_NULL) {
          // As if it were not there: clients write fields out that they have no value for.
          continue;
        }
        switch (field) {
          case "id" -> id = text("id");
          case "parameters" -> parameters = parameters("parameters");
          case "inputs" -> {
            anyInputs = true;
            each("inputs", this::input);
          }
          case "outputs" -> each("outputs", this::output);
          default -> parser.skipChildren();
        }
      }
      if (!anyInputs) {
        throw ProtocolException.invalid("inputs: missing (expected: an array of tensors)");
      }
      boolean binary = flag(parameters, "binary_data_output", false);
      for (Wanted output : wanted) {
        outputs.add(
            new InferenceRequest.RequestedOutput(
                output.name, output.binary == null ? binary : output.binary, output.classes));
      }
      return new InferenceRequest(id, inputs, outputs, parameters, binary);
    }

    /** An element of an array of objects. */
    private interface Element {
      void read() throws IOException;
    }

    private void each(String what, Element element) throws IOException {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw ProtocolException.invalid(what + ": not an array (expected: an array of objects)");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          throw ProtocolException.invalid(what + ": not all of it are objects");
        }
        element.read();
      }
    }

    private void input() throws IOException {
      @Nullable String name = null;
      @Nullable String datatype = null;
      long @Nullable [] shape = null;
      @Nullable NdArray tensor = null;
      long dataAt = -1;
      Map<String, Object> params = Map.of();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        if (parser.nextToken() == JsonToken.VALUE_NULL) {
          continue;
        }
        switch (field) {
          case "name" -> name = text("inputs[].name");
          case "datatype" -> datatype = text("inputs[].datatype");
          case "shape" -> shape = shape(name);
          case "parameters" -> params = parameters("inputs[].parameters");
          case "data" -> {
            if (name != null && datatype != null && shape != null) {
              tensor = data(parser, length, name, datatype, shape);
            } else {
              dataAt = parser.currentTokenLocation().getByteOffset();
              parser.skipChildren();
            }
          }
          default -> parser.skipChildren();
        }
      }
      String known = require("name", name, name);
      long[] dims = require("shape", shape, known);
      String type = require("datatype", datatype, known);
      if (tensor == null && dataAt >= 0) {
        // The data stood before what says how to read them.
        try (JsonParser again = JSON.createParser(body, (int) dataAt, length - (int) dataAt)) {
          again.nextToken();
          tensor = data(again, length - (int) dataAt, known, type, dims);
        }
      }
      Object size = params.get("binary_data_size");
      if (params.containsKey("shared_memory_region")) {
        throw ProtocolException.of(
            ProtocolException.Kind.UNSUPPORTED,
            "input '%s': shared memory is not supported (send the data)"
                .formatted(Texts.brief(known)));
      }
      if (size != null) {
        if (tensor != null) {
          throw ProtocolException.invalid(
              "input '%s': both data and binary_data_size".formatted(Texts.brief(known)));
        }
        tensor = binary(known, type, dims, size);
      }
      if (tensor == null) {
        throw ProtocolException.invalid(
            "input '%s': data: missing (expected: an array, or binary_data_size)"
                .formatted(Texts.brief(known)));
      }
      if (inputs.put(known, tensor) != null) {
        throw ProtocolException.invalid("input '%s': given twice".formatted(Texts.brief(known)));
      }
    }

    /**
     * @param end bytes from where the parser began to the end of the JSON
     */
    private static NdArray data(JsonParser at, int end, String name, String datatype, long[] shape)
        throws IOException {
      // -1 where the JSON is in UTF-16 or UTF-32.
      long passed = Math.max(0, at.currentTokenLocation().getByteOffset());
      return JsonTensor.read(at, name, Datatype.named(name, datatype), shape, (int) (end - passed));
    }

    private NdArray binary(String name, String datatype, long[] shape, Object size) {
      if (!(size instanceof Long bytes) || bytes < 0 || bytes > tensors.remaining()) {
        throw ProtocolException.invalid(
            "input '%s': binary_data_size: %s (expected: 0 to the %d bytes left in the body)"
                .formatted(
                    Texts.brief(name), Texts.brief(String.valueOf(size)), tensors.remaining()));
      }
      ByteBuffer part = tensors.slice(tensors.position(), bytes.intValue());
      tensors.position(tensors.position() + bytes.intValue());
      return RawTensors.read(name, Datatype.named(name, datatype), shape, part);
    }

    private static <T> T require(String field, @Nullable T value, @Nullable String input) {
      if (value == null) {
        String where = input == null ? "an input" : "input '" + Texts.brief(input) + "'";
        throw ProtocolException.invalid(where + ": " + field + ": missing");
      }
      return value;
    }

    private record Wanted(String name, @Nullable Boolean binary, int classes) {}

    private void output() throws IOException {
      @Nullable String name = null;
      Map<String, Object> params = Map.of();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        if (parser.nextToken() == JsonToken.VALUE_NULL) {
          continue;
        }
        switch (field) {
          case "name" -> name = text("outputs[].name");
          case "parameters" -> params = parameters("outputs[].parameters");
          default -> parser.skipChildren();
        }
      }
      if (name == null) {
        throw ProtocolException.invalid("an output: name: missing");
      }
      if (params.containsKey("shared_memory_region")) {
        throw ProtocolException.of(
            ProtocolException.Kind.UNSUPPORTED,
            "output '%s': shared memory is not supported".formatted(Texts.brief(name)));
      }
      Object classes = params.getOrDefault("classification", 0L);
      if (!(classes instanceof Long count) || count < 0 || count > Integer.MAX_VALUE) {
        throw ProtocolException.invalid(
            "output '%s': classification: %s (expected: a number of classes)"
                .formatted(Texts.brief(name), Texts.brief(String.valueOf(classes))));
      }
      @Nullable Boolean binary =
          params.containsKey("binary_data") ? flag(params, "binary_data", false) : null;
      wanted.add(new Wanted(name, binary, count.intValue()));
    }

    private String text(String field) throws IOException {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        throw ProtocolException.invalid(field + ": not a string");
      }
      return parser.getText();
    }

    private long[] shape(@Nullable String input) throws IOException {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw badShape(input);
      }
      long[] dims = new long[8];
      int rank = 0;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
          throw badShape(input);
        }
        if (rank == dims.length) {
          dims = Arrays.copyOf(dims, rank * 2);
        }
        dims[rank++] = parser.getLongValue();
      }
      return Arrays.copyOf(dims, rank);
    }

    private static ProtocolException badShape(@Nullable String input) {
      return ProtocolException.invalid(
          "input '%s': shape: not an array of whole numbers"
              .formatted(Texts.brief(String.valueOf(input))));
    }

    private Map<String, Object> parameters(String field) throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw ProtocolException.invalid(field + ": not an object");
      }
      Map<String, Object> map = new LinkedHashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        switch (token) {
          case VALUE_STRING -> map.put(name, parser.getText());
          case VALUE_TRUE -> map.put(name, true);
          case VALUE_FALSE -> map.put(name, false);
          case VALUE_NUMBER_INT -> map.put(name, parser.getLongValue());
          case VALUE_NUMBER_FLOAT -> map.put(name, parser.getDoubleValue());
          case VALUE_NULL -> {}
          default ->
              throw ProtocolException.invalid(
                  "%s: %s: not a plain value (expected: a string, a number, true or false)"
                      .formatted(field, Texts.brief(name)));
        }
      }
      return map;
    }

    private static boolean flag(Map<String, Object> params, String name, boolean otherwise) {
      Object value = params.getOrDefault(name, otherwise);
      if (!(value instanceof Boolean flag)) {
        throw ProtocolException.invalid(
            name + ": " + Texts.brief(String.valueOf(value)) + " (expected: true or false)");
      }
      return flag;
    }
  }
}
