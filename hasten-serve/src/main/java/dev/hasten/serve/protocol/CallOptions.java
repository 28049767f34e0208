package dev.hasten.serve.protocol;

import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.hasten.runtime.Priority;
import dev.hasten.runtime.RequestOptions;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a call says of its deadline, its priority and whom it is for. */
public final class CallOptions {
  /** Milliseconds from now within which the answer is of use. */
  public static final String TIMEOUT = "request-timeout-ms";

  /** {@code interactive} or {@code low}. */
  public static final String PRIORITY = "request-priority";

  /** Whom the request is for, where it has no token: such get equal shares. */
  public static final String CLIENT = "client-id";

  private static final long LONGEST_MILLIS = Duration.ofDays(1).toMillis();

  private CallOptions() {}

  /**
   * @param parameters of the request: {@code timeout} in microseconds and {@code priority}, where 0
   *     is the model's default and numbers above 1 are less urgent
   */
  public static RequestOptions of(ServiceRequestContext ctx, Map<String, Object> parameters) {
    RequestHeaders headers = ctx.request().headers();
    RequestOptions options =
        RequestOptions.defaults()
            .withCallerRuns()
            .withClient(client(ctx, headers))
            .withPriority(priority(headers.get(PRIORITY), parameters.get("priority")));
    Optional<Duration> deadline = deadline(headers.get(TIMEOUT), parameters.get("timeout"));
    return deadline.map(options::withDeadline).orElse(options);
  }

  /** A token's holder cannot get more than one share by calling itself many names. */
  private static String client(ServiceRequestContext ctx, RequestHeaders headers) {
    String token = CallFacts.of(ctx).token();
    if (!token.isEmpty()) {
      return token;
    }
    @Nullable String name = headers.get(CLIENT);
    return name != null ? Texts.brief(name) : String.valueOf(ctx.clientAddress().getHostAddress());
  }

  private static Optional<Duration> deadline(@Nullable String header, @Nullable Object micros) {
    if (header != null) {
      try {
        long millis = Long.parseLong(header.strip());
        if (millis > 0 && millis <= LONGEST_MILLIS) {
          return Optional.of(Duration.ofMillis(millis));
        }
      } catch (NumberFormatException e) {
        // Refused below, like a number out of range.
      }
      throw ProtocolException.invalid(
          "%s: %s (expected: milliseconds, 1 to %d)"
              .formatted(TIMEOUT, Texts.brief(header), LONGEST_MILLIS));
    }
    if (micros == null || Long.valueOf(0).equals(micros)) {
      return Optional.empty();
    }
    if (micros instanceof Long value && value > 0 && value <= LONGEST_MILLIS * 1000) {
      return Optional.of(Duration.ofNanos(value * 1000));
    }
    throw ProtocolException.invalid(
        "timeout: %s (expected: microseconds, 1 to %d)"
            .formatted(Texts.brief(String.valueOf(micros)), LONGEST_MILLIS * 1000));
  }

  private static Priority priority(@Nullable String header, @Nullable Object parameter) {
    if (header != null) {
      return switch (header.strip()) {
        case "interactive" -> Priority.INTERACTIVE;
        case "low" -> Priority.LOW;
        default ->
            throw ProtocolException.invalid(
                "%s: %s (expected: interactive or low)".formatted(PRIORITY, Texts.brief(header)));
      };
    }
    return switch (parameter) {
      case null -> Priority.INTERACTIVE;
      case Long level when level >= 0 -> level > 1 ? Priority.LOW : Priority.INTERACTIVE;
      default ->
          throw ProtocolException.invalid(
              "priority: %s (expected: a number of at least 0)"
                  .formatted(Texts.brief(String.valueOf(parameter))));
    };
  }
}
