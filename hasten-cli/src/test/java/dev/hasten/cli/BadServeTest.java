package dev.hasten.cli;

import static dev.hasten.cli.BadInputs.repository;
import static dev.hasten.cli.BadInputs.write;

import dev.hasten.cli.BadInputs.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** {@code hasten serve} used wrongly: it must end before it listens. */
class BadServeTest {
  private static final String HASH = "0".repeat(64);

  /** Self-signed; its key is in no file. */
  private static final String CERTIFICATE =
      """
      -----BEGIN CERTIFICATE-----
      MIIBfjCCASOgAwIBAgIUXuNWiUQiOiznOn7Txl/9cQ3g4QIwCgYIKoZIzj0EAwIw
      FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyNTE0MjkxNVoXDTM2MTEyMjE0
      MjkxNVowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
      AQcDQgAENrVvr5ohK2TSeRaSLF/+JWAVyM0ki4ynR7THtzupH/XWXK4vxdSeikVq
      KLiGdHL5k+8xmaLqh3/hJDlVFqIqKaNTMFEwHQYDVR0OBBYEFMJ3GIl5OAze6Xf6
      CefFfzN1fYW6MB8GA1UdIwQYMBaAFMJ3GIl5OAze6Xf6CefFfzN1fYW6MA8GA1Ud
      EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAJesZPiB7uYV/sJ+9Vo7hwfO
      +jsDKYE5dVxvUleRA7h4AiEA6d+NfMLtDcZ557AdbMq2AiCEcDGtn9OkDv0MY+q6
      XQA=
      -----END CERTIFICATE-----
      """;

  @TempDir Path folder;

  private static List<String> serve(String... more) {
    return Stream.concat(Stream.of("serve", "@models", "--port", "0"), Stream.of(more)).toList();
  }

  /** A repository that is right, and one file that is not. */
  private static BadInputs.Mistake file(String name, String text) {
    return f -> {
      repository(f);
      write(f, name, text);
    };
  }

  private static List<Case> models() {
    return List.of(
        new Case("nothing to serve named", f -> {}, List.of("serve"), "BUNDLE|REPOSITORY"),
        new Case(
            "folder of models missing",
            f -> {},
            List.of("serve", "@no"),
            "…/no: no such file",
            "a bundle, or a folder of bundles"),
        new Case(
            "a model's file in its place",
            f -> {},
            List.of("serve", "model.onnx"),
            "…/model.onnx: a model's file",
            "a bundle, or a folder of bundles",
            "NAME/1/model.onnx"),
        new Case(
            "folder without a model",
            f -> Files.createDirectory(f.resolve("b")),
            List.of("serve", "@b"),
            "…/b: no model in it",
            "a bundle, or a folder of bundles"),
        new Case(
            "model not in a folder of its own",
            BadServeTest::flat,
            List.of("serve", "@b"),
            "…/b: no model in it",
            "NAME/1/model.onnx"),
        new Case(
            "manifest that is no JSON",
            f -> bundle(f, "{"),
            List.of("serve", "@b"),
            "…/b/bundle.json",
            "JSON"),
        new Case(
            "manifest without its fields",
            f -> bundle(f, "{}"),
            List.of("serve", "@b"),
            "…/b/bundle.json",
            "schema: 0 (expected: 1)"),
        new Case(
            "versions of no number",
            BadInputs::repository,
            serve("--versions", "newest"),
            "--versions: 'newest'",
            "latest, latest:N, all"),
        new Case(
            "versions below 1",
            BadInputs::repository,
            serve("--versions", "latest:0"),
            "--versions: latest:0",
            "at least 1"),
        new Case(
            "poll of no time",
            BadInputs::repository,
            serve("--poll", "5"),
            "--poll: '5'",
            "expected: a time"),
        new Case(
            "drain of no time",
            BadInputs::repository,
            serve("--drain", "soon"),
            "--drain: 'soon'",
            "expected: a time"),
        new Case(
            "configuration missing",
            BadInputs::repository,
            serve("--config", "@no.yaml"),
            "…/no.yaml: no such file",
            "YAML of options"),
        new Case(
            "configuration with a slip",
            file("serve.yaml", "host: 127.0.0.1\nprot: 9000\n"),
            serve("--config", "@serve.yaml"),
            "…/serve.yaml:2:1: prot: no such option",
            "port"),
        new Case(
            "configuration with a wrong value",
            file("serve.yaml", "admin: true\njobs-attempts: often\n"),
            serve("--config", "@serve.yaml"),
            "--jobs-attempts",
            "'often'",
            "…/serve.yaml:2:1"),
        new Case(
            "configuration that is no YAML",
            file("serve.yaml", "port: [\n"),
            serve("--config", "@serve.yaml"),
            "…/serve.yaml:",
            "not YAML"),
        new Case(
            "zip that is none",
            f -> write(f, "b.zip", "PK"),
            List.of("serve", "@b.zip"),
            "…/b.zip",
            "a folder or a zip"));
  }

