package dev.hasten.graph;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.AttributeProto.AttributeType;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.SparseTensorProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A model with every field of the format: what a small valid model leaves open is filled in by the
 * format's own description, and each message gets a field that this description does not have.
 */
final class FullModel {
  /** What decides how a message is read, and hence is not filled blindly. */
  private static final Set<String> MEANINGFUL =
      Set.of(
          "onnx.ModelProto.ir_version",
          "onnx.GraphProto.node",
          "onnx.GraphProto.initializer",
          "onnx.GraphProto.sparse_initializer",
          "onnx.GraphProto.input",
          "onnx.GraphProto.output",
          "onnx.GraphProto.value_info",
          "onnx.NodeProto.input",
          "onnx.NodeProto.output",
          "onnx.NodeProto.op_type",
          "onnx.NodeProto.domain",
          "onnx.NodeProto.attribute",
          "onnx.ValueInfoProto.type",
          "onnx.TensorProto.dims",
          "onnx.TensorProto.segment",
          "onnx.TensorProto.float_data",
          "onnx.TensorProto.int32_data",
          "onnx.TensorProto.string_data",
          "onnx.TensorProto.int64_data",
          "onnx.TensorProto.raw_data",
          "onnx.TensorProto.double_data",
          "onnx.TensorProto.uint64_data",
          "onnx.TensorProto.data_location",
          "onnx.AttributeProto.ref_attr_name");

  private final Map<String, Integer> choices = new HashMap<>();
  private int count;

  private FullModel() {}

  static ModelProto build() throws InvalidProtocolBufferException {
    return new FullModel().model();
  }

  private ModelProto model() throws InvalidProtocolBufferException {
    ModelProto.Builder model = ModelProto.parseFrom(TestModels.small().toBytes()).toBuilder();
    model.addOpsetImportBuilder().setDomain("my.domain").setVersion(3);
    model.addOpsetImportBuilder().setDomain("ai.onnx.ml").setVersion(4);
    GraphProto.Builder graph = model.getGraphBuilder();
    for (DataType type : DataType.values()) {
      graph.addInitializer(tensor("typed_" + type, type, true));
      if (type != DataType.STRING) {
        graph.addInitializer(tensor("raw_" + type, type, false));
      }
    }
    graph.addSparseInitializer(sparse("sparse"));
    for (int i = 0; i < 7; i++) {
      graph.addValueInfoBuilder().setName("nowhere_" + i).getTypeBuilder();
    }
    graph
        .addNode(
            NodeProto.newBuilder()
                .setOpType("Anything")
                .setDomain("my.domain")
                .addInput("w")
                .addInput("")
                .addOutput("anything")
                .addOutput("")
                .addOutput("more")
                .addAllAttribute(attributes()))
        .addOutputBuilder()
        .setName("anything");
    model
        .addFunctionsBuilder()
        .addNodeBuilder()
        .setOpType("Inner")
        .addAllAttribute(attributes())
        .addAttributeBuilder()
        .setName("given")
        .setRefAttrName("outer");
    complete(model);
    return model.build();
  }

  /** One of each kind. */
  private List<AttributeProto> attributes() {
    AttributeProto.Builder graphs =
        kind(AttributeType.GRAPHS).addGraphs(graph()).addGraphs(graph());
    return List.of(
        kind(AttributeType.FLOAT).setF(0.1f).build(),
        kind(AttributeType.INT).setI(-1).build(),
        kind(AttributeType.STRING).setS(ByteString.copyFromUtf8("ä")).build(),
        kind(AttributeType.STRING).setS(binary()).build(),
        kind(AttributeType.TENSOR).setT(tensor("", DataType.INT4, false)).build(),
        kind(AttributeType.GRAPH).setG(graph()).build(),
        kind(AttributeType.FLOATS).addFloats(Float.NaN).addFloats(-0f).build(),
        kind(AttributeType.INTS).addInts(Long.MIN_VALUE).build(),
        kind(AttributeType.STRINGS).addStrings(binary()).build(),
        kind(AttributeType.TENSORS).addTensors(tensor("t", DataType.FLOAT, false)).build(),
        graphs.build(),
        kind(AttributeType.SPARSE_TENSOR).setSparseTensor(sparse("")).build(),
        kind(AttributeType.SPARSE_TENSORS).addSparseTensors(sparse("")).build(),
        with(kind(AttributeType.TYPE_PROTO), "tp"),
        with(kind(AttributeType.TYPE_PROTOS), "type_protos"),
        kind(AttributeType.UNDEFINED).build());
  }

  private AttributeProto with(AttributeProto.Builder attribute, String field) {
    FieldDescriptor type = AttributeProto.getDescriptor().findFieldByName(field);
    Message.Builder value = attribute.newBuilderForField(type);
    complete(value);
    if (type.isRepeated()) {
      attribute.addRepeatedField(type, value.build());
    } else {
      attribute.setField(type, value.build());
    }
    return attribute.build();
  }

