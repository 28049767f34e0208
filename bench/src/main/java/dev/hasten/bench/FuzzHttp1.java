package dev.hasten.bench;

import static dev.hasten.bench.FuzzBodies.utf8;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.hasten.bench.FuzzTargets.Target;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Damages requests over HTTP/1.1: bodies, headers, paths, compression, framing, bytes. */
final class FuzzHttp1 {
  private static final String[] NUMBERS = {
    "-1",
    "0",
    "1",
    "99999999999999999999",
    "2147483647",
    "2147483648",
    "0x10",
    "1.5",
    "",
    " 5",
    "1e3",
    "+3",
    "٣",
    "5, 6",
    "1\t"
  };
  private static final String[] HEADERS = {
    "Inference-Header-Content-Length",
    "Request-Timeout-Ms",
    "Request-Priority",
    "Client-Id",
    "Prefer",
    "Idempotency-Key",
    "Webhook-Url",
    "Content-Type",
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Expect",
    "Upgrade",
    "HTTP2-Settings",
    "Connection",
    "Cookie",
    "Range",
    "X-Forwarded-For",
    "Forwarded",
    "Origin",
    "traceparent",
    "Host",
    "X-HTTP-Method-Override",
    "TE",
    "Trailer",
    "If-Match",
    "Content-Length2",
    "grpc-timeout",
    ":path"
  };
  private static final String[] VALUES = {
    "respond-async",
    "interactive",
    "low",
    "application/json",
    "application/grpc",
    "text/html;q=x",
    "image/*",
    "application/json; charset=utf-42",
    "multipart/form-data; boundary=x",
    "*/*",
    "gzip, br;q=0",
    "bearer x",
    "Bearer ",
    "100-continue",
    "h2c",
    "websocket",
    "AAMAAABkAAQAAP__",
    "close",
    "Upgrade, HTTP2-Settings",
    "bytes=0-1,5-",
    "for=\"[::1",
    "http://evil",
    "null",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "http://127.0.0.1:1/x",
    "\u00ff\u00fe",
    "a".repeat(9000),
    "gopher://x",
    "localhost:99999",
    "trailers",
    "PUT",
    "1S",
    "{}",
    ";;,,==\"\\"
  };
  private static final String[] PATH_PARTS = {
    "..",
    ".",
    "%2e%2e",
    "%2E%2e%2f",
    "%00",
    "%zz",
    "%",
    "%c0%ae%c0%ae",
    "..;",
    "\\..\\",
    "adder",
    "%2fetc%2fpasswd",
    "a".repeat(3000),
    "\u00fc",
    "%F0%9F%98%80",
    "versions",
    "0",
    "-1",
    "99999999999999999999",
    "infer",
    "*",
    "{model}",
    ":model",
    "+",
    "%20",
    "&",
    "=",
    "//",
    "~"
  };

  private final Random random;
  private final FuzzBodies bodies;
  private final FuzzTargets targets;

  FuzzHttp1(Random random) {
    this.random = random;
    this.bodies = new FuzzBodies(random);
    this.targets = new FuzzTargets(random, bodies);
  }

  FuzzCase next(long index) {
    int dice = random.nextInt(100);
    if (dice < 3) {
      Target target = targets.next();
      return whole(index, "right", target, target.valid() ? 200 : 0);
    }
    if (dice < 45) {
      return whole(index, "body", body(targets.next()), 0);
    }
    if (dice < 57) {
      return whole(index, "header", headers(targets.next()), 0);
    }
    if (dice < 66) {
      return whole(index, "path", targets.next().at(path(targets.next().path())), 0);
    }
    if (dice < 76) {
      return whole(index, "binary tensor", binary(), 0);
    }
    if (dice < 82) {
      return whole(index, "compression", compressed(), 0);
    }
    if (dice < 88) {
      return chunked(index);
    }
    if (dice < 93) {
      return lengths(index);
    }
    if (dice < 98) {
      Target target = targets.next();
      byte[] wire = wire(target);
      return new FuzzCase(
          index, "bytes", List.of(ByteDamage.of(wire, wire, random)), false, 0, false);
    }
    return garbage(index);
  }

  private FuzzCase whole(long index, String kind, Target target, int expected) {
    byte[] wire = wire(target);
    List<byte[]> pieces = List.of(wire);
    if (random.nextInt(20) == 0 && wire.length > 2) {
      int cut = 1 + random.nextInt(wire.length - 1);
      pieces = List.of(Arrays.copyOf(wire, cut), Arrays.copyOfRange(wire, cut, wire.length));
    }
    boolean framed =
        target.headers().keySet().stream().noneMatch(FuzzHttp1::changesFraming)
            && target.path().chars().allMatch(c -> c > ' ' && c != 0x7f)
            && target.headers().values().stream().noneMatch(v -> v.matches("(?s).*[\r\n\u0000].*"));
    return new FuzzCase(
        index, kind, pieces, framed, framed ? expected : 0, target.method().equals("HEAD"));
  }

