package dev.hasten.graph;

import com.google.protobuf.MessageLite;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A hash over what a model computes, independent of how a file stores it. */
final class Fingerprint {
  private static final long CHUNK_BYTES = 1 << 24;

  private final MessageDigest digest = sha256();

  private Fingerprint() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static String of(Model model) {
    Fingerprint out = new Fingerprint();
    new TreeMap<>(model.opsets()).forEach((domain, version) -> out.add(domain).add(version));
    out.add(model.irVersion() < 4 ? "overridable" : "constant");
    out.add(model.template().getFunctionsCount());
    model.template().getFunctionsList().forEach(out::add);
    out.add(model.graph());
    return HexFormat.of().formatHex(out.digest.digest());
  }

  private Fingerprint add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    add(bytes.length);
    digest.update(bytes);
    return this;
  }

  private void add(long number) {
    for (int shift = 0; shift < 64; shift += 8) {
      digest.update((byte) (number >>> shift));
    }
  }

  private void add(MessageLite message) {
    byte[] bytes = message.toByteArray();
    add(bytes.length);
    digest.update(bytes);
  }

  private void add(Graph graph) {
    add("graph");
    // Before IR version 4 initializers are listed as inputs too, which says nothing about them.
    boolean constant = graph.context.irVersion < 4;
    declare(graph.inputs().stream().filter(input -> !constant || !input.isInitializer()).toList());
    declare(graph.outputs());
    List<Value> initializers =
        graph.initializers().stream().sorted(Comparator.comparing(Value::name)).toList();
    add(initializers.size());
    for (Value value : initializers) {
      add(value.name());
      if (value.tensor != null) {
        add(value.tensor);
      } else if (value.sparse != null) {
        add(value.sparse);
      }
    }
    add(graph.nodes().size());
    graph.nodes().forEach(this::add);
  }

  private void declare(Collection<Value> values) {
    add(values.size());
    for (Value value : values) {
      add(value.toString());
    }
  }

  private void add(Node node) {
    add(node.domain()).add(node.opType()).names(node.inputs);
    names(node.outputs);
    add(node.attributes.size());
    new TreeMap<>(node.attributes)
        .forEach((name, held) -> {
          add(name);
          add(held.value());
        });
  }

  private void names(List<? extends @Nullable Value> values) {
    add(values.size());
    for (Value value : values) {
      add(value == null ? "" : value.name());
    }
  }

  private void add(Attribute attribute) {
    switch (attribute) {
      case Attribute.TensorAttr(Tensor v) -> add(v);
      case Attribute.TensorsAttr(List<Tensor> v) -> v.forEach(this::add);
      case Attribute.GraphAttr(Graph v) -> add(v);
      case Attribute.GraphsAttr(List<Graph> v) -> v.forEach(this::add);
      case Attribute.Opaque opaque -> add(opaque.proto);
      case Attribute.Int v -> add(v.toString());
      case Attribute.Real v -> add(v.toString());
      case Attribute.Text v -> add(v.toString());
      case Attribute.Ints v -> add(v.toString());
      case Attribute.Reals v -> add(v.toString());
      case Attribute.Texts v -> add(v.toString());
      case Attribute.Reference v -> add(v.toString());
    }
  }

  private void add(Tensor tensor) {
    add(tensor.type().name()).add(tensor.dims().toString());
    tensor.strings().forEach(this::add);
    MemorySegment data = tensor.data();
    for (long at = 0; at < data.byteSize(); at += CHUNK_BYTES) {
      MemorySegment chunk = data.asSlice(at, Math.min(CHUNK_BYTES, data.byteSize() - at));
      digest.update(TensorCodec.buffer(chunk));
    }
  }
}
