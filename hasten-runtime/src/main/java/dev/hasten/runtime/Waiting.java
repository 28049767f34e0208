package dev.hasten.runtime;

/**
 * A request as the {@link Scheduler} sees it. Times are nanoseconds on the scheduler's clock.
 *
 * @param <P> what the caller knows it by
 */
final class Waiting<P> {
  /** Of a request that has as long as it takes. */
  static final long NO_DEADLINE = Long.MAX_VALUE;

  final P payload;
  final Priority priority;
  final String client;

  /** Only requests of an equal group may share a run. */
  final String group;

  final int rows;
  final int length;
  final long bytes;
  final long deadline;

  /** Set on admission. */
  long sequence = -1;

  long arrival;

  /** When it should be served at the latest: its deadline, or the end of its patience. */
  long due;

  /** Its part of the time of the run that it is in. */
  double charged;

  /** Scratch of {@link BatchChoice}. */
  int position;

  Waiting(
      P payload,
      Priority priority,
      String client,
      String group,
      int rows,
      int length,
      long bytes,
      long deadline) {
    this.payload = payload;
    this.priority = priority;
    this.client = client;
    this.group = group;
    this.rows = rows;
    this.length = length;
    this.bytes = bytes;
    this.deadline = deadline;
  }

  /** First what is due first, among equals what came first. */
  static int byUrgency(Waiting<?> a, Waiting<?> b) {
    return a.due != b.due ? Long.compare(a.due, b.due) : Long.compare(a.sequence, b.sequence);
  }

  static int byDeadline(Waiting<?> a, Waiting<?> b) {
    return a.deadline != b.deadline
        ? Long.compare(a.deadline, b.deadline)
        : Long.compare(a.sequence, b.sequence);
  }

  /** By group and length, among equals the most urgent last. */
  static int byLength(Waiting<?> a, Waiting<?> b) {
    int group = a.group.compareTo(b.group);
    if (group != 0) {
      return group;
    }
    return a.length != b.length ? Integer.compare(a.length, b.length) : byUrgency(b, a);
  }
}