  private static boolean changesFraming(String header) {
    return header.matches("(?i)upgrade|connection|expect|http2-settings|te|trailer|host|:path");
  }

  /** The request's bytes. */
  static byte[] wire(Target target) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Host", "localhost");
    headers.putAll(target.headers());
    if (target.body().length > 0 || target.method().equals("POST")) {
      headers.put("Content-Length", Integer.toString(target.body().length));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(utf8(target.method() + " " + target.path() + " HTTP/1.1\r\n"));
    headers.forEach(
        (name, value) -> out.writeBytes((name + ": " + value + "\r\n").getBytes(ISO_8859_1)));
    out.writeBytes(utf8("\r\n"));
    out.writeBytes(target.body());
    return out.toByteArray();
  }

  private String pick(String[] from) {
    return from[random.nextInt(from.length)];
  }

  private Target body(Target target) {
    if (target.json() != null && random.nextInt(4) > 0) {
      return target.with(bodies.damaged(target.json()));
    }
    if (target.body().length == 0) {
      return target.with(utf8(bodies.oddText()));
    }
    byte[] damaged = ByteDamage.of(target.body(), target.body(), random);
    return target.with(random.nextBoolean() ? damaged : ByteDamage.of(damaged, damaged, random));
  }

  private Target headers(Target target) {
    Target more = target;
    for (int i = random.nextInt(3); i >= 0; i--) {
      String value = random.nextInt(3) == 0 ? pick(NUMBERS) : pick(VALUES);
      more = more.with(pick(HEADERS), value);
    }
    if (random.nextInt(12) == 0) {
      String[] methods = {"HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PRI"};
      String method = pick(methods);
      if (!method.equals("CONNECT") && !method.equals("PRI")) {
        more = new Target(method, more.path(), more.headers(), more.body(), more.json(), false);
      }
    }
    return more;
  }

  private String path(String path) {
    List<String> parts = new ArrayList<>(Arrays.asList(path.split("/", -1)));
    for (int i = random.nextInt(3); i >= 0; i--) {
      int at = random.nextInt(parts.size());
      switch (random.nextInt(3)) {
        case 0 -> parts.add(at, pick(PATH_PARTS));
        case 1 -> parts.set(at, pick(PATH_PARTS));
        default -> parts.set(at, parts.get(at) + pick(PATH_PARTS));
      }
    }
    String joined = String.join("/", parts);
    String rooted = joined.startsWith("/") ? joined : "/" + joined;
    return random.nextInt(4) == 0
        ? rooted
            + "?"
            + pick(new String[] {"wait=", "limit=", "after=", "call=", "&&", "%"})
            + pick(NUMBERS).strip().replace(" ", "")
        : rooted;
  }

  private Target binary() {
    Target target = targets.binary();
    String header = "Inference-Header-Content-Length";
    int length = Integer.parseInt(target.headers().get(header));
    return switch (random.nextInt(5)) {
      case 0 -> target.with(header, pick(NUMBERS));
      case 1 -> target.with(header, Integer.toString(length + random.nextInt(9) - 4));
      case 2 -> target.with(Arrays.copyOf(target.body(), length + random.nextInt(24)));
      case 3 -> {
        byte[] other = target.body().clone();
        for (int i = 0; i < 3; i++) {
          other[length + random.nextInt(16)] = (byte) random.nextInt(256);
        }
        yield target.with(other);
      }
      default -> {
        String size = Long.toString(bodies.extreme());
        String json = new String(target.body(), 0, length, ISO_8859_1);
        byte[] head = utf8(json.replace(":16", ":" + size));
        byte[] all = Arrays.copyOf(head, head.length + 16);
        System.arraycopy(target.body(), length, all, head.length, 16);
        yield target.with(all).with(header, Integer.toString(head.length));
      }
    };
  }

