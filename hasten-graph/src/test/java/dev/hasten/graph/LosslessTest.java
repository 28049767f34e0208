package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is read is written: every field of the format, every element type, every place of data. */
class LosslessTest {
  @TempDir Path folder;

  @Test
  void everyFieldOfTheFormatSurvives() throws IOException {
    ModelProto full = FullModel.build();
    Set<String> absent = new TreeSet<>();
    all(ModelProto.getDescriptor(), absent, new TreeSet<>());
    Set<String> present = new TreeSet<>();
    collect(full, present);
    absent.removeAll(present);
    // Segments were never used, and are refused; a data location is set where it means something.
    assertThat(absent)
        .containsExactlyInAnyOrder(
            "onnx.TensorProto.segment",
            "onnx.TensorProto.Segment.begin",
            "onnx.TensorProto.Segment.end",
            "onnx.TensorProto.data_location");
    Model model = Model.read(full.toByteArray(), "full");
    model.validate();
    assertSame(ModelProto.parseFrom(model.toBytes()), full);
    assertSame(ModelProto.parseFrom(model.copy().toBytes()), full);
    Path file = folder.resolve("full.onnx");
    model.write(file);
    assertSame(ModelProto.parseFrom(Files.readAllBytes(file)), full);
    assertThat(Model.read(file).fingerprint()).isEqualTo(model.fingerprint());
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void everyElementTypeSurvivesInEveryPlace(DataType type) throws IOException {
    for (boolean typed : new boolean[] {true, false}) {
      if (!typed && type == DataType.STRING) {
        continue;
      }
      TensorProto form = FullModel.tensor("extra", type, typed);
      ModelProto.Builder proto = ModelProto.parseFrom(TestModels.small().toBytes()).toBuilder();
      proto
          .getGraphBuilder()
          .addInitializer(form)
          .getNodeBuilder(0)
          .addAttribute(AttributeProto.newBuilder().setName("t").setType(4).setT(form));
      Model model = Model.read(proto.build().toByteArray(), "m");
      model.validate();
      assertThat(ModelProto.parseFrom(model.toBytes())).isEqualTo(proto.build());

      Path outside = folder.resolve(type + ".onnx");
      List<Path> files =
          model.write(outside, new WriteOptions(WriteOptions.ExternalData.ALWAYS, 0));
      Model again = Model.read(outside);
      assertThat(again.files()).isEqualTo(files).hasSize(2);
      again.validate();
      assertThat(again.fingerprint()).isEqualTo(model.fingerprint());
      Tensor found = Objects.requireNonNull(again.graph().value("extra").initializer());
      Tensor expected = Objects.requireNonNull(model.graph().value("extra").initializer());
      assertThat(found.contentEquals(expected)).isTrue();

      Path back = folder.resolve("back.onnx");
      assertThat(again.write(back)).containsExactly(back);
      assertThat(Model.read(back).fingerprint()).isEqualTo(model.fingerprint());
    }
  }

  /** The model goes to another folder, so these cannot go on referring to a file beside it. */
  @Test
  void externalDataOfFunctionsAndSparseTensorsAreTakenAlong() throws IOException {
    ByteBuffer data = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(1).putFloat(2).putLong(8, 0).putLong(16, 3);
    Files.write(Files.createDirectories(folder.resolve("a")).resolve("w.bin"), data.array());
    TensorProto values = outside(DataType.FLOAT, 2, 0);
    TensorProto indices = outside(DataType.INT64, 2, 8);
    ModelProto.Builder proto = ModelProto.parseFrom(TestModels.small().toBytes()).toBuilder();
    proto
        .addFunctionsBuilder()
        .setName("f")
        .setDomain("d")
        .addNodeBuilder()
        .setOpType("Constant")
        .addAttributeBuilder()
        .setName("value")
        .setT(values);
    GraphProto.Builder graph = proto.getGraphBuilder();
    graph
        .addSparseInitializerBuilder()
        .setValues(values.toBuilder().setName("sparse"))
        .setIndices(indices)
        .addDims(6);
    graph
        .getNodeBuilder(0)
        .addAttributeBuilder()
        .setName("s")
        .setType(AttributeProto.AttributeType.SPARSE_TENSOR_VALUE)
        .getSparseTensorBuilder()
        .setValues(values)
        .setIndices(indices);
    Path from = folder.resolve("a/model.onnx");
    Files.write(from, proto.build().toByteArray());

    Path to = Files.createDirectories(folder.resolve("b")).resolve("model.onnx");
    Model.read(from).write(to);
    ModelProto written = ModelProto.parseFrom(Files.readAllBytes(to));
    TensorProto taken = written.getFunctions(0).getNode(0).getAttribute(0).getT();
    assertThat(taken.getRawData().size()).isEqualTo(8);
    assertThat(taken.hasDataLocation()).isFalse();
    assertThat(written.toString()).doesNotContain("w.bin");
    assertThat(written.getGraph().getSparseInitializer(0).getIndices().getRawData().toByteArray())
        .isEqualTo(java.util.Arrays.copyOfRange(data.array(), 8, 24));
    assertThatThrownBy(() -> Model.read(Files.readAllBytes(from), "bytes"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("in another file");
  }

  private static TensorProto outside(DataType type, int size, int offset) {
    TensorProto.Builder out =
        TensorProto.newBuilder()
            .setDataType(type.onnx())
            .addDims(size)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL_VALUE);
    out.addExternalDataBuilder().setKey("location").setValue("w.bin");
    out.addExternalDataBuilder().setKey("offset").setValue(Integer.toString(offset));
    return out.build();
  }

  private static void assertSame(ModelProto found, ModelProto expected) {
    // Text first: where they differ, its difference can be read.
    assertThat(found.toString()).isEqualTo(expected.toString());
    assertThat(found).isEqualTo(expected);
  }

  private static void collect(Message message, Set<String> present) {
    message
        .getAllFields()
        .forEach((field, value) -> {
          present.add(field.getFullName());
          if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            List<?> items = field.isRepeated() ? (List<?>) value : List.of(value);
            items.forEach(item -> collect((Message) item, present));
          }
        });
  }

  private static void all(Descriptor type, Set<String> fields, Set<String> seen) {
    if (seen.add(type.getFullName())) {
      for (FieldDescriptor field : type.getFields()) {
        fields.add(field.getFullName());
        if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
          all(field.getMessageType(), fields, seen);
        }
      }
    }
  }
}
