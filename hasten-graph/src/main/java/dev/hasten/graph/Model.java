package dev.hasten.graph;

import dev.hasten.graph.wire.OnnxWire.FunctionProto;
import dev.hasten.graph.wire.OnnxWire.GraphProto;
import dev.hasten.graph.wire.OnnxWire.ModelProto;
import dev.hasten.graph.wire.OnnxWire.OperatorSetIdProto;
import dev.hasten.graph.wire.OnnxWire.StringStringEntryProto;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX model. What Hasten does not know (operators, domains, attributes, metadata, functions,
 * fields of later versions) survives reading and writing untouched.
 *
 * <pre>{@code
 * Model model = Model.read(Path.of("model.onnx"));
 * Model edited = model.copy();
 * for (Node node : edited.graph().nodes()) {
 *   if (node.is("Identity") && edited.graph().takesOver(node.output(), node.input(0))) {
 *     edited.graph().replaceUses(node.output(), node.input(0));
 *   }
 * }
 * edited.graph().removeDead();
 * edited.validate();
 * edited.write(Path.of("edited.onnx"));
 * }</pre>
 *
 * <p>A model handed to someone is not changed by them: whoever edits starts with {@link #copy()}.
 */
public final class Model {
  /** The oldest opset of {@code ai.onnx} that Hasten reads. */
  public static final long MIN_OPSET = 7;

  final ModelContext context;
  final String source;
  private final Graph graph;
  private ModelProto template;

  private final List<Path> files;

  Model(ModelProto template, ModelContext context, Graph graph, String source, List<Path> files) {
    this.files = List.copyOf(files);
    this.template = template;
    this.context = context;
    this.graph = graph;
    this.source = source;
  }

  /**
   * Reads a model. Weights stay in the file, which is mapped; it may be replaced meanwhile (a new
   * file under the same name), but not be written into.
   *
   * @throws ModelException if the file, or a file with weights that it names, cannot be read, is
   *     not an ONNX model, or is of a version that Hasten does not support
   */
  public static Model read(Path file) {
    return ModelReader.read(file, MIN_OPSET);
  }

  /**
   * As {@link #read(Path)}, but takes opsets of {@code ai.onnx} from {@code oldestOpset} on. Below
   * {@link #MIN_OPSET} operators mean something else than Hasten knows: such a model can be looked
   * at and written again, but not be rewritten soundly.
   */
  public static Model read(Path file, long oldestOpset) {
    return ModelReader.read(file, oldestOpset);
  }

  /** Reads a model without external data from memory; {@code name} stands for it in messages. */
  public static Model read(byte[] bytes, String name) {
    return ModelReader.read(ByteBuffer.wrap(bytes), name);
  }

  /** As {@link #read(byte[], String)}; reads the remaining bytes and leaves the position. */
  public static Model read(ByteBuffer bytes, String name) {
    return ModelReader.read(bytes, name);
  }

  /** A model with an empty graph. */
  public static Model create(long opset) {
    ModelContext context = new ModelContext(8);
    ModelProto template =
        ModelProto.newBuilder()
            .setIrVersion(context.irVersion)
            .setProducerName("hasten")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset))
            .build();
    Graph graph = new Graph(context, null, GraphProto.newBuilder().setName("graph").build());
    return new Model(template, context, graph, "new model", List.of());
  }

  /** Writes the model, with {@link WriteOptions#defaults()}. */
  public List<Path> write(Path file) {
    return write(file, WriteOptions.defaults());
  }

  /**
   * Writes the model. The file appears complete or not at all; weights in a second file have that
   * file complete before.
   *
   * @return the files written: the model, then the one with its weights if there is one
   * @throws ModelException if the format does not allow what was asked
   * @throws java.io.UncheckedIOException naming the file and the reason if it cannot be written
   */
  public List<Path> write(Path file, WriteOptions options) {
    return ModelWriter.write(this, file, options);
  }

  /**
   * The model as one file's content.
   *
   * @throws ModelException past 2 GB
   */
  public byte[] toBytes() {
    return ModelWriter.toBytes(this);
  }

  /** A copy that can be edited without touching this model. Tensors are shared. */
  public Model copy() {
    ModelContext copied = new ModelContext(context.irVersion);
    return new Model(template, copied, GraphCopier.copy(graph, copied), source, files);
  }

  public Graph graph() {
    return graph;
  }

  public long irVersion() {
    return context.irVersion;
  }

  /** Sets the version of the file format. Going to 4 or later, initializers cease to be inputs. */
  public void setIrVersion(long version) {
    if (context.irVersion < 4 && version >= 4) {
      graph.dropInitializersFromInputs();
    }
    context.irVersion = version;
    template = template.toBuilder().setIrVersion(version).build();
  }

  /** The opset version by domain; the standard domain, {@code ai.onnx}, is the empty string. */
  public Map<String, Long> opsets() {
    Map<String, Long> out = new LinkedHashMap<>();
    for (OperatorSetIdProto opset : template.getOpsetImportList()) {
      out.put(Node.normalize(opset.getDomain()), opset.getVersion());
    }
    return Collections.unmodifiableMap(out);
  }

  /** The version of {@code ai.onnx}; 0 if the model does not use it. */
  public long opset() {
    return opsets().getOrDefault("", 0L);
  }

  /** Sets or adds a domain's version. */
  public void setOpset(String domain, long version) {
    ModelProto.Builder out = template.toBuilder();
    boolean found = false;
    for (OperatorSetIdProto.Builder opset : out.getOpsetImportBuilderList()) {
      if (Node.normalize(opset.getDomain()).equals(Node.normalize(domain))) {
        opset.setVersion(version);
        found = true;
      }
    }
    if (!found) {
      out.addOpsetImportBuilder().setDomain(domain).setVersion(version);
    }
    template = out.build();
  }

  /** Sets the version of the standard domain that the bodies of functions import. */
  void setFunctionOpsets(long version) {
    ModelProto.Builder out = template.toBuilder();
    for (FunctionProto.Builder function : out.getFunctionsBuilderList()) {
      for (OperatorSetIdProto.Builder opset : function.getOpsetImportBuilderList()) {
        if (Node.normalize(opset.getDomain()).isEmpty()) {
          opset.setVersion(version);
        }
      }
    }
    template = out.build();
  }

  public String producer() {
    return (template.getProducerName() + " " + template.getProducerVersion()).strip();
  }

  /** The name under which the model was read, for messages. */
  public String source() {
    return source;
  }

  /** The file that the model was read from, then those with its weights; none if from memory. */
  public List<Path> files() {
    return files;
  }

  public Map<String, String> metadata() {
    Map<String, String> out = new LinkedHashMap<>();
    for (StringStringEntryProto entry : template.getMetadataPropsList()) {
      out.put(entry.getKey(), entry.getValue());
    }
    return Collections.unmodifiableMap(out);
  }

  /** Sets, adds or (with null) removes an entry of the metadata. */
  public void setMetadata(String key, @Nullable String value) {
    ModelProto.Builder out = template.toBuilder().clearMetadataProps();
    boolean done = value == null;
    for (StringStringEntryProto entry : template.getMetadataPropsList()) {
      if (!entry.getKey().equals(key)) {
        out.addMetadataProps(entry);
      } else if (!done) {
        out.addMetadataProps(entry.toBuilder().setValue(value));
        done = true;
      }
    }
    if (!done) {
      out.addMetadataPropsBuilder().setKey(key).setValue(value);
    }
    template = out.build();
  }

  public List<Function> functions() {
    return template.getFunctionsList().stream().map(Function::new).toList();
  }

  /**
   * Checks the whole model.
   *
   * @throws ModelException naming the node, the input, what was found and what was expected
   */
  public void validate() {
    Validator.check(this);
  }

  /**
   * SHA-256, in hexadecimal, of all that decides what the model computes and how it is called:
   * equal for the same model read from another form of the file. Names of nodes, documentation and
   * metadata do not count.
   */
  public String fingerprint() {
    return Fingerprint.of(this);
  }

  /** Bytes of all initializers and constants, those of nested graphs included. */
  public long weightBytes() {
    return Weights.of(graph).mapToLong(Tensor::byteSize).sum();
  }

  /** Number of elements of all initializers and constants, those of nested graphs included. */
  public long parameters() {
    return Weights.of(graph).mapToLong(Tensor::size).sum();
  }

  ModelProto template() {
    return template;
  }

  /** The model as text, one line per node. */
  public String describe() {
    return Describe.model(this);
  }

  @Override
  public String toString() {
    return "%s (opset %d, %d nodes, %d parameters)"
        .formatted(source, opset(), graph.allNodes().size(), parameters());
  }
}
