package dev.hasten.serve.console;

import com.linecorp.armeria.server.ServiceRequestContext;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Links to reports that a browser may follow without a token, which it cannot send with a link:
 * each is signed (HMAC-SHA-256, a key of this process) for one version's report and some minutes.
 */
public final class ReportTickets {
  private static final Duration VALID = Duration.ofMinutes(5);
  private static final String ALGORITHM = "HmacSHA256";

  private final InstantSource clock;
  private final SecretKeySpec key;

  public ReportTickets() {
    this(InstantSource.system());
  }

  ReportTickets(InstantSource clock) {
    this.clock = clock;
    byte[] secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    this.key = new SecretKeySpec(secret, ALGORITHM);
  }

  /** For whoever may read what the server says of its models. */
  String issue(String model, String version) {
    long until = clock.instant().plus(VALID).getEpochSecond();
    return until + "." + signature(model, version, until);
  }

  /** Whether a request is for a report and brings its ticket. */
  public boolean admits(ServiceRequestContext ctx) {
    return ctx.config().route().patternString().endsWith("/report")
        && admits(
            String.valueOf(ctx.pathParam("model")),
            String.valueOf(ctx.pathParam("version")),
            ctx.queryParam("ticket"));
  }

  boolean admits(String model, String version, @Nullable String ticket) {
    int dot = ticket == null ? -1 : ticket.indexOf('.');
    if (ticket == null || dot < 1 || dot > 18 || !ticket.substring(0, dot).matches("\\d+")) {
      return false;
    }
    long until = Long.parseLong(ticket.substring(0, dot));
    byte[] given = ticket.substring(dot + 1).getBytes(StandardCharsets.UTF_8);
    byte[] right = signature(model, version, until).getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(given, right)
        && clock.instant().isBefore(Instant.ofEpochSecond(until));
  }

  private String signature(String model, String version, long until) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      byte[] signed =
          mac.doFinal((until + "/" + version + "/" + model).getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(signed);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has " + ALGORITHM, e);
    }
  }
}