  private static List<Case> addresses() {
    return List.of(
        new Case(
            "port out of range",
            BadInputs::repository,
            List.of("serve", "@models", "--port", "70000"),
            "port: 70000",
            "0 to 65535"),
        new Case(
            "port of no number",
            BadInputs::repository,
            List.of("serve", "@models", "--port", "http"),
            "--port",
            "'http'",
            "not an int"),
        new Case(
            "port within the host",
            BadInputs::repository,
            serve("--host", "localhost:8000"),
            "host: localhost:8000: no such host",
            "without the port"),
        new Case(
            "another machine's address",
            BadInputs::repository,
            serve("--host", "192.0.2.1"),
            Main.Exit.ENVIRONMENT,
            "192.0.2.1",
            "cannot be listened on",
            "--host"));
  }

  private static List<Case> protection() {
    return List.of(
        new Case(
            "models to be changed by strangers",
            BadInputs::repository,
            serve("--admin", "--host", "0.0.0.0"),
            "--admin: whoever reaches 0.0.0.0 could load and unload models",
            "--insecure"),
        new Case(
            "access log that is a folder",
            BadInputs::repository,
            serve("--access-log", "@models"),
            Main.Exit.ENVIRONMENT,
            "cannot be written",
            "--access-log"),
        new Case(
            "collector without a scheme",
            BadInputs::repository,
            serve("--otlp", "localhost:4318"),
            "otlp: localhost:4318",
            "http://"),
        new Case(
            "tokens missing",
            BadInputs::repository,
            serve("--tokens", "@no.txt"),
            "tokens: …/no.txt: no such file"),
        new Case(
            "tokens of none",
            file("tokens", "# none yet\n"),
            serve("--tokens", "@tokens"),
            "…/tokens: no token in it",
            "name, SHA-256, scopes"),
        new Case(
            "token itself for its hash",
            file("tokens", "me secret infer\n"),
            serve("--tokens", "@tokens"),
            "…/tokens:1: no SHA-256",
            "64 hexadecimal digits"),
        new Case(
            "token without scopes",
            file("tokens", "# mine\nme " + HASH + "\n"),
            serve("--tokens", "@tokens"),
            "…/tokens:2: 2 fields",
            "name, SHA-256, scopes"),
        new Case(
            "unknown scope",
            file("tokens", "me " + HASH + " root\n"),
            serve("--tokens", "@tokens"),
            "…/tokens:1: scope 'root'",
            "infer, jobs or admin"),
        new Case(
            "tokens of no text",
            f -> {
              repository(f);
              Files.write(f.resolve("tokens"), new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
            },
            serve("--tokens", "@tokens"),
            "…/tokens: not text in UTF-8",
            "name, SHA-256, scopes"),
        new Case(
            "jobs, and a wrong token",
            file("tokens", "me\n"),
            serve("--jobs", "@jobs", "--tokens", "@tokens"),
            "…/tokens:1: 1 fields"),
        new Case(
            "certificate without a key",
            file("cert.pem", CERTIFICATE),
            serve("--tls-cert", "@cert.pem"),
            "--tls-cert",
            "--tls-key",
            "both"),
        new Case(
            "authority without a certificate",
            file("ca.pem", CERTIFICATE),
            serve("--tls-client-ca", "@ca.pem"),
            "--tls-cert",
            "--tls-key"),
        new Case(
            "key missing",
            file("cert.pem", CERTIFICATE),
            serve("--tls-cert", "@cert.pem", "--tls-key", "@no.pem"),
            "TLS key: …/no.pem: no such file"),
        new Case(
            "certificate that is none",
            file("cert.pem", "hello"),
            serve("--tls-cert", "@cert.pem", "--tls-key", "@cert.pem"),
            "TLS certificate: …/cert.pem: no certificate in it",
            "BEGIN CERTIFICATE"),
        new Case(
            "certificate for its key",
            file("cert.pem", CERTIFICATE),
            serve("--tls-cert", "@cert.pem", "--tls-key", "@cert.pem"),
            "TLS key: …/cert.pem: no private key in it",
            "openssl pkcs8"),
        new Case(
            "jobs, and a key that is none",
            file("cert.pem", CERTIFICATE),
            serve("--jobs", "@jobs", "--tls-cert", "@cert.pem", "--tls-key", "@recipe.yaml"),
            "TLS key: …/recipe.yaml: no private key in it"));
  }

  private static List<Case> jobs() {
    return List.of(
        new Case(
            "jobs in a file's place",
            BadInputs::repository,
            serve("--jobs", "@examples.jsonl"),
            "jobs: …/examples.jsonl: a file stands there",
            "a folder"),
        new Case(
            "jobs in another kind of database",
            BadInputs::repository,
            serve("--jobs", "jdbc:mysql://localhost/jobs"),
            "jobs: jdbc:mysql:…: another kind of database",
            "begins with jdbc:postgresql:"),
        new Case(
            "jobs nowhere",
            BadInputs::repository,
            serve("--jobs", ""),
            "jobs: no place",
            "a folder or a JDBC URL"),
        new Case(
            "jobs' database that is not there",
            BadInputs::repository,
            serve("--jobs", "jdbc:postgresql://127.0.0.1:1/jobs"),
            Main.Exit.ENVIRONMENT,
            "the jobs' database cannot be opened",
            "Connection refused",
            "check that it runs"),
        new Case(
            "jobs kept for no time",
            BadInputs::repository,
            serve("--jobs", "@jobs", "--jobs-ttl-hours", "0"),
            "--jobs-ttl-hours: 0",
            "1"),
        new Case(
            "jobs tried no time",
            BadInputs::repository,
            serve("--jobs", "@jobs", "--jobs-attempts", "0"),
            "--jobs-attempts: 0",
            "1"),
        new Case(
            "webhooks without jobs",
            BadInputs::repository,
            serve("--webhook-hosts", "example.org"),
            "--webhook-hosts",
            "--jobs"),
        new Case(
            "webhooks without a secret",
            BadInputs::repository,
            serve("--jobs", "@jobs", "--webhook-hosts", "example.org"),
            "HASTEN_WEBHOOK_SECRET: not set",
            "openssl rand"));
  }

  @TestFactory
  Stream<DynamicTest> eachIsSaidClearlyAndHarmsNothing() {
    return new BadInputs("The server")
        .tests(
            folder,
            Stream.of(models(), addresses(), protection(), jobs()).flatMap(List::stream).toList());
  }

  private static void flat(Path place) throws IOException {
    Files.createDirectory(place.resolve("b"));
    Files.copy(place.resolve("model.onnx"), place.resolve("b/model.onnx"));
  }

  private static void bundle(Path place, String manifest) throws IOException {
    flat(place);
    write(place, "b/bundle.json", manifest);
  }
}
