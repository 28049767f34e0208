package dev.hasten.serve;

import com.linecorp.armeria.common.TlsKeyPair;
import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Optional;

/**
 * Who may use a server, and what one connection may cost it.
 *
 * @param tokens a file of {@link AccessTokens}; absent: no token is asked for
 * @param tls certificate and key; absent: no encryption
 * @param maxConnections open at once
 * @param maxHeaderBytes of one request
 * @param idleTimeout after which a connection without requests is closed
 */
public record Protection(
    Optional<Path> tokens,
    Optional<Tls> tls,
    int maxConnections,
    int maxHeaderBytes,
    Duration idleTimeout) {
  /**
   * Files in PEM.
   *
   * @param certificate the chain, the server's own first
   * @param key PKCS 8, without a password
   * @param clientAuthority who signs clients' certificates, which are then asked for
   */
  public record Tls(Path certificate, Path key, Optional<Path> clientAuthority) {
    public Tls {
      certificates("TLS certificate", certificate);
      key(certificate, key);
      clientAuthority.ifPresent(file -> certificates("TLS client authority", file));
    }

    private static void certificates(String what, Path file) {
      readable(what, file);
      try (InputStream in = Files.newInputStream(file)) {
        if (!CertificateFactory.getInstance("X.509").generateCertificates(in).isEmpty()) {
          return;
        }
      } catch (IOException | CertificateException e) {
        throw new BadInputException(noCertificate(what, file), e);
      }
      throw new BadInputException(noCertificate(what, file));
    }

    private static String noCertificate(String what, Path file) {
      return "%s: %s: no certificate in it (expected: PEM, -----BEGIN CERTIFICATE-----)"
          .formatted(what, file);
    }

    private static void key(Path certificate, Path key) {
      readable("TLS key", key);
      try {
        TlsKeyPair.of(key.toFile(), certificate.toFile());
      } catch (IllegalArgumentException e) {
        throw new BadInputException(
            "TLS key: %s: no private key in it (expected: PEM, -----BEGIN PRIVATE KEY-----, without a"
                    .formatted(key)
                + " password; openssl pkcs8 -topk8 -nocrypt makes it of others)",
            e);
      }
    }
  }

  public Protection {
    if (maxConnections < 1) {
      throw new BadInputException("maxConnections: " + maxConnections + " (expected: at least 1)");
    }
    if (maxHeaderBytes < 1024) {
      throw new BadInputException(
          "maxHeaderBytes: " + maxHeaderBytes + " (expected: at least 1024)");
    }
    if (!idleTimeout.isPositive()) {
      throw new BadInputException("idleTimeout: " + idleTimeout + " (expected: above 0)");
    }
    tokens.ifPresent(file -> readable("tokens", file));
  }

  /** No tokens, no encryption; 10,000 connections, 16 KiB of headers, a minute idle. */
  public static Protection limitsOnly() {
    return new Protection(
        Optional.empty(), Optional.empty(), 10_000, 16 << 10, Duration.ofMinutes(1));
  }

  public Protection withTokens(Path file) {
    return new Protection(Optional.of(file), tls, maxConnections, maxHeaderBytes, idleTimeout);
  }

  public Protection withTls(Tls files) {
    return new Protection(tokens, Optional.of(files), maxConnections, maxHeaderBytes, idleTimeout);
  }

  private static void readable(String what, Path file) {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new BadInputException(
          "%s: %s: no such file, or not readable (expected: a file)".formatted(what, file));
    }
  }
}
