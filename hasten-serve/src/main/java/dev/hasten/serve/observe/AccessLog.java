package dev.hasten.serve.observe;

import ch.qos.logback.core.AsyncAppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy;
import ch.qos.logback.core.util.FileSize;
import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.logging.AccessLogWriter;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/**
 * A line of JSON for each request, written by a thread of its own. A file is exchanged each day,
 * and before if it has grown large; the old ones are compressed and the oldest removed. If the disk
 * is slower than the requests, lines are left out rather than answers delayed.
 */
final class AccessLog implements AccessLogWriter {
  private static final int QUEUE = 16_384;
  private static final FileSize LARGEST = FileSize.valueOf("100MB");
  private static final FileSize IN_ALL = FileSize.valueOf("2GB");
  private static final int DAYS = 30;
  private static final int FLUSH_MILLIS = 5_000;

  private static final byte[] NOTHING = {};

  private static final class Lines extends EncoderBase<AccessEntry> {
    @Override
    public byte[] headerBytes() {
      return NOTHING;
    }

    @Override
    public byte[] encode(AccessEntry entry) {
      return entry.json();
    }

    @Override
    public byte[] footerBytes() {
      return NOTHING;
    }
  }

  private final AsyncAppenderBase<AccessEntry> queue = new AsyncAppenderBase<>();

  private AccessLog(OutputStreamAppender<AccessEntry> to, ContextBase context) {
    queue.setContext(context);
    queue.setQueueSize(QUEUE);
    queue.setNeverBlock(true);
    queue.setMaxFlushTime(FLUSH_MILLIS);
    queue.addAppender(to);
    queue.start();
  }

  /**
   * Begins a log.
   *
   * @param where a file, which is appended to; {@code -}: standard output
   * @throws BadInputException if its path cannot be that of a log
   * @throws EnvironmentException if it cannot be written
   */
  static AccessLog open(String where) {
    ContextBase context = new ContextBase();
    OutputStreamAppender<AccessEntry> to = where.equals("-") ? console() : file(context, where);
    to.setContext(context);
    Lines lines = new Lines();
    lines.setContext(context);
    lines.start();
    to.setEncoder(lines);
    to.start();
    if (!to.isStarted()) {
      String why =
          context.getStatusManager().getCopyOfStatusList().stream()
              .filter(status -> status.getEffectiveLevel() > ch.qos.logback.core.status.Status.INFO)
              .map(status -> String.valueOf(status.getMessage()))
              .findFirst()
              .orElse("unknown reason");
      throw new EnvironmentException(
          "access log: %s: cannot be written: %s (give another --access-log)"
              .formatted(where, why));
    }
    return new AccessLog(to, context);
  }

  private static OutputStreamAppender<AccessEntry> console() {
    return new ConsoleAppender<>();
  }

  private static OutputStreamAppender<AccessEntry> file(ContextBase context, String where) {
    String path = Path.of(where).toAbsolutePath().toString();
    if (path.matches(".*[%()].*")) {
      // The pattern of the old files' names has them for itself, without a way to escape them.
      throw new BadInputException(
          "access log: %s: has %%, ( or ) in its path (expected: a path without)".formatted(path));
    }
    RollingFileAppender<AccessEntry> file = new RollingFileAppender<>();
    file.setFile(path);
    file.setAppend(true);
    SizeAndTimeBasedRollingPolicy<AccessEntry> policy = new SizeAndTimeBasedRollingPolicy<>();
    policy.setContext(context);
    policy.setParent(file);
    policy.setFileNamePattern(path + ".%d{yyyy-MM-dd}.%i.gz");
    policy.setMaxFileSize(LARGEST);
    policy.setTotalSizeCap(IN_ALL);
    policy.setMaxHistory(DAYS);
    policy.start();
    file.setRollingPolicy(policy);
    return file;
  }

  @Override
  public void log(RequestLog log) {
    queue.doAppend(AccessEntry.of(log));
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    queue.stop();
    return CompletableFuture.completedFuture(null);
  }
}
