package dev.hasten.cli;

import dev.hasten.study.Json;
import java.io.PrintWriter;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What a command says in the end: text for people, or with {@code --json} one JSON document for
 * machines.
 */
final class Output {
  @Option(names = "--json", description = "Print one JSON document instead of text.")
  private boolean json;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Prints {@code document} as JSON, or the text. */
  void print(Object document, Supplier<String> text) {
    PrintWriter out = out();
    out.println(json ? Json.pretty(document) : text.get().stripTrailing());
    out.flush();
  }

  /** Says something besides the result, on standard error. */
  void note(String line) {
    command.commandLine().getErr().println(line);
  }

  PrintWriter out() {
    return command.commandLine().getOut();
  }
}
