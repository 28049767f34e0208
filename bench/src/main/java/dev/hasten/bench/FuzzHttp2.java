package dev.hasten.bench;

import static dev.hasten.bench.FuzzBodies.utf8;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.hasten.bench.FuzzTargets.Target;
import dev.hasten.bench.Http2Wire.Field;
import dev.hasten.serve.wire.InferParameter;
import dev.hasten.serve.wire.ModelConfigRequest;
import dev.hasten.serve.wire.ModelInferRequest;
import dev.hasten.serve.wire.ModelMetadataRequest;
import dev.hasten.serve.wire.ModelReadyRequest;
import dev.hasten.serve.wire.ModelStatisticsRequest;
import dev.hasten.serve.wire.RepositoryIndexRequest;
import dev.hasten.serve.wire.RepositoryModelLoadRequest;
import dev.hasten.serve.wire.RepositoryModelUnloadRequest;
import dev.hasten.serve.wire.ServerLiveRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Damages calls over HTTP/2: gRPC's messages, their prefixes and headers, REST's bodies, and the
 * frames themselves. The stream's number is put in when a case is sent ({@link #at}).
 */
final class FuzzHttp2 {
  /** Stands for the case's own stream. */
  static final int OWN = 0x7ffffff1;

  private static final String SERVICE = "/inference.GRPCInferenceService/";
  private static final String[] TIMEOUTS = {
    "1n", "99999999H", "abc", "-1S", "100000000000m", "", "5", "1X", "1u", "10S", "00000001S"
  };
  private static final String[] ENCODINGS = {"gzip", "identity", "deflate", "snappy", "x", ""};
  private static final String[] TYPES = {
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web-text",
    "application/grpc+x",
    "text/plain",
    "application/json",
    "x",
    "application/grpc;charset=utf-8",
    ""
  };
  private static final String[] ODD_HEADERS = {
    "Upper-Case|x",
    "connection|close",
    "transfer-encoding|chunked",
    ":status|200",
    ":x|y",
    "te|gzip",
    "grpc-status|0",
    "content-length|5",
    "content-length|-1",
    "host|h",
    "a|\u0000",
    "a|b\r\nc: d",
    "grpc-accept-encoding|gzip,x",
    "authorization|Bearer x",
    "x-bin|!!!",
    "|v",
    "cookie|a",
    "grpc-message|%",
    "prefer|respond-async",
    "accept-encoding|gzip",
    ":path|/v2",
    ":method|GET",
    "a b|c",
    "content-encoding|gzip"
  };

  private final Random random;
  private final FuzzBodies bodies;
  private final FuzzTargets targets;
  private final Map<String, Message> calls = calls();
  private final MessageMutator messages;

  FuzzHttp2(Random random) {
    this.random = random;
    this.bodies = new FuzzBodies(random);
    this.targets = new FuzzTargets(random, bodies);
    this.messages = new MessageMutator(calls.values(), random);
  }

  private static Map<String, Message> calls() {
    Map<String, Message> calls = new LinkedHashMap<>();
    calls.put("ModelInfer", infer());
    calls.put("ModelStreamInfer", typed());
    calls.put("ServerLive", ServerLiveRequest.getDefaultInstance());
    calls.put("ModelReady", ModelReadyRequest.newBuilder().setName("adder").build());
    calls.put(
        "ModelMetadata",
        ModelMetadataRequest.newBuilder().setName("adder").setVersion("1").build());
    calls.put("ModelConfig", ModelConfigRequest.newBuilder().setName("text").build());
    calls.put("ModelStatistics", ModelStatisticsRequest.newBuilder().setName("adder").build());
    calls.put("RepositoryIndex", RepositoryIndexRequest.newBuilder().setReady(true).build());
    calls.put(
        "RepositoryModelLoad",
        RepositoryModelLoadRequest.newBuilder().setModelName("spare").build());
    calls.put(
        "RepositoryModelUnload",
        RepositoryModelUnloadRequest.newBuilder().setModelName("spare").build());
    return calls;
  }

