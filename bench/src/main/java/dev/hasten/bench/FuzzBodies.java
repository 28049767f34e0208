package dev.hasten.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

/** Bodies of requests: right ones, and damaged with regard to what they are. */
final class FuzzBodies {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String[] ODD_VALUES = {
    "null",
    "true",
    "-1",
    "0",
    "1e999999999",
    "-0.0",
    "1e-400",
    "NaN",
    "9223372036854775808",
    "18446744073709551616",
    "2147483648",
    "1.5",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[[]]",
    "[[[[[[[[1]]]]]]]]",
    "\"FP32\"",
    "\"BYTES\"",
    "{\"a\":1,\"a\":2}",
    "/**/1",
    "'x'",
    "01",
    "+1",
    ".5",
    "1.",
    "\"\\x\"",
    "Infinity",
    "1e",
    "--1",
    "undefined"
  };
  private static final String[] ODD_TEXTS = {
    "",
    "\u0000",
    "../..",
    "a\nb",
    "\ud83d\ude00",
    "\ufeff",
    "x".repeat(5000),
    "%s%n",
    "${x}",
    "'; DROP TABLE job; --",
    "shared_memory_region",
    "binary_data_size",
    "classification",
    "binary_data",
    "timeout",
    "priority",
    "1",
    "x",
    "y"
  };

  private final Random random;
  private final List<byte[]> images = images();
  private static final byte[] BOMB = zip(new byte[40 << 20]);

  FuzzBodies(Random random) {
    this.random = random;
  }

  private static List<byte[]> images() {
    List<byte[]> all = new ArrayList<>();
    BufferedImage image = new BufferedImage(12, 9, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 12 * 9; i++) {
      image.setRGB(i % 12, i / 12, i * 123_457);
    }
    try {
      for (String format : new String[] {"png", "jpg", "gif", "bmp"}) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, format, out);
        all.add(out.toByteArray());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    all.add(Base64.getDecoder().decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="));
    return all;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] zip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static byte[] deflate(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream zip = new DeflaterOutputStream(out)) {
      zip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** 40 MiB of zeros, gzipped. */
  byte[] bomb() {
    return BOMB;
  }

  /** An image's file. */
  byte[] image() {
    return images.get(random.nextInt(images.size()));
  }

  /** A WAV file: 100 ms at 8 kHz, 16 bits. */
  byte[] wav() {
    int samples = 800;
    ByteBuffer file = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    file.put(utf8("RIFF")).putInt(36 + 2 * samples).put(utf8("WAVEfmt ")).putInt(16);
    file.putShort((short) 1).putShort((short) 1).putInt(8000).putInt(16_000);
    file.putShort((short) 2).putShort((short) 16).put(utf8("data")).putInt(2 * samples);
    for (int i = 0; i < samples; i++) {
      file.putShort((short) (8000 * Math.sin(i / 5.0)));
    }
    return file.array();
  }

  /** The JSON of an inference. */
  static ObjectNode infer(String datatype, String data, int columns) {
    ObjectNode body = JSON.createObjectNode();
    body.put("id", "a");
    ObjectNode input = body.putArray("inputs").addObject();
    input.put("name", "x");
    input.putArray("shape").add(1).add(columns);
    input.put("datatype", datatype);
    try {
      input.set("data", JSON.readTree(data));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    body.putArray("outputs").addObject().put("name", "y");
    return body;
  }

  static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** JSON with some values exchanged, removed, or written as JSON does not know them. */
  byte[] damaged(JsonNode json) {
    JsonNode copy = json.deepCopy();
    for (int i = random.nextInt(3); i >= 0; i--) {
      change(copy);
    }
    String text = copy.toString();
    int at;
    while ((at = text.indexOf("\"@@")) >= 0) {
      int end = text.indexOf("@@\"", at + 3);
      text =
          text.substring(0, at)
              + ODD_VALUES[Integer.parseInt(text.substring(at + 3, end))]
              + text.substring(end + 3);
    }
    if (random.nextInt(40) == 0) {
      String open = random.nextBoolean() ? "[" : "{\"a\":";
      text = text.replaceFirst("\\[", open.replace("\\", "\\\\").repeat(20_000));
    }
    byte[] bytes = utf8(text);
    return random.nextInt(3) == 0 ? ByteDamage.of(bytes, utf8(json.toString()), random) : bytes;
  }

  private void change(JsonNode root) {
    List<JsonNode> containers = new ArrayList<>();
    collect(root, containers);
    if (containers.isEmpty()) {
      return;
    }
    switch (containers.get(random.nextInt(containers.size()))) {
      case ObjectNode object -> change(object);
      case ArrayNode array -> change(array);
      default -> throw new AssertionError("only containers are collected");
    }
  }

  private static void collect(JsonNode node, List<JsonNode> into) {
    if (node.isContainerNode()) {
      into.add(node);
      node.forEach(child -> collect(child, into));
    }
  }

  private void change(ObjectNode object) {
    List<String> names = object.propertyStream().map(Map.Entry::getKey).toList();
    String name = names.isEmpty() ? "x" : names.get(random.nextInt(names.size()));
    switch (random.nextInt(5)) {
      case 0 -> object.remove(name);
      case 1 -> object.set(ODD_TEXTS[random.nextInt(ODD_TEXTS.length)], value(object));
      case 2 -> object.putObject("parameters").set(oddText(), value(object));
      default -> object.set(name, value(object));
    }
  }

  private void change(ArrayNode array) {
    if (array.isEmpty() || random.nextInt(3) == 0) {
      array.add(value(array));
      return;
    }
    int at = random.nextInt(array.size());
    switch (random.nextInt(4)) {
      case 0 -> array.remove(at);
      case 1 -> array.add(array.get(at).deepCopy());
      default -> array.set(at, value(array));
    }
  }

  private JsonNode value(JsonNode near) {
    return switch (random.nextInt(6)) {
      case 0 -> JSON.getNodeFactory().numberNode(extreme());
      case 1 -> JSON.getNodeFactory().textNode(oddText());
      case 2 -> near.deepCopy();
      default -> JSON.getNodeFactory().textNode("@@" + random.nextInt(ODD_VALUES.length) + "@@");
    };
  }

  String oddText() {
    return ODD_TEXTS[random.nextInt(ODD_TEXTS.length)];
  }

  long extreme() {
    long[] some = {-1, 0, 1, 7, 1 << 20, Integer.MAX_VALUE, 1L << 40, Long.MAX_VALUE};
    return some[random.nextInt(some.length)];
  }
}
