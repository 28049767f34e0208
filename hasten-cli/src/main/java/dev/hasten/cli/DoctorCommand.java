package dev.hasten.cli;

import dev.hasten.measure.Hardware;
import dev.hasten.runtime.Availability;
import dev.hasten.runtime.Backend;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hasten doctor}. */
@Command(
    name = "doctor",
    description = "What this machine can do, and what to install for more.",
    mixinStandardHelpOptions = true,
    footer = {"%nExamples:%n  hasten doctor%n  hasten doctor --json"})
final class DoctorCommand implements Callable<Integer> {
  @Mixin private Output output;

  record BackendReport(
      String name, String version, boolean available, String detail, String remedy) {}

  record Report(
      String java, Hardware hardware, boolean int8Saturates, List<BackendReport> backends) {}

  @Override
  public Integer call() {
    Report report =
        new Report(
            Runtime.version().toString(),
            Hardware.detect(),
            Hardware.detect().int8Saturates(),
            Backend.all().stream().map(DoctorCommand::describe).toList());
    output.print(report, () -> text(report));
    boolean canRun = report.backends().stream().anyMatch(BackendReport::available);
    return canRun ? Main.Exit.DONE : Main.Exit.ENVIRONMENT;
  }

  private static BackendReport describe(Backend backend) {
    return switch (backend.availability()) {
      case Availability.Available(String detail) ->
          new BackendReport(backend.name(), backend.version(), true, detail, "");
      case Availability.Missing(String reason, String remedy) ->
          new BackendReport(backend.name(), backend.version(), false, reason, remedy);
    };
  }

  private static String text(Report report) {
    Hardware hardware = report.hardware();
    String machine =
        String.join(
            "\n",
            "Machine",
            "  processor      " + hardware.processor(),
            "  instructions   " + hardware.summary(),
            "  cores          "
                + hardware.cores()
                + " given, "
                + hardware.machineCores()
                + " in the machine",
            "  memory         " + Units.bytes(hardware.memoryBytes()),
            "  caches         "
                + hardware.caches().stream()
                    .map(c ->
                        "L"
                            + c.level()
                            + " "
                            + c.type().toLowerCase(java.util.Locale.ROOT)
                            + " "
                            + Units.bytes(c.bytes()))
                    .collect(Collectors.joining(", ")),
            "  system         " + hardware.system(),
            "  Java           " + report.java(),
            "",
            report.int8Saturates()
                ? "int8: this processor adds byte products in 16 bits, which saturate; Hasten keeps int8 weights so that none can here."
                : "int8: full-width integer sums; int8 weights may use their whole range.",
            "",
            "Backends",
            "");
    return machine
        + report.backends().stream()
            .map(b ->
                b.available()
                    ? "  ✓ " + b.name() + " " + b.version() + ": " + b.detail()
                    : "  – " + b.name() + ": " + b.detail() + "\n      " + b.remedy())
            .collect(Collectors.joining("\n"));
  }
}
