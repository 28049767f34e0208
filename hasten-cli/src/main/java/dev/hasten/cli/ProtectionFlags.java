package dev.hasten.cli;

import dev.hasten.runtime.BadInputException;
import dev.hasten.serve.Protection;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who may use what {@code hasten serve} serves. */
final class ProtectionFlags {
  @Option(
      names = "--tokens",
      paramLabel = "FILE",
      description =
          "Ask for a bearer token; a line each: name, SHA-256 of the token, scopes (infer,jobs,admin).")
  private @Nullable Path tokens;

  @Option(
      names = "--tls-cert",
      paramLabel = "PEM",
      description = "Certificate chain; with --tls-key.")
  private @Nullable Path certificate;

  @Option(names = "--tls-key", paramLabel = "PEM", description = "Private key, PKCS 8.")
  private @Nullable Path key;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "PEM",
      description = "Ask clients for a certificate that this authority has signed.")
  private @Nullable Path clientAuthority;

  Protection read() {
    Protection protection = Protection.limitsOnly();
    Path file = tokens;
    if (file != null) {
      protection = protection.withTokens(file);
    }
    Path chain = certificate;
    Path secret = key;
    if (chain == null && secret == null && clientAuthority == null) {
      return protection;
    }
    if (chain == null || secret == null) {
      throw new BadInputException("TLS: --tls-cert or --tls-key is missing (expected: both)");
    }
    return protection.withTls(
        new Protection.Tls(chain, secret, Optional.ofNullable(clientAuthority)));
  }

  String scheme() {
    return certificate == null ? "http" : "https";
  }

  /** Said where others than this machine can reach a server that anybody may use, or overhear. */
  Optional<String> warning(String host) {
    try {
      if (InetAddress.getByName(host).isLoopbackAddress()) {
        return Optional.empty();
      }
    } catch (UnknownHostException e) {
      throw new BadInputException(host + ": no such host", e);
    }
    if (tokens == null && clientAuthority == null) {
      return Optional.of(
          "warning: whoever reaches %s may use this server (give --tokens or --tls-client-ca)"
              .formatted(host));
    }
    return certificate == null
        ? Optional.of(
            "warning: tokens travel unencrypted (give --tls-cert and --tls-key, or have a proxy do it)")
        : Optional.empty();
  }
}