  private static ByteString binary() {
    return ByteString.copyFrom(new byte[] {(byte) 0xff, 0, (byte) 0xc3});
  }

  private AttributeProto.Builder kind(AttributeType type) {
    return AttributeProto.newBuilder().setName("a" + ++count).setType(type.getNumber());
  }

  private GraphProto graph() {
    String name = "inner" + ++count;
    GraphProto.Builder out = GraphProto.newBuilder().setName("body");
    out.addInitializer(tensor(name, DataType.FLOAT, false));
    out.addOutputBuilder().setName(name);
    return out.build();
  }

  private static SparseTensorProto sparse(String name) {
    return SparseTensorProto.newBuilder()
        .setValues(tensor(name, DataType.FLOAT, true))
        .setIndices(tensor("", DataType.INT64, true))
        .addDims(6)
        .build();
  }

  /** Three elements in the typed field, or 1501, enough to be kept out of the parser, raw. */
  static TensorProto tensor(String name, DataType type, boolean typed) {
    int size = typed ? 3 : 1501;
    TensorProto.Builder out =
        TensorProto.newBuilder().setName(name).setDataType(type.onnx()).addDims(size);
    if (!typed) {
      byte[] data = new byte[(int) type.bytes(size)];
      new Random(name.length()).nextBytes(data);
      return out.setRawData(ByteString.copyFrom(data)).build();
    }
    for (int i = 0; i < TypedData.entries(type, size); i++) {
      switch (type) {
        case FLOAT, COMPLEX64 -> out.addFloatData(i / 3f);
        case DOUBLE, COMPLEX128 -> out.addDoubleData(i / 3.0);
        case INT64 -> out.addInt64Data(-1L << i);
        case UINT32, UINT64 -> out.addUint64Data(1L << 16 * i);
        case STRING -> out.addStringData(binary());
        default -> out.addInt32Data(i & 1);
      }
    }
    return out.build();
  }

  private void complete(Message.Builder message) {
    for (OneofDescriptor choice : message.getDescriptorForType().getOneofs()) {
      if (message.getOneofFieldDescriptor(choice) == null) {
        // Each message takes the next of the choices.
        int next = choices.merge(choice.getFullName(), 1, Integer::sum);
        FieldDescriptor chosen = choice.getFields().get(next % choice.getFieldCount());
        boolean isMessage = chosen.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
        message.setField(chosen, isMessage ? fresh(message, chosen) : scalar(chosen));
      }
    }
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      boolean set =
          field.isRepeated() ? message.getRepeatedFieldCount(field) > 0 : message.hasField(field);
      boolean isMessage = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
      if (set && isMessage) {
        completeIn(message, field);
      } else if (!set && mayBeSet(field)) {
        add(message, field, isMessage ? fresh(message, field) : scalar(field));
      }
    }
    UnknownFieldSet.Field seven = UnknownFieldSet.Field.newBuilder().addVarint(7).build();
    message.setUnknownFields(UnknownFieldSet.newBuilder().addField(50_000, seven).build());
  }

  private void completeIn(Message.Builder message, FieldDescriptor field) {
    if (!field.isRepeated()) {
      Message.Builder value = ((Message) message.getField(field)).toBuilder();
      complete(value);
      message.setField(field, value.build());
      return;
    }
    for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
      Message.Builder value = ((Message) message.getRepeatedField(field, i)).toBuilder();
      complete(value);
      message.setRepeatedField(field, i, value.build());
    }
  }

  private static boolean mayBeSet(FieldDescriptor field) {
    String owner = field.getContainingType().getFullName();
    boolean isAttributeValue =
        owner.equals("onnx.AttributeProto") && !field.getName().equals("doc_string");
    if (MEANINGFUL.contains(field.getFullName()) || isAttributeValue) {
      return false;
    }
    return field.getContainingOneof() == null;
  }

  private Message fresh(Message.Builder message, FieldDescriptor field) {
    if (field.getMessageType().equals(GraphProto.getDescriptor())) {
      return graph();
    }
    Message.Builder value = message.newBuilderForField(field);
    complete(value);
    return value.build();
  }

  private Object scalar(FieldDescriptor field) {
    count++;
    return switch (field.getJavaType()) {
      case INT -> field.getName().contains("type") ? 1 : count;
      case LONG -> (long) count;
      case STRING -> "s" + count;
      default -> throw new AssertionError(field.getFullName());
    };
  }

  private static void add(Message.Builder message, FieldDescriptor field, Object value) {
    if (field.isRepeated()) {
      message.addRepeatedField(field, value);
    } else {
      message.setField(field, value);
    }
  }
}
