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

  @Option(
      names = "--insecure",
      description =
          "Let whoever reaches the address load and unload models too (--admin without --tokens or"
              + " --tls-client-ca, on an address that is not this machine's alone).")
  private boolean insecure;

  /** Models are not changed by strangers, unless that is said in so many words. */
  void check(String host, boolean admin) {
    if (admin && !insecure && tokens == null && clientAuthority == null && !loopback(host)) {
      throw new BadInputException(
          "--admin: whoever reaches %s could load and unload models (give --tokens or"
                  .formatted(host)
              + " --tls-client-ca, or --insecure if that is meant)");
    }
  }

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
    if (loopback(host)) {
      return Optional.empty();
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

  private static boolean loopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new BadInputException(host + ": no such host", e);
    }
  }
}
