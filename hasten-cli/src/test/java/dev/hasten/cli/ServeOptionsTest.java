package dev.hasten.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Options of {@code hasten serve} from its line, the environment and a file. */
class ServeOptionsTest {
  private static final Path PAGE = Path.of("..", "docs", "serving.md");
  private static final String BEGIN = "| option | in the environment | default | what |\n";

  @TempDir Path temp;

  private Path file(String text) throws IOException {
    return Files.writeString(temp.resolve("serve.yaml"), text);
  }

  private static CommandLine command() {
    return new CommandLine(new ServeCommand()).setUsageHelpAutoWidth(true);
  }

  /** What each option is after all, by its name. */
  private static Map<String, String> parsed(Map<String, String> environment, String... line) {
    CommandLine command = command();
    OptionSources.install(command, List.of(line), environment);
    command.parseArgs(line);
    return OptionSources.args(command.getCommandSpec()).stream()
        .collect(
            Collectors.toMap(
                OptionSources::name,
                arg -> String.valueOf((Object) arg.getValue()),
                (a, b) -> a,
                TreeMap::new));
  }

  @Test
  void lineBeforeEnvironmentBeforeFileBeforeDefault() throws Exception {
    Path config = file("models: of-file\nhost: file\nport: 1\nversions: all\njobs-ttl-hours: 5\n");
    Map<String, String> options =
        parsed(
            Map.of(
                "HASTEN_HOST",
                "environment",
                "HASTEN_PORT",
                "2",
                "HASTEN_CONFIG",
                config.toString()),
            "--port",
            "3");
    assertThat(options)
        .containsEntry("models", "of-file")
        .containsEntry("port", "3")
        .containsEntry("host", "environment")
        .containsEntry("versions", "all")
        .containsEntry("jobs-ttl-hours", "5")
        .containsEntry("poll", "5s");
    assertThat(parsed(Map.of("HASTEN_MODELS", "m"))).containsEntry("models", "m");
  }

  @Test
  void theLinesFileBeforeTheEnvironments() throws Exception {
    Path other = Files.writeString(temp.resolve("other.yaml"), "port: 9\n");
    Path config = file("port: 1\n");
    assertThat(parsed(Map.of("HASTEN_CONFIG", config.toString()), "m", "--config=" + other))
        .containsEntry("port", "9");
  }

  @Test
  void flagsAndLists() throws Exception {
    Path config = file("admin: true\nwebhook-hosts: [a.example, 'b.example:8080']\n");
    String[] line = {"m", "--config", config.toString()};
    assertThat(parsed(Map.of(), line))
        .containsEntry("admin", "true")
        .containsEntry("webhook-hosts", "[a.example, b.example:8080]");
    // Given twice, a flag is still given.
    assertThat(parsed(Map.of(), "m", "--admin", "--config", config.toString()))
        .containsEntry("admin", "true");
    assertThat(parsed(Map.of("HASTEN_ADMIN", "false"), line)).containsEntry("admin", "false");
    assertThat(parsed(Map.of(), "m", "--webhook-hosts", "c", "--config", config.toString()))
        .containsEntry("webhook-hosts", "[c]");
  }

  @Test
  void whatKubernetesSaysOfAServiceIsNoPort() {
    assertThat(parsed(Map.of("HASTEN_PORT", "tcp://10.0.0.1:8000"), "m"))
        .containsEntry("port", "8000");
  }

  @Test
  void everyOptionCanBeGivenInEveryWay() throws Exception {
    for (ArgSpec arg : OptionSources.args(command().getCommandSpec())) {
      boolean flag = arg.type() == boolean.class;
      boolean number = arg.type() == int.class || arg.type() == long.class;
      String value = flag ? "true" : number ? "17" : "text";
      String name = OptionSources.name(arg);
      String expected = arg.isMultiValue() ? "[" + value + "]" : value;
      String[] line = name.equals(ServeCommand.MODELS) ? new String[0] : new String[] {"m"};
      assertThat(parsed(Map.of(OptionSources.variable(arg), value), line))
          .as(OptionSources.variable(arg))
          .containsEntry(name, expected);
      Path config = file(name + ": " + value + "\n");
      assertThat(parsed(Map.of("HASTEN_CONFIG", config.toString()), line))
          .as(name)
          .containsEntry(name, expected);
    }
  }

  @Test
  void mistakesInTheFileNameTheirLine() throws Exception {
    record Case(String text, String... said) {}
    for (Case c :
        List.of(
            new Case(
                "host: a\nprot: 1\n", "serve.yaml:2:1: prot: no such option", "known: ", "port"),
            new Case("port: [1]\nhost: {a: b}\n", "serve.yaml:2:7: host: a map"),
            new Case("port:\n", "serve.yaml:1:", "port: nothing"),
            new Case("port: 1\nport: 2\n", "serve.yaml:2:1", "not YAML"),
            new Case("- port\n", "serve.yaml:1:1", "not a list of options"),
            new Case("config: other.yaml\n", "config: no such option"),
            new Case("", "serve.yaml: empty"))) {
      Path config = file(c.text());
      assertThatThrownBy(() -> parsed(Map.of(), "m", "--config", config.toString()))
          .isInstanceOf(BadInputException.class)
          .hasMessageContainingAll(c.said());
    }
    StringWriter err = new StringWriter();
    Path config = file("host: a\nport: http\n");
    int code =
        Main.run(
            new PrintWriter(new StringWriter()),
            new PrintWriter(err),
            "serve",
            temp.toString(),
            "--config",
            config.toString());
    assertThat(code).isEqualTo(Main.Exit.BAD_INPUT);
    assertThat(err.toString()).contains("'http' is not an int", "serve.yaml:2:1: port");
  }

  /** Rewritten, like the page of bad inputs, by {@code -Dhasten.rewrite=true}. */
  @Test
  void thePageListsEveryOption() throws Exception {
    String page = Files.readString(PAGE);
    int from = page.indexOf(BEGIN);
    assertThat(from).as("the table of options in " + PAGE).isNotNegative();
    int to = page.indexOf("\n\n", from) + 1;
    String now =
        BEGIN
            + "|---|---|---|---|\n"
            + OptionSources.args(command().getCommandSpec()).stream()
                .map(ServeOptionsTest::row)
                .collect(Collectors.joining());
    if (Boolean.getBoolean("hasten.rewrite")) {
      Files.writeString(PAGE, page.substring(0, from) + now + page.substring(to));
      return;
    }
    assertThat(page.substring(from, to))
        .as(PAGE + " (rewrite it: run this test with -Dhasten.rewrite=true)")
        .isEqualTo(now);
  }

  private static String row(ArgSpec arg) {
    String option =
        arg instanceof OptionSpec o
            ? o.longestName() + (o.arity().max() == 0 ? "" : " " + o.paramLabel())
            : arg.paramLabel();
    String what =
        Arrays.stream(arg.description())
            .collect(Collectors.joining(" "))
            .replaceAll(" \\(default: [^)]*\\)", "")
            .replace("%n", " ");
    String usual = arg.defaultValue() == null ? "" : "`" + arg.defaultValue() + "`";
    return "| `%s` | `%s` | %s | %s |\n"
        .formatted(
            option.replace("|", "\\|"),
            OptionSources.variable(arg),
            usual,
            what.replace("|", "\\|"));
  }
}
