package dev.hasten.bench;

import dev.hasten.bench.FuzzClient.Answer;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Cases of one seed, sent by several threads: odd ones over HTTP/1.1, even ones over HTTP/2. Case
 * {@code i} is the same whatever was sent before it.
 */
final class FuzzRun {
  /** What a client may be told beside 2xx to 4xx: not supported, not available, late. */
  private static final int[] DECLARED = {501, 503, 504};

  /** gRPC's own codes for its own faults. */
  private static final int GRPC_UNKNOWN = 2;

  private static final int GRPC_INTERNAL = 13;
  private static final int GRPC_DATA_LOSS = 15;

  /** Something that should not have been. */
  record Finding(FuzzCase of, String why, Answer answer) {
    @Override
    public String toString() {
      byte[] bytes = of.all();
      String shown = Base64.getEncoder().encodeToString(bytes);
      return "case %d (%s): %s: status %d, grpc %d: %s%n  bytes in base64: %s"
          .formatted(
              of.index(),
              of.kind(),
              why,
              answer.status(),
              answer.grpc(),
              brief(answer.said(), 300),
              brief(shown, 4000));
    }
  }

  private static final int MOST_FINDINGS = 1000;

  private final int port;
  private final long seed;
  private final AtomicLong next;
  private final long end;
  private final Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
  private final Queue<Finding> findings = new ConcurrentLinkedQueue<>();
  private final LongAdder sent = new LongAdder();

  /**
   * @param from the first case
   * @param end behind the last case
   */
  FuzzRun(int port, long seed, long from, long end) {
    this.port = port;
    this.seed = seed;
    this.next = new AtomicLong(from);
    this.end = end;
  }

  static String brief(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "…";
  }

  /** Makes cases; for one thread. */
  static final class Maker {
    private final long seed;
    private final Random random = new Random(0);
    private final FuzzHttp1 http1 = new FuzzHttp1(random);
    private final FuzzHttp2 http2 = new FuzzHttp2(random);

    Maker(long seed) {
      this.seed = seed;
    }

    FuzzCase make(long index) {
      // Neighbouring seeds give neighbouring first numbers: spread (Steele, Lea, Flood 2014).
      long spread = (seed * 0x9E3779B97F4A7C15L + index) * 0xBF58476D1CE4E5B9L;
      random.setSeed(spread ^ spread >>> 31);
      return index % 2 == 0 ? http2.next(index) : http1.next(index);
    }
  }

  /** Sends cases until there are no more; for several threads at once. */
  void work() {
    Maker maker = new Maker(seed);
    try (FuzzClient http1 = new FuzzClient(port);
        FuzzHttp2Client http2 = new FuzzHttp2Client(port)) {
      long index;
      while ((index = next.getAndIncrement()) < end && findings.size() < MOST_FINDINGS) {
        FuzzCase one = maker.make(index);
        Answer answer = index % 2 == 0 ? http2.send(one) : http1.send(one);
        sent.increment();
        outcomes
            .computeIfAbsent(
                (index % 2 == 0 ? "HTTP/2 | " : "HTTP/1.1 | ")
                    + one.kind()
                    + " | "
                    + outcome(answer),
                key -> new LongAdder())
            .increment();
        judge(one, answer).ifPresent(why -> findings.add(new Finding(one, why, answer)));
      }
    } catch (IOException e) {
      findings.add(
          new Finding(maker.make(next.get()), "the server cannot be reached: " + e, Answer.none()));
    }
  }

  private static String outcome(Answer answer) {
    if (answer.hung()) {
      return "hung";
    }
    return switch (answer.status()) {
      case 0 -> "closed";
      case 1 -> "reset";
      default -> answer.status() + (answer.grpc() > 0 ? " grpc " + answer.grpc() : "");
    };
  }

  private static Optional<String> judge(FuzzCase one, Answer answer) {
    int status = answer.status();
    if (answer.hung()) {
      return Optional.of("no end within " + FuzzClient.LIMIT_MILLIS + " ms");
    }
    if (one.expected() != 0 && (status != one.expected() || answer.grpc() > 0)) {
      return Optional.of("a right request was refused");
    }
    if (status >= 500 && java.util.Arrays.stream(DECLARED).noneMatch(s -> s == status)) {
      return Optional.of("a status that is not declared");
    }
    if (answer.grpc() == GRPC_UNKNOWN || answer.grpc() == GRPC_DATA_LOSS) {
      return Optional.of("a status of gRPC that is not declared");
    }
    boolean fault = answer.said().contains("internal error; the server");
    if (answer.grpc() == GRPC_INTERNAL && fault
        || answer.said().contains("database fails")
        || answer.said().contains("\tat ")) {
      return Optional.of("a fault of the server");
    }
    if (one.whole()
        && status == 0
        && !one.kind().contains("headers")
        && !one.kind().contains("rest")) {
      return Optional.of("the connection was closed without an answer");
    }
    return Optional.empty();
  }

  long sent() {
    return sent.sum();
  }

  Queue<Finding> findings() {
    return findings;
  }

  /** How many cases of which kind ended how. */
  Map<String, Long> outcomes() {
    Map<String, Long> counts = new TreeMap<>();
    outcomes.forEach((outcome, count) -> counts.put(outcome, count.sum()));
    return counts;
  }
}
