package dev.hasten.serve.protocol;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.hasten.runtime.NdArray;
import dev.hasten.serve.wire.InferParameter;
import dev.hasten.serve.wire.InferTensorContents;
import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelInferResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The protocol's protobuf messages. */
final class GrpcCodec {
  private GrpcCodec() {}

  /**
   * @throws ProtocolException naming the input, what was found and what was expected
   */
  static InferenceRequest read(ModelInferRequest message) {
    int raw = message.getRawInputContentsCount();
    if (raw != 0 && raw != message.getInputsCount()) {
      throw ProtocolException.invalid(
          "raw_input_contents: %d (expected: one for each of the %d inputs, or none)"
              .formatted(raw, message.getInputsCount()));
    }
    Map<String, NdArray> inputs = new LinkedHashMap<>();
    for (int i = 0; i < message.getInputsCount(); i++) {
      ModelInferRequest.InferInputTensor input = message.getInputs(i);
      String name = input.getName();
      if (input.containsParameters("shared_memory_region")) {
        throw ProtocolException.of(
            ProtocolException.Kind.UNSUPPORTED,
            "input '%s': shared memory is not supported (send the data)"
                .formatted(Texts.brief(name)));
      }
      Datatype datatype = Datatype.named(name, input.getDatatype());
      long[] shape = input.getShapeList().stream().mapToLong(Long::longValue).toArray();
      NdArray tensor =
          raw == 0
              ? typed(name, datatype, shape, input.getContents())
              : raw(name, datatype, shape, message.getRawInputContents(i), input.hasContents());
      if (inputs.put(name, tensor) != null) {
        throw ProtocolException.invalid("input '%s': given twice".formatted(Texts.brief(name)));
      }
    }
    List<InferenceRequest.RequestedOutput> outputs = new ArrayList<>();
    for (ModelInferRequest.InferRequestedOutputTensor output : message.getOutputsList()) {
      outputs.add(
          new InferenceRequest.RequestedOutput(
              output.getName(), true, classes(output.getName(), output.getParametersMap())));
    }
    return new InferenceRequest(
        message.getId(), inputs, outputs, parameters(message.getParametersMap()), true);
  }

  private static int classes(String output, Map<String, InferParameter> parameters) {
    if (parameters.containsKey("shared_memory_region")) {
      throw ProtocolException.of(
          ProtocolException.Kind.UNSUPPORTED,
          "output '%s': shared memory is not supported".formatted(Texts.brief(output)));
    }
    InferParameter count = parameters.get("classification");
    if (count == null) {
      return 0;
    }
    if (!count.hasInt64Param()
        || count.getInt64Param() < 0
        || count.getInt64Param() > Integer.MAX_VALUE) {
      throw ProtocolException.invalid(
          "output '%s': classification (expected: a number of classes)"
              .formatted(Texts.brief(output)));
    }
    return (int) count.getInt64Param();
  }

  private static Map<String, Object> parameters(Map<String, InferParameter> given) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    given.forEach((name, value) -> {
      switch (value.getParameterChoiceCase()) {
        case BOOL_PARAM -> parameters.put(name, value.getBoolParam());
        case INT64_PARAM -> parameters.put(name, value.getInt64Param());
        case UINT64_PARAM -> parameters.put(name, value.getUint64Param());
        case STRING_PARAM -> parameters.put(name, value.getStringParam());
        case DOUBLE_PARAM -> parameters.put(name, value.getDoubleParam());
        case PARAMETERCHOICE_NOT_SET -> {}
      }
    });
    return parameters;
  }

  private static NdArray raw(
      String name, Datatype datatype, long[] shape, ByteString bytes, boolean twice) {
    if (twice) {
      throw ProtocolException.invalid(
          "input '%s': both contents and raw_input_contents".formatted(Texts.brief(name)));
    }
    return RawTensors.read(name, datatype, shape, bytes.asReadOnlyByteBuffer());
  }

  private static NdArray typed(
      String name, Datatype datatype, long[] shape, InferTensorContents contents) {
    int count = RawTensors.elements(name, shape);
    int given =
        switch (datatype) {
          case BOOL -> contents.getBoolContentsCount();
          case INT8, INT16, INT32 -> contents.getIntContentsCount();
          case UINT8, UINT16, UINT32 -> contents.getUintContentsCount();
          case INT64 -> contents.getInt64ContentsCount();
          case UINT64 -> contents.getUint64ContentsCount();
          case FP32 -> contents.getFp32ContentsCount();
          case FP64 -> contents.getFp64ContentsCount();
          case BYTES -> contents.getBytesContentsCount();
          case FP16, BF16 ->
              throw ProtocolException.invalid(
                  "input '%s': %s (expected: in raw_input_contents)"
                      .formatted(Texts.brief(name), datatype));
        };
    if (given != count) {
      throw ProtocolException.invalid(
          "input '%s': %d elements of %s in its contents (expected: %d, by its shape)"
              .formatted(Texts.brief(name), given, datatype, count));
    }
    if (datatype == Datatype.BYTES) {
      return NdArray.strings(
          contents.getBytesContentsList().stream()
              .map(b -> RawTensors.text(name, b.asReadOnlyByteBuffer()))
              .toList(),
          shape);
    }
    ByteBuffer data =
        ByteBuffer.allocate(Math.multiplyExact(count, datatype.element().bytes()))
            .order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      switch (datatype) {
        case BOOL -> data.put((byte) (contents.getBoolContents(i) ? 1 : 0));
        case INT8 -> data.put((byte) within(name, contents.getIntContents(i), Byte.MIN_VALUE, 127));
        case INT16 ->
            data.putShort(
                (short) within(name, contents.getIntContents(i), Short.MIN_VALUE, Short.MAX_VALUE));
        case INT32 -> data.putInt(contents.getIntContents(i));
        case UINT8 ->
            data.put((byte) within(name, contents.getUintContents(i) & 0xFFFFFFFFL, 0, 0xFF));
        case UINT16 ->
            data.putShort(
                (short) within(name, contents.getUintContents(i) & 0xFFFFFFFFL, 0, 0xFFFF));
        case UINT32 -> data.putInt(contents.getUintContents(i));
        case INT64 -> data.putLong(contents.getInt64Contents(i));
        case UINT64 -> data.putLong(contents.getUint64Contents(i));
        case FP32 -> data.putFloat(contents.getFp32Contents(i));
        case FP64 -> data.putDouble(contents.getFp64Contents(i));
        case BYTES, FP16, BF16 -> throw new IllegalStateException("dealt with above");
      }
    }
    return NdArray.of(datatype.element(), data.flip(), shape);
  }

  private static long within(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw ProtocolException.invalid(
          "input '%s': %d (expected: %d to %d)".formatted(Texts.brief(name), value, least, most));
    }
    return value;
  }

  static ModelInferResponse write(InferenceResponse response) {
    ModelInferResponse.Builder message =
        ModelInferResponse.newBuilder()
            .setModelName(response.model())
            .setModelVersion(response.version())
            .setId(response.id());
    response
        .outputs()
        .forEach((name, tensor) -> {
          ModelInferResponse.InferOutputTensor.Builder output =
              message
                  .addOutputsBuilder()
                  .setName(name)
                  .setDatatype(Datatype.of(tensor.type()).name());
          for (long size : tensor.shape()) {
            output.addShape(size);
          }
          // Answers are not changed once made, so their bytes need no copy.
          message.addRawOutputContents(UnsafeByteOperations.unsafeWrap(RawTensors.write(tensor)));
        });
    return message.build();
  }
}
