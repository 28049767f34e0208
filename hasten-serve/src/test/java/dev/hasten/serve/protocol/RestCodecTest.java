package dev.hasten.serve.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.NdArray;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RestCodecTest {
  private static InferenceRequest json(String text) {
    return RestCodec.read(text.getBytes(StandardCharsets.UTF_8), OptionalInt.empty());
  }

  private static String input(String datatype, String shape, String data) {
    return """
    {"id": "7", "inputs": [{"name": "x", "shape": %s, "datatype": "%s", "data": %s}]}\
    """
        .formatted(shape, datatype, data);
  }

  private static NdArray tensor(String datatype, String shape, String data) {
    return json(input(datatype, shape, data)).inputs().values().iterator().next();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INT8|[-128, 127]",
        "UINT8|[0, 255]",
        "INT16|[-32768, 32767]",
        "UINT16|[0, 65535]",
        "INT32|[-2147483648, 2147483647]",
        "UINT32|[0, 4294967295]",
        "INT64|[-9223372036854775808, 9223372036854775807]",
        "UINT64|[0, 18446744073709551615]",
        "BOOL|[true, false]",
        "FP32|[1.5, -2]",
        "FP64|[1.5, -2e300]",
        "FP16|[1.5, -65504]",
        "BF16|[1.5, -2]",
        "BYTES|[\"a\", \"ü\"]",
      })
  void everyDatatypeIsReadAndWrittenBack(String datatype, String data) throws Exception {
    NdArray tensor = tensor(datatype, "[2]", data);
    InferenceResponse response = new InferenceResponse("m", "1", "", Map.of("x", tensor), Set.of());
    ByteBuffer head = RestCodec.write(response).parts().getFirst();
    String written = StandardCharsets.UTF_8.decode(head.duplicate()).toString();
    String back = written.substring(written.indexOf("\"data\":") + 7, written.length() - 3);
    assertThat(tensor(datatype, "[2]", back)).isEqualTo(tensor);
    assertThat(written).contains("\"datatype\":\"" + datatype + "\"", "\"shape\":[2]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INT8|[128]|element 0 is 128 (expected: INT8)",
        "UINT8|[-1]|element 0 is -1",
        "UINT32|[4294967296]|element 0 is 4294967296",
        "INT64|[9223372036854775808]|element 0",
        "UINT64|[-1]|element 0",
        "INT32|[1.5]|element 0 is 1.5",
        "FP32|[\"1\"]|element 0",
        "BYTES|[1]|element 0",
        "BOOL|[2]|element 0",
        "FP32|[1, 2]|more than the 1 elements",
        "FP32|[]|has 0 elements (expected: 1",
        "FP32|1|not an array",
        "FP32|[null]|element 0",
        "FP32|[{}]|element 0",
        "FLOAT|[1]|datatype 'FLOAT' (expected one of",
      })
  void unfitDataAreRefusedWithTheirPlace(String datatype, String data, String message) {
    assertThatThrownBy(() -> tensor(datatype, "[1]", data))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("input 'x'")
        .hasMessageContaining(message);
  }

  @Test
  void dataMayStandBeforeTheShapeAndBeNested() {
    InferenceRequest request =
        json(
            """
            {"inputs": [{"data": [[1, 2], [3, 4]], "datatype": "FP32", "name": "x", "shape": [2, 2]}],
             "outputs": [{"name": "y", "parameters": {"binary_data": true}}, {"name": "z"}],
             "parameters": {"binary_data_output": false, "priority": 2}, "unknown": {"a": [1]}}\
            """);
    assertThat(request.inputs().get("x")).isEqualTo(NdArray.floats(new float[] {1, 2, 3, 4}, 2, 2));
    assertThat(request.outputs())
        .containsExactly(
            new InferenceRequest.RequestedOutput("y", true, 0),
            new InferenceRequest.RequestedOutput("z", false, 0));
    assertThat(request.parameters()).containsEntry("priority", 2L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}",
        "{\"inputs\": 1}",
        "{\"inputs\": [1]}",
        "{\"inputs\": [{}]}",
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [1], \"datatype\": \"FP32\"}]}",
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [-1], \"datatype\": \"FP32\", \"data\": []}]}",
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [1.5], \"datatype\": \"FP32\", \"data\": [1]}]}",
        "{\"inputs\": [], \"inputs\": []}",
        "{\"inputs\": []} {}",
        "{\"inputs\": [], \"outputs\": [{}]}",
        "{\"inputs\": [], \"id\": 5}",
      })
  void whatIsNoRequestIsRefused(String text) {
    assertThatThrownBy(() -> json(text)).isInstanceOf(ProtocolException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[2147483647, 2147483647, 4]",
        "[9223372036854775807, 9223372036854775807]",
        "[1000000000]",
        "[9223372036854775808]",
      })
  void hugeShapesAreRefusedBeforeAnythingIsAllocated(String shape) {
    assertThatThrownBy(() -> tensor("FP64", shape, "[1]")).isInstanceOf(ProtocolException.class);
  }

  private static byte[] binary(String json, byte[]... tensors) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(json.getBytes(StandardCharsets.UTF_8));
    for (byte[] tensor : tensors) {
      out.writeBytes(tensor);
    }
    return out.toByteArray();
  }

  @Test
  void tensorsBehindTheJsonAreReadInTheirOrder() {
    String json =
        """
        {"inputs": [
          {"name": "a", "shape": [2], "datatype": "INT32", "parameters": {"binary_data_size": 8}},
          {"name": "b", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": 11}}],
         "parameters": {"binary_data_output": true}}\
        """;
    ByteBuffer ints = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(5).putInt(-6);
    ByteBuffer texts = ByteBuffer.allocate(11).order(ByteOrder.LITTLE_ENDIAN);
    texts.putInt(2).put("hi".getBytes(StandardCharsets.UTF_8)).putInt(1).put((byte) '!');
    InferenceRequest request =
        RestCodec.read(binary(json, ints.array(), texts.array()), OptionalInt.of(json.length()));
    assertThat(request.inputs().get("a")).isEqualTo(NdArray.ints(new int[] {5, -6}, 2));
    assertThat(request.inputs().get("b")).isEqualTo(NdArray.strings(List.of("hi", "!"), 2));

    RestCodec.Body body =
        RestCodec.write(
            InferenceResponse.of("m", "1", request, request.inputs(), java.util.Map.of()));
    assertThat(body.jsonLength()).isPresent();
    assertThat(body.parts().get(1)).isEqualTo(ByteBuffer.wrap(ints.array()));
    assertThat(body.parts().get(2)).isEqualTo(ByteBuffer.wrap(texts.array()));
  }

  @ParameterizedTest
  @CsvSource({"7, 0", "9, 0", "8, 1", "-1, 0", "999999999999, 0"})
  void bytesThatDoNotFitAreRefused(String size, int behind) {
    String json =
        """
        {"inputs": [{"name": "a", "shape": [2], "datatype": "INT32",
          "parameters": {"binary_data_size": %s}}]}\
        """
            .formatted(size);
    assertThatThrownBy(
            () -> RestCodec.read(binary(json, new byte[8 + behind]), OptionalInt.of(json.length())))
        .isInstanceOf(ProtocolException.class);
  }

  @Test
  void mutatedRequestsAreRefusedOrRead() {
    byte[] seed = input("FP32", "[2, 2]", "[[1.5, 2], [3, -4e3]]").getBytes(StandardCharsets.UTF_8);
    Random random = new Random(11);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] mutant = seed.clone();
      for (int n = random.nextInt(3) + 1; n > 0; n--) {
        mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
      }
      try {
        RestCodec.read(mutant, OptionalInt.of(random.nextInt(mutant.length + 1)));
      } catch (ProtocolException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(10_000);
  }

  @Test
  void sizesThatAreNoIntAreRefusedInEmptyTensorsToo() {
    for (String shape : List.of("[4294967296, 0]", "[0, 9223372036854775807]")) {
      assertThatThrownBy(() -> tensor("FP32", shape, "[]"))
          .isInstanceOfSatisfying(
              ProtocolException.class,
              e -> assertThat(e.kind()).isEqualTo(ProtocolException.Kind.INVALID))
          .hasMessageContaining("input 'x': shape " + shape);
    }
    assertThat(tensor("FP32", "[2147483647, 0]", "[]").shape()).containsExactly(2147483647, 0);
  }

  @Test
  void whatStandsBeforeATensorIsNoRoomForIt() {
    String pad = "\"pad\": \"" + "x".repeat(10_000) + "\", ";
    String tensor = "{\"name\": \"x\", \"datatype\": \"FP32\", %s\"shape\": [%d]%s}";
    String data = ", \"data\": [1]";
    for (String input :
        List.of(tensor.formatted("", 4000, data), tensor.formatted("\"data\": [1], ", 4000, ""))) {
      assertThatThrownBy(() -> json("{" + pad + "\"inputs\": [" + input + "]}"))
          .hasMessageContaining("more than the message can hold");
    }
    String much = ", \"data\": [" + "1,".repeat(3999) + "1]";
    assertThat(json("{" + pad + "\"inputs\": [" + tensor.formatted("", 4000, much) + "]}").inputs())
        .containsKey("x");
    String first = much.substring(2) + ", ";
    assertThat(
            json("{" + pad + "\"inputs\": [" + tensor.formatted(first, 4000, "") + "]}").inputs())
        .containsKey("x");
  }
}