  private Target compressed() {
    Target target = targets.infer();
    byte[] body = target.body();
    return switch (random.nextInt(8)) {
      case 0 -> target.with(FuzzBodies.zip(body)).with("Content-Encoding", "gzip");
      case 1 -> target.with(FuzzBodies.deflate(body)).with("Content-Encoding", "deflate");
      case 2 -> target.with("Content-Encoding", pick(new String[] {"gzip", "deflate", "br", "x"}));
      case 3 -> {
        byte[] zipped = FuzzBodies.zip(body);
        yield target
            .with(Arrays.copyOf(zipped, random.nextInt(zipped.length)))
            .with("Content-Encoding", "gzip");
      }
      case 4 -> {
        byte[] zipped = FuzzBodies.zip(FuzzBodies.zip(body));
        yield target.with(zipped).with("Content-Encoding", "gzip, gzip");
      }
      case 5 -> {
        byte[] zipped = FuzzBodies.zip(body);
        yield target.with(ByteDamage.of(zipped, zipped, random)).with("Content-Encoding", "gzip");
      }
      case 6 -> {
        byte[] zipped = FuzzBodies.deflate(body);
        yield target
            .with(ByteDamage.of(zipped, zipped, random))
            .with("Content-Encoding", "deflate");
      }
      default ->
          random.nextInt(20) == 0
              ? target.with(bodies.bomb()).with("Content-Encoding", "gzip")
              : target.with("Content-Encoding", "identity");
    };
  }

  private FuzzCase chunked(long index) {
    Target target = targets.next();
    String head =
        "%s %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: %s\r\n"
            .formatted(
                "POST",
                target.path(),
                random.nextInt(4) > 0
                    ? "chunked"
                    : pick(
                        new String[] {
                          "chunked, gzip",
                          "gzip, chunked",
                          "identity",
                          "chunked\r\nTransfer-Encoding: chunked",
                          "chunked\r\nContent-Length: 3",
                          "xchunked"
                        }));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(utf8(head));
    target.headers().forEach((name, value) -> out.writeBytes(utf8(name + ": " + value + "\r\n")));
    out.writeBytes(utf8("\r\n"));
    byte[] body = target.body();
    int at = 0;
    while (at < body.length) {
      int size = Math.min(body.length - at, 1 + random.nextInt(60));
      String said =
          random.nextInt(12) > 0
              ? Integer.toHexString(size)
              : pick(
                  new String[] {
                    "-1", "7fffffff", "ffffffffffffffff", "g", "", "0", "5;x=y", "1 ", "0x5"
                  });
      out.writeBytes(utf8(said + "\r\n"));
      out.write(body, at, size);
      out.writeBytes(utf8(random.nextInt(20) > 0 ? "\r\n" : "\n\n"));
      at += size;
    }
    out.writeBytes(
        utf8(
            pick(
                new String[] {
                  "0\r\n\r\n",
                  "0\r\n\r\n",
                  "0\r\n\r\n",
                  "0\r\nX: y\r\n\r\n",
                  "0\r\nContent-Length: 5\r\n\r\n",
                  "",
                  "0\r\n"
                })));
    return new FuzzCase(index, "chunks", List.of(out.toByteArray()), false, 0, false);
  }

  private FuzzCase lengths(long index) {
    Target target = targets.next();
    byte[] body = target.body();
    String length =
        random.nextBoolean()
            ? pick(NUMBERS)
            : Integer.toString(Math.max(0, body.length + random.nextInt(200) - 100));
    String twice = random.nextInt(5) == 0 ? "Content-Length: " + body.length + "\r\n" : "";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        utf8(
            "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %s\r\n"
                .formatted(target.path(), twice, length)));
    target.headers().forEach((name, value) -> out.writeBytes(utf8(name + ": " + value + "\r\n")));
    out.writeBytes(utf8("\r\n"));
    out.writeBytes(body);
    return new FuzzCase(index, "lengths", List.of(out.toByteArray()), false, 0, false);
  }

  private FuzzCase garbage(long index) {
    byte[] bytes = new byte[random.nextInt(400)];
    random.nextBytes(bytes);
    String[] starts = {
      "",
      "GET",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\n",
      "\r\n\r\n\r\n",
      "POST / HTTP/9.9\r\nHost: x\r\n\r\n",
      "GET http://h/v2 HTTP/1.1\r\n\r\n",
      "\u0016\u0003\u0001",
      "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
      "GET /v2 HTTP/1.1\r\nHost: x\r\n a: b\r\n",
      "GET /v2\r\n",
      "GET /v2 HTTP/1.1\r\nHost x\r\n",
      "G".repeat(20_000),
      "GET /v2 HTTP/1.1\r\n" + "A: b\r\n".repeat(5000)
    };
    byte[] start = utf8(pick(starts));
    byte[] all = Arrays.copyOf(start, start.length + bytes.length);
    System.arraycopy(bytes, 0, all, start.length, bytes.length);
    return new FuzzCase(index, "garbage", List.of(all), false, 0, false);
  }
}