  private static ModelInferRequest infer() {
    ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(1).putFloat(2).putFloat(3).putFloat(4).flip();
    return ModelInferRequest.newBuilder()
        .setModelName("adder")
        .setId("a")
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("x")
                .setDatatype("FP32")
                .addShape(1)
                .addShape(4))
        .addRawInputContents(ByteString.copyFrom(data))
        .addOutputs(ModelInferRequest.InferRequestedOutputTensor.newBuilder().setName("y"))
        .putParameters("priority", InferParameter.newBuilder().setInt64Param(1).build())
        .build();
  }

  private static ModelInferRequest typed() {
    ModelInferRequest.Builder typed =
        infer().toBuilder().setModelName("bytes").clearRawInputContents().clearParameters();
    typed
        .getInputsBuilder(0)
        .setDatatype("BYTES")
        .getContentsBuilder()
        .addAllBytesContents(
            List.of(
                ByteString.copyFromUtf8("a"),
                ByteString.copyFromUtf8("\u00fc"),
                ByteString.EMPTY,
                ByteString.copyFromUtf8("abc")));
    return typed.build();
  }

  /** A case with its own stream's number put in. */
  static byte[] at(byte[] wire, int stream) {
    byte[] sent = wire.clone();
    for (int i = 0; i + 4 <= sent.length; i++) {
      if (sent[i] == 0x7f && sent[i + 1] == -1 && sent[i + 2] == -1 && sent[i + 3] == -15) {
        Http2Wire.putInt(sent, i, stream);
      }
    }
    return sent;
  }

  FuzzCase next(long index) {
    int dice = random.nextInt(100);
    if (dice < 4) {
      return grpc(index, "right", "ModelInfer", prefixed(infer().toByteArray()), 200);
    }
    if (dice < 44) {
      String method = method();
      Message call = messages.mutant(call(method), call(method));
      return grpc(index, "message", method, prefixed(call.toByteArray()), 0);
    }
    if (dice < 56) {
      String method = method();
      byte[] bytes = call(method).toByteArray();
      return grpc(index, "message bytes", method, prefixed(ByteDamage.of(bytes, bytes, random)), 0);
    }
    if (dice < 66) {
      return grpc(index, "prefix", method(), prefix(), 0);
    }
    if (dice < 76) {
      return callHeaders(index);
    }
    if (dice < 90) {
      return rest(index);
    }
    return frames(index);
  }

  private String pick(String[] from) {
    return from[random.nextInt(from.length)];
  }

  private String method() {
    if (random.nextBoolean()) {
      return random.nextInt(4) == 0 ? "ModelStreamInfer" : "ModelInfer";
    }
    List<String> names = List.copyOf(calls.keySet());
    return names.get(random.nextInt(names.size()));
  }

  private Message call(String method) {
    Message call = calls.get(method);
    return call == null ? infer() : call;
  }

  private static byte[] prefixed(byte[] message) {
    byte[] all = new byte[5 + message.length];
    Http2Wire.putInt(all, 1, message.length);
    System.arraycopy(message, 0, all, 5, message.length);
    return all;
  }

  /** A message whose prefix, or number, is not right. */
  private byte[] prefix() {
    byte[] right = prefixed(infer().toByteArray());
    switch (random.nextInt(8)) {
      case 0 -> right[0] = 1;
      case 1 -> right[0] = (byte) random.nextInt(256);
      case 2 -> Http2Wire.putInt(right, 1, right.length - 5 + random.nextInt(9) - 4);
      case 3 -> Http2Wire.putInt(right, 1, (int) bodies.extreme());
      case 4 -> {
        return Arrays.copyOf(right, random.nextInt(right.length));
      }
      case 5 -> {
        return Arrays.copyOf(right, right.length + random.nextInt(12));
      }
      case 6 -> {
        byte[] twice = Arrays.copyOf(right, right.length * 2);
        System.arraycopy(right, 0, twice, right.length, right.length);
        return twice;
      }
      default -> {
        return new byte[0];
      }
    }
    return right;
  }

  private static List<Field> headers(String method, String path, String type) {
    return new ArrayList<>(
        List.of(
            new Field(":method", method),
            new Field(":scheme", "http"),
            new Field(":path", path),
            new Field(":authority", "localhost"),
            new Field("content-type", type),
            new Field("te", "trailers")));
  }

  private FuzzCase grpc(long index, String kind, String method, byte[] body, int expected) {
    return call(
        index,
        "grpc " + kind,
        headers("POST", SERVICE + method, "application/grpc"),
        body,
        expected);
  }

  private FuzzCase call(long index, String kind, List<Field> headers, byte[] body, int expected) {
    byte[] head =
        Http2Wire.frame(Http2Wire.HEADERS, Http2Wire.END_HEADERS, OWN, Http2Wire.block(headers));
    byte[] data = Http2Wire.frame(Http2Wire.DATA, Http2Wire.END_STREAM, OWN, body);
    // A message cut anywhere, in two frames.
    if (random.nextInt(10) == 0 && body.length > 1) {
      int cut = 1 + random.nextInt(body.length - 1);
      return new FuzzCase(
          index,
          kind,
          List.of(
              head,
              Http2Wire.frame(Http2Wire.DATA, 0, OWN, Arrays.copyOf(body, cut)),
              Http2Wire.frame(
                  Http2Wire.DATA,
                  Http2Wire.END_STREAM,
                  OWN,
                  Arrays.copyOfRange(body, cut, body.length))),
          true,
          expected,
          false);
    }
    return new FuzzCase(index, kind, List.of(head, data), true, expected, false);
  }

  private FuzzCase callHeaders(long index) {
    String path =
        random.nextInt(4) > 0
            ? SERVICE + method()
            : pick(
                new String[] {
                  SERVICE,
                  SERVICE + "Nothing",
                  "/x/Y",
                  "/",
                  "",
                  "*",
                  SERVICE + "ModelInfer/x",
                  SERVICE + "ModelInfer?x",
                  "/inference.GRPCInferenceService/../v2",
                  "x"
                });
    List<Field> headers =
        headers(
            random.nextInt(6) > 0 ? "POST" : pick(new String[] {"GET", "HEAD", "PUT", "X", ""}),
            path,
            random.nextBoolean() ? "application/grpc" : pick(TYPES));
    switch (random.nextInt(4)) {
      case 0 -> headers.add(new Field("grpc-timeout", pick(TIMEOUTS)));
      case 1 -> headers.add(new Field("grpc-encoding", pick(ENCODINGS)));
      case 2 -> {
        String[] odd = pick(ODD_HEADERS).split("\\|", -1);
        headers.add(new Field(odd[0], odd[1]));
      }
      default -> headers.remove(random.nextInt(headers.size()));
    }
    byte[] message = infer().toByteArray();
    byte[] body = prefixed(random.nextBoolean() ? message : FuzzBodies.zip(message));
    if (random.nextInt(30) == 0) {
      body = prefixed(bodies.bomb());
    }
    body[0] = (byte) random.nextInt(2);
    return call(index, "grpc headers", headers, body, 0);
  }

  private FuzzCase rest(long index) {
    Target target = targets.next();
    byte[] body = target.body();
    if (target.json() != null) {
      body = bodies.damaged(target.json());
    } else if (body.length > 0 && random.nextInt(3) > 0) {
      body = ByteDamage.of(body, body, random);
    }
    List<Field> headers = headers(target.method(), target.path(), "application/json");
    target
        .headers()
        .forEach((name, value) -> {
          if (!name.equals("Content-Type")) {
            headers.add(new Field(name.toLowerCase(Locale.ROOT), value));
          }
        });
    return call(index, "rest over HTTP/2", headers, body, 0);
  }

  /** Frames that are not as they should be; the server may end the connection. */
  private FuzzCase frames(long index) {
    List<byte[]> frames = new ArrayList<>();
    byte[] block = Http2Wire.block(headers("POST", SERVICE + "ModelInfer", "application/grpc"));
    byte[] body = prefixed(infer().toByteArray());
    frames.add(Http2Wire.frame(Http2Wire.HEADERS, Http2Wire.END_HEADERS, OWN, block));
    frames.add(Http2Wire.frame(Http2Wire.DATA, Http2Wire.END_STREAM, OWN, body));
    switch (random.nextInt(12)) {
      case 0 -> frames.set(0, ByteDamage.of(frames.get(0), frames.get(0), random));
      case 1 -> frames.set(1, ByteDamage.of(frames.get(1), frames.get(1), random));
      case 2 -> {
        int cut = random.nextInt(block.length);
        frames.set(0, Http2Wire.frame(Http2Wire.HEADERS, 0, OWN, Arrays.copyOf(block, cut)));
        frames.add(
            1,
            Http2Wire.frame(
                Http2Wire.CONTINUATION,
                random.nextBoolean() ? Http2Wire.END_HEADERS : 0,
                OWN,
                Arrays.copyOfRange(block, cut, block.length)));
      }
      case 3 -> frames.add(1, Http2Wire.windowUpdate(OWN, (int) bodies.extreme()));
      case 4 -> frames.add(random.nextInt(3), unknown());
      case 5 -> {
        for (int i = 0; i < 200; i++) {
          frames.add(Http2Wire.frame(Http2Wire.PING, 0, 0, new byte[8]));
        }
      }
      case 6 -> frames.add(1, Http2Wire.frame(Http2Wire.SETTINGS, 0, 0, settings()));
      case 7 -> frames.add(frames.get(1));
      case 8 -> frames.add(0, frames.remove(1));
      case 9 -> {
        byte[] code = new byte[4];
        Http2Wire.putInt(code, 0, random.nextInt(20));
        frames.add(1 + random.nextInt(2), Http2Wire.frame(Http2Wire.RST_STREAM, 0, OWN, code));
      }
      case 10 -> {
        byte[] padded = new byte[body.length + 1];
        padded[0] = (byte) random.nextInt(256);
        System.arraycopy(body, 0, padded, 1, body.length);
        frames.set(
            1,
            Http2Wire.frame(Http2Wire.DATA, Http2Wire.END_STREAM | Http2Wire.PADDED, OWN, padded));
      }
      default ->
          frames.set(
              0,
              Http2Wire.frame(
                  Http2Wire.HEADERS,
                  Http2Wire.END_HEADERS,
                  OWN,
                  ByteDamage.of(block, utf8("\u0082\u0086\u00ff\u003f"), random)));
    }
    return new FuzzCase(index, "frames", frames, false, 0, false);
  }

  private byte[] unknown() {
    byte[] payload = new byte[random.nextInt(40)];
    random.nextBytes(payload);
    return Http2Wire.frame(
        random.nextInt(256), random.nextInt(256), random.nextBoolean() ? OWN : 0, payload);
  }

  private byte[] settings() {
    byte[] settings = new byte[6 * (1 + random.nextInt(4)) + (random.nextInt(6) == 0 ? 1 : 0)];
    for (int i = 0; i + 6 <= settings.length; i += 6) {
      settings[i + 1] = (byte) random.nextInt(8);
      Http2Wire.putInt(settings, i + 2, (int) bodies.extreme());
    }
    return settings;
  }
}
