package dev.hasten.serve.jobs;

import dev.hasten.serve.protocol.ProtocolException;
import java.time.Duration;

/** What helps against a refusal. */
enum Remedy {
  /** Nothing: the request itself is at fault. */
  NONE,
  /** Time; the attempt does not count. */
  WAIT,
  /** Perhaps another attempt. */
  RETRY;

  static Remedy of(ProtocolException refusal) {
    // Such as a model that is being loaded: it says itself when to come back.
    if (refusal.retryAfter().isPresent()) {
      return WAIT;
    }
    return switch (refusal.kind()) {
      case INVALID, TOO_LARGE, UNSUPPORTED, UNAUTHENTICATED, FORBIDDEN, CONFLICT, UNPROCESSABLE ->
          NONE;
      case TOO_MANY -> WAIT;
      // The model was there when the job was accepted, so it may come back.
      case NOT_FOUND, UNAVAILABLE, DEADLINE, FAULT, CANCELLED -> RETRY;
    };
  }

  /** 0.5 s, 1 s, 2 s and so on, at most a minute. */
  static Duration pause(int attempt) {
    return Duration.ofMillis(Math.min(60_000, 250L << Math.min(attempt, 20)));
  }
}
