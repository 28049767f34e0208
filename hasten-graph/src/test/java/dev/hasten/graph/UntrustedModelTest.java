package dev.hasten.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.hasten.graph.rewrite.Rewriter;
import dev.hasten.graph.wire.OnnxWire.AttributeProto;
import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.NodeProto;
import dev.hasten.graph.wire.OnnxWire.TensorProto;
import dev.hasten.graph.wire.OnnxWire.TypeProto;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models made to harm: each is refused by name, with bounded memory, stack and time. */
class UntrustedModelTest {

  @ParameterizedTest
  @CsvSource({"32, true", "40, false", "5000, false"})
  void graphsNestTo32Levels(int levels, boolean readable) throws IOException {
    byte[] model = nested(levels);
    if (readable) {
      Model read = Model.read(model, "nested");
      read.validate();
      assertThat(read.graph().allNodes()).hasSize(levels);
      assertThat(Model.read(read.copy().toBytes(), "again").fingerprint())
          .isEqualTo(read.fingerprint());
    } else {
      assertThatThrownBy(() -> Model.read(model, "nested"))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("nested: graphs or types nested more than 100 messages deep");
    }
  }

  @Test
  void typesNestToo() throws IOException {
    TypeProto type = TypeProto.getDefaultInstance();
    for (int i = 0; i < 80; i++) {
      type =
          TypeProto.newBuilder()
              .setSequenceType(TypeProto.Sequence.newBuilder().setElemType(type))
              .build();
    }
    ModelProto.Builder model = small();
    model.getGraphBuilder().getInputBuilder(0).setType(type);
    assertThatThrownBy(() -> Model.read(model.build().toByteArray(), "m"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("nested");
  }

  @Test
  void functionsThatCallThemselvesAreRefused() throws IOException {
    ModelProto.Builder model = small();
    model.addFunctions(function("f", "g")).addFunctions(function("g", "h"));
    Model.read(model.build().toByteArray(), "m").validate();
    model.addFunctions(function("h", "f"));
    refused(model, "m: functions: 'f' calls itself, by way of 2 other functions");
    ModelProto.Builder twice = small().addFunctions(function("f", "x"));
    refused(twice.addFunctions(function("f", "y")), "'f' is defined a second time");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "-1; dimensions [-1] (expected: each >= 0)",
        "3,-2; dimensions [3, -2]",
        "4294967296,4294967296; fewer than 2^59 elements",
        "9223372036854775807,2; fewer than 2^59 elements",
        "3037000500,3037000500,3; fewer than 2^59 elements",
        "1125899906842624; 24 bytes of data (expected: 4503599627370496",
        "7; 24 bytes of data (expected: 28"
      })
  void dimensionsMustFitTheData(String dims, String message) throws IOException {
    ModelProto.Builder model = small();
    TensorProto.Builder w = model.getGraphBuilder().getInitializerBuilder(0).clearDims();
    for (String dim : dims.split(",", -1)) {
      w.addDims(Long.parseLong(dim));
    }
    refused(model, "m: initializer 'w': ", message);
  }

  @Test
  void typedDataMustFitToo() throws IOException {
    ModelProto.Builder model = small();
    TensorProto.Builder w = model.getGraphBuilder().getInitializerBuilder(0).clearRawData();
    refused(model, "initializer 'w'", "0 entries of data (expected: 6 for float[3, 2])");
    w.addFloatData(1);
    refused(model, "initializer 'w'", "1 entries of data");
    w.setRawData(ByteString.copyFrom(new byte[24]));
    refused(model, "initializer 'w'", "data in 2 fields at once (expected: in one)");
    w.clearFloatData().setDataType(DataType.STRING.onnx());
    refused(model, "initializer 'w'", "strings in raw_data (expected: in string_data)");
    w.setDataType(29);
    refused(model, "initializer 'w'", "element type 29 (expected: one of the types 1 to 28");
    w.setDataType(1).getSegmentBuilder().setBegin(0).setEnd(3);
    refused(model, "initializer 'w'", "a tensor in segments");
  }

  @Test
  void namesAreUnique() throws IOException {
    refused(edit(g -> g.addInputBuilder().setName("x")), "input", "the name 'x' a second time");
    refused(edit(g -> g.addInputBuilder()), "input of graph", "no name");
    refused(
        edit(g -> g.addInitializer(g.getInitializer(0))),
        "initializer of graph",
        "the name 'w' a second time");
    refused(
        edit(g -> g.getNodeBuilder(1).setOutput(0, "product")),
        "its output 'product' is defined a second time");
    refused(edit(g -> g.getNodeBuilder(0).setOutput(0, "w")), "its output 'w' is defined a second");
    refused(
        edit(g -> {
          g.getNodeBuilder(0).addAttributeBuilder().setName("t").setI(1).setType(2);
          g.getNodeBuilder(0).addAttributeBuilder().setName("t").setI(2).setType(2);
        }),
        "attribute 't' a second time");
    refused(edit(g -> g.addOutput(g.getOutput(0))), "output 'branched' twice");
    refused(edit(g -> g.getOutputBuilder(0).setName("nowhere")), "nothing makes it");
    refused(
        edit(g -> g.getNodeBuilder(0).setInput(1, "nowhere")),
        "its input 1 'nowhere' is made by nothing");
  }

  /** From IR version 4 on a weight may be an input's default, if it is what the input declares. */
  @Test
  void aDefaultMustFitItsInput() throws IOException {
    Model.read(withDefault(type -> {}), "m").validate();
    assertThatThrownBy(() -> Model.read(withDefault(t -> t.setElemType(7)), "m").validate())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("m: initializer 'w': declared as int64 (expected: float");
    assertThatThrownBy(() ->
            Model.read(withDefault(t -> t.getShapeBuilder().getDimBuilder(0).setDimValue(9)), "m")
                .validate())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("declared as [9,2] (expected: [3, 2], the shape of its data)");
  }

  private static byte[] withDefault(Consumer<TypeProto.Tensor.Builder> edit) throws IOException {
    return edit(
            g -> {
              TypeProto.Tensor.Builder type =
                  g.addInputBuilder().setName("w").getTypeBuilder().getTensorTypeBuilder();
              type.setElemType(1).getShapeBuilder().addDimBuilder().setDimValue(3);
              type.getShapeBuilder().addDimBuilder().setDimValue(2);
              edit.accept(type);
            })
        .build()
        .toByteArray();
  }

  @Test
  void cyclesAreNamed() throws IOException {
    refused(edit(g -> g.getNodeBuilder(0).setInput(0, "sum")), "the nodes form a cycle: ");
    refused(edit(g -> g.getNodeBuilder(0).setInput(0, "product")), "the nodes form a cycle: ");
    refused(
        edit(g -> {
          AttributeProto.Builder branch = g.getNodeBuilder(2).getAttributeBuilder(0);
          branch.getGBuilder().getNodeBuilder(0).setInput(0, "branched");
        }),
        "the nodes form a cycle: If");
  }

  @Test
  void anAttributeHasOneValue() throws IOException {
    refused(
        edit(g -> {
          AttributeProto.Builder attribute = g.getNodeBuilder(0).addAttributeBuilder();
          attribute
              .setName("a")
              .setType(2)
              .setI(1)
              .setT(FullModel.tensor("", DataType.FLOAT, false));
        }),
        "attribute 'a'",
        "graphs or tensors besides its value");
  }

  /**
   * What reading allocates is bounded by the file's size. The densest messages are the empty ones:
   * two bytes in the file, an object each in memory.
   */
  @ParameterizedTest
  @ValueSource(strings = {"node", "attribute", "initializer", "input", "value_info", "metadata"})
  void memoryIsBoundedByTheFile(String bomb) throws IOException {
    int count = 50_000;
    ModelProto.Builder model = small();
    GraphProto.Builder graph = model.getGraphBuilder();
    for (int i = 0; i < count; i++) {
      switch (bomb) {
        case "node" -> graph.addNodeBuilder();
        case "attribute" -> graph.getNodeBuilder(0).addAttributeBuilder();
        case "initializer" -> graph.addInitializerBuilder();
        case "input" -> graph.addInputBuilder();
        case "value_info" -> graph.addValueInfoBuilder();
        default -> model.addMetadataPropsBuilder();
      }
    }
    byte[] bytes = model.build().toByteArray();
    assertThat(bytes.length).isLessThan(3 * count);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    try {
      Model.read(bytes, "m").validate();
    } catch (ModelException e) {
      assertThat(e).hasMessageContaining("m: ");
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(allocated / bytes.length)
        .as("bytes allocated for each in the file")
        .isLessThan(1500);
  }

  /** Squaring a length again and again would make a product of 2^40 factors. */
  @Test
  void lengthsThatExplodeAreGivenUp() {
    GraphBuilder graph =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, "a", "b")
            .longs("zero", 0)
            .longs("one", 1)
            .node("dims", "Shape", "x")
            .node("a", "Gather", "dims", "zero")
            .node("b", "Gather", "dims", "one")
            .node("v0", "Add", "a", "b");
    for (int i = 0; i < 40; i++) {
      String operator = i % 3 == 0 ? "Add" : i % 3 == 1 ? "Mul" : "Div";
      graph.node("w" + i, operator, "v" + i, i % 3 == 2 ? "w" + (i - 2) : "v" + i);
      graph.node("v" + (i + 1), "Mul", "w" + i, "v" + i);
    }
    Model model = graph.node("y", "Reshape", "x", "v40").outputs("y").build();
    Shapes shapes = ShapeInference.infer(model);
    assertThat(shapes.content(model.graph().value("v1"))).isNotNull();
    assertThat(shapes.content(model.graph().value("v40"))).isNull();
    assertThat(Rewriter.simplify(model, 0).model().graph().nodes()).isNotEmpty();
  }

  /** Doubling ranks, doubling contents, ranks by number, rows without end. */
  @Test
  void tensorsThatExplodeAreGivenUp() {
    GraphBuilder graph =
        GraphBuilder.opset(17)
            .input("x", DataType.FLOAT, 2, 2, 2)
            .input("many", DataType.INT64, 1L << 40)
            .weight("i", Tensor.longs(new long[8], 2, 2, 2))
            .weight("wide", Tensor.longs(new long[0], 1L << 58, 0))
            .node("c0", "Shape", "x")
            .node("r0", "Cast", "x")
            .attribute("to", 7);
    for (int i = 0; i < 40; i++) {
      graph.node("r" + (i + 1), "Gather", "r" + i, "r" + i);
      graph.node("c" + (i + 1), "Concat", "c" + i, "c" + i).attribute("axis", 0);
    }
    Model model =
        graph
            .node("e", "Expand", "x", "many")
            .node("z", "ConstantOfShape", "many")
            .node("rows", "Concat", "wide", "wide")
            .attribute("axis", 1)
            .node("picked", "Gather", "wide", "i")
            .attribute("axis", 1)
            .outputs("r40", "c40", "e", "z", "rows", "picked")
            .build();
    Shapes shapes = ShapeInference.infer(model);
    assertThat(shapes.content(model.graph().value("c3"))).hasSize(24);
    assertThat(shapes.content(model.graph().value("c40"))).isNull();
    assertThat(shapes.shape(model.graph().value("r40"))).isNull();
    assertThat(shapes.contradictions()).anyMatch(c -> c.contains("rank 1099511627776"));
    assertThat(Rewriter.simplify(model, 0).model().graph().nodes()).isNotEmpty();
  }

  @Test
  void aLongDeadChainIsSweptWithoutDeepRecursion() {
    GraphBuilder graph = GraphBuilder.opset(17).input("x", DataType.FLOAT, 2, 3);
    String last = "x";
    for (int i = 0; i < 20_000; i++) {
      String next = "y" + i;
      graph.node(next, i % 2 == 0 ? "Sin" : "Cos", last);
      last = next;
    }
    Model model =
        graph
            .node("shape", "Shape", last)
            .node("z", "Cast", "shape")
            .attribute("to", 1)
            .outputs("z")
            .build();
    Model simple = Rewriter.simplify(model, 0).model();
    assertThat(simple.graph().nodes().size()).isLessThan(3);
  }

  // ---- what the tests build on ----

  private static ModelProto.Builder small() throws IOException {
    return ModelProto.parseFrom(TestModels.small().toBytes()).toBuilder();
  }

  private static ModelProto.Builder edit(Consumer<GraphProto.Builder> edit) throws IOException {
    ModelProto.Builder model = small();
    edit.accept(model.getGraphBuilder());
    return model;
  }

  private static void refused(ModelProto.Builder model, String... messages) {
    byte[] bytes = model.build().toByteArray();
    var thrown =
        assertThatThrownBy(() -> Model.read(bytes, "m").validate())
            .isInstanceOf(ModelException.class);
    for (String message : messages) {
      thrown.hasMessageContaining(message);
    }
  }

  private static FunctionProto function(String name, String calls) {
    FunctionProto.Builder out = FunctionProto.newBuilder().setDomain("my").setName(name);
    NodeProto.Builder outer = out.addNodeBuilder().setOpType("If");
    outer.addAttributeBuilder().getGBuilder().addNodeBuilder().setDomain("my").setOpType(calls);
    return out.build();
  }

  /** {@code levels} Ifs, each in a branch of the one before; written from the inside outwards. */
  private static byte[] nested(int levels) throws IOException {
    byte[] graph = new byte[0];
    for (int level = levels; level > 0; level--) {
      NodeProto.Builder node = NodeProto.newBuilder();
      node.addInput("c").addOutput("y" + level).setOpType(graph.length == 0 ? "Not" : "If");
      byte[] bytes = node.build().toByteArray();
      if (graph.length > 0) {
        byte[] attribute =
            concat(
                AttributeProto.newBuilder().setName("then_branch").setType(5).build().toByteArray(),
                field(6, graph));
        bytes = concat(bytes, field(5, attribute));
      }
      GraphProto.Builder rest = GraphProto.newBuilder().setName("g" + level);
      rest.addOutputBuilder().setName("y" + level);
      if (level == 1) {
        rest.addInputBuilder().setName("c").getTypeBuilder().getTensorTypeBuilder().setElemType(9);
      }
      graph = concat(field(1, bytes), rest.build().toByteArray());
    }
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
    model.addOpsetImportBuilder().setVersion(17);
    return concat(model.build().toByteArray(), field(7, graph));
  }

  private static byte[] field(int number, byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeByteArray(number, content);
    out.flush();
    return bytes.toByteArray();
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] out = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, out, a.length, b.length);
    return out;
  }
}
