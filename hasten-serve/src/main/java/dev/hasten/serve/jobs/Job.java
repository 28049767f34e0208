package dev.hasten.serve.jobs;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A job as it stands in the database, without its request and its result.
 *
 * @param id sorts by the time of its creation
 * @param version of the model; empty: the newest when it runs
 * @param bulk whether its request is lines, each answered by itself
 * @param request what the request's bytes are
 * @param result what the result's bytes are, once there is one
 * @param attempts begun so far
 * @param progress of its parts; a job that is not bulk has one
 * @param owner the node that holds it; empty: none
 * @param error why it failed, or why its last attempt did
 */
public record Job(
    String id,
    String model,
    String version,
    Call call,
    boolean bulk,
    Format request,
    Optional<Format> result,
    JobState state,
    int attempts,
    Progress progress,
    Instant created,
    Optional<Instant> started,
    Optional<Instant> ended,
    Optional<Instant> expires,
    String owner,
    Optional<String> error,
    Optional<Hook> webhook) {

  /** Which of the server's calls it is. */
  public enum Call {
    INFER,
    PREDICT
  }

  /**
   * @param contentType empty: not said
   * @param jsonLength of the JSON in front of the tensors' bytes
   */
  public record Format(String contentType, OptionalInt jsonLength) {
    static final Format LINES = new Format("application/jsonl", OptionalInt.empty());
  }

  /**
   * @param done those that failed included
   */
  public record Progress(long parts, long done, long failed) {}

  /**
   * Whom its end is told.
   *
   * @param outcome empty while it has not been delivered or given up
   */
  public record Hook(String url, int tries, Optional<String> outcome) {}
}
