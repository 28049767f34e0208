package dev.hasten.cli;

import dev.hasten.graph.ModelException;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The {@code hasten} command: parses the line, runs one command, turns its outcome into an exit
 * code.
 */
@Command(
    name = "hasten",
    description = "Makes trained models answer faster, and proves that they are still good enough.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    subcommands = {
      DoctorCommand.class,
      DemoCommand.class,
      InspectCommand.class,
      ProfileCommand.class,
      OptimizeCommand.class,
      ApplyCommand.class,
      QuantizeCommand.class,
      CompareCommand.class,
      TuneCommand.class,
      ServeCommand.class,
      CommandLine.HelpCommand.class
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  hasten demo                                  the whole story on a real model",
      "  hasten profile model.onnx                    where the time goes, and what would help",
      "  hasten optimize workload.yaml --budget 10m   the best bundle within the limits",
      "  hasten apply recipe.yaml model.onnx -o out.onnx",
      "  hasten quantize model.onnx --method dynamic-int8 -o int8.onnx",
      "  hasten compare model.onnx bundle --workload workload.yaml",
      "  hasten tune bundle --data texts.jsonl --p99 50ms   settings for this machine, by real load",
      "  hasten serve bundle                          the inference server, REST and gRPC on one port",
      "",
      "Exit codes: 0 done, 1 goal not met, 2 bad input, 3 the environment lacks something, 70 a fault of Hasten."
    })
public final class Main {

  private Main() {}

  /** Process exit codes, the same for every command. */
  static final class Exit {
    static final int DONE = 0;
    static final int GOAL_NOT_MET = 1;
    static final int BAD_INPUT = 2;
    static final int ENVIRONMENT = 3;

    /** Not 1: a script must not take a fault for "nothing good was found". */
    static final int FAULT = 70;

    private Exit() {}
  }

  /** Starts the command line and exits the process with its code. */
  public static void main(String[] args) {
    System.exit(run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), args));
  }

  /** Runs one command line without leaving the process. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    CommandLine line =
        new CommandLine(new Main())
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpAutoWidth(true)
            .setExecutionExceptionHandler((e, command, parsed) -> report(e, command));
    QuantizeCommand.declare(line);
    if (args.length == 0) {
      return usage(line);
    }
    try {
      if (args[0].equals(ServeCommand.NAME)) {
        OptionSources.install(
            Objects.requireNonNull(line.getSubcommands().get(ServeCommand.NAME)),
            List.of(args).subList(1, args.length),
            System.getenv());
      }
      return line.execute(args);
    } catch (BadInputException e) {
      return report(e, line);
    } catch (OutOfMemoryError e) {
      return fail(
          line,
          "out of memory: %s (new weights are outside the heap; give more, for example HASTEN_JAVA_OPTS='-Xmx8g -XX:MaxDirectMemorySize=16g')"
              .formatted(e.getMessage()),
          Exit.ENVIRONMENT);
    }
  }

  private static int usage(CommandLine line) {
    line.usage(line.getOut());
    return Exit.DONE;
  }

  private static int report(Exception e, CommandLine command) {
    switch (e) {
      case ModelException _, BadInputException _ -> {
        return fail(command, e.getMessage(), Exit.BAD_INPUT);
      }
      case EnvironmentException _ -> {
        return fail(command, e.getMessage(), Exit.ENVIRONMENT);
      }
      case UncheckedIOException io when io.getCause() instanceof IOException cause -> {
        boolean bare = String.valueOf(io.getMessage()).equals(cause.toString());
        return fail(command, bare ? describe(cause) : io.getMessage(), code(cause));
      }
      case IOException io -> {
        return fail(command, describe(io), code(io));
      }
      default -> {
        e.printStackTrace(command.getErr());
        return fail(command, "this is a fault of Hasten: " + e, Exit.FAULT);
      }
    }
  }

  /** A wrong path is the user's mistake; a full disk or a missing right is the machine's. */
  private static int code(IOException e) {
    boolean path =
        e instanceof NoSuchFileException
            || e instanceof FileSystemException file && "Not a directory".equals(file.getReason());
    return path ? Exit.BAD_INPUT : Exit.ENVIRONMENT;
  }

  /** The JDK's file exceptions often carry nothing but the path. */
  private static @Nullable String describe(IOException e) {
    return switch (e) {
      case NoSuchFileException file -> file.getFile() + ": no such file";
      case AccessDeniedException file -> file.getFile() + ": permission denied";
      case FileSystemException file when file.getReason() != null ->
          file.getFile() + ": " + file.getReason();
      default -> e.getMessage();
    };
  }

  private static int fail(CommandLine command, @Nullable String message, int code) {
    command.getErr().println(command.getColorScheme().errorText("hasten: " + message));
    return code;
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      @Nullable String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"hasten " + (version == null ? "from sources" : version)};
    }
  }
}
