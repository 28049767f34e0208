package dev.hasten.measure;

import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Inputs handed to a child process of the same machine and version. */
final class Batches {
  private Batches() {}

  static void write(Path file, List<Map<String, NdArray>> batches) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      out.writeInt(batches.size());
      for (Map<String, NdArray> batch : batches) {
        out.writeInt(batch.size());
        for (Map.Entry<String, NdArray> entry : batch.entrySet()) {
          out.writeUTF(entry.getKey());
          write(out, entry.getValue());
        }
      }
    }
  }

  private static void write(DataOutputStream out, NdArray array) throws IOException {
    out.writeInt(array.type().onnx());
    out.writeInt(array.rank());
    for (long size : array.shape()) {
      out.writeLong(size);
    }
    if (array.type() == ElementType.STRING) {
      out.writeInt(array.size());
      for (String text : array.strings()) {
        out.writeUTF(text);
      }
      return;
    }
    ByteBuffer data = array.bytes();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static List<Map<String, NdArray>> read(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      int count = in.readInt();
      List<Map<String, NdArray>> batches = new ArrayList<>();
      for (int b = 0; b < count; b++) {
        int entries = in.readInt();
        Map<String, NdArray> batch = new LinkedHashMap<>();
        for (int e = 0; e < entries; e++) {
          batch.put(in.readUTF(), array(in));
        }
        batches.add(batch);
      }
      return batches;
    }
  }

  private static NdArray array(DataInputStream in) throws IOException {
    ElementType type = ElementType.of(in.readInt());
    long[] shape = new long[in.readInt()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = in.readLong();
    }
    int length = in.readInt();
    if (type == ElementType.STRING) {
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < length; i++) {
        texts.add(in.readUTF());
      }
      return NdArray.strings(texts, shape);
    }
    ByteBuffer data = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
    data.put(in.readNBytes(length)).flip();
    return NdArray.of(type, data, shape);
  }
}
