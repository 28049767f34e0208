package dev.hasten.cli;

import dev.hasten.measure.CostModel;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.Placement;
import dev.hasten.study.Advice;
import dev.hasten.study.PaddingCost;
import dev.hasten.study.Profile;
import dev.hasten.study.ProfileDetail;
import dev.hasten.study.ProfileResult;
import dev.hasten.study.blocks.BlockCost;
import java.util.List;
import java.util.Locale;

/** A profile on the terminal. */
final class ProfileText {
  private static final int OPERATORS = 12;
  private static final int BLOCKS = 16;

  private ProfileText() {}

  static String of(Profile.WithAdvice result) {
    StringBuilder text = new StringBuilder();
    head(text, result.profile());
    inputs(text, result.detail());
    text.append(operators(result.profile().operators())).append('\n');
    blocks(text, result.detail().blocks());
    limits(text, result.profile());
    growth(text, result);
    text.append("What would help here:\n");
    for (Advice advice : result.advice()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %s %-34s %.2f–%.2f×  %s%n",
              advice.can() ? "✓" : "–",
              advice.strategy().title(),
              advice.low(),
              advice.high(),
              advice.reason()));
    }
    text.append("\n✓ hasten optimize can do this today, – not yet.\n");
    return text.toString();
  }

  private static void head(StringBuilder text, ProfileResult profile) {
    text.append(profile.model())
        .append(" at batch × length × threads ")
        .append(Summary.row(profile.row()))
        .append(": ")
        .append(Units.millis(profile.latency()))
        .append(" a call");
    if (!profile.preprocessing().isZero()) {
      text.append(", plus ")
          .append(Units.millis(profile.preprocessing()))
          .append(" of pre-processing (")
          .append(Units.percent(profile.preprocessingShare()))
          .append(" of both)");
    }
    text.append('\n')
        .append(Units.count(profile.parameters(), "parameters"))
        .append(", ")
        .append(Units.bytes(profile.weightBytes()))
        .append(" of weights, ")
        .append(Units.count(profile.flops(), "FLOP"))
        .append(" a call");
    if (profile.padding() > 0) {
      text.append("; padding ").append(Units.percent(profile.padding())).append(" of the tokens");
    }
    for (PaddingCost cost : profile.lengths()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%nbatches of %d at natural lengths: %s padding as they arrive, %s grouped by length;"
                  + " grouping is %.2f times as fast (%.2f to %.2f)",
              cost.batch(),
              Units.percent(cost.arrival()),
              Units.percent(cost.grouped()),
              cost.speedup().estimate(),
              cost.speedup().low(),
              cost.speedup().high()));
    }
    text.append("\n\n");
  }

  private static void inputs(StringBuilder text, ProfileDetail detail) {
    if (detail.generated()) {
      Table table = new Table("input, made up", "type", "shape", "values");
      detail.inputs().forEach(i -> table.row(i.name(), i.type(), i.shape(), i.values()));
      text.append(table.leftAligned());
    }
    detail.warnings().forEach(w -> text.append("  ! ").append(w).append('\n'));
    text.append(detail.generated() || !detail.warnings().isEmpty() ? "\n" : "");
  }

  private static Table operators(OperatorProfile profile) {
    Table table = new Table("operator", "count", "time", "share");
    profile.operators().stream()
        .limit(OPERATORS)
        .forEach(t ->
            table.row(t.opType(), t.nodes(), Units.millis(t.perRun()), Units.percent(t.share())));
    return table;
  }

  private static void blocks(StringBuilder text, List<BlockCost> blocks) {
    if (blocks.isEmpty()) {
      return;
    }
    Table table = new Table("block", "nodes", "parameters", "time", "share");
    blocks.stream()
        .limit(BLOCKS)
        .forEach(b ->
            table.row(
                b.name(),
                b.nodes(),
                Units.count(b.parameters(), ""),
                Units.millis(b.perRun()),
                Units.percent(b.share())));
    text.append(table);
    if (blocks.size() > BLOCKS) {
      text.append("  … and ").append(blocks.size() - BLOCKS).append(" more\n");
    }
    text.append('\n');
  }

  /** The dearest nodes under the roofline. */
  private static void limits(StringBuilder text, ProfileResult profile) {
    text.append(
        "This machine with %d thread(s): %s in fp32, %s in int8, %s moved%n"
            .formatted(
                profile.peaks().threads(),
                Units.count(profile.peaks().fp32FlopsPerSecond(), "FLOP/s"),
                Units.count(profile.peaks().int8OpsPerSecond(), "OP/s"),
                Units.count(profile.peaks().bytesPerSecond(), "B/s")));
    Table table = new Table("dearest node", "operator", "time", "of the limit", "bound by");
    for (Placement p : profile.placements().stream().limit(5).toList()) {
      table.row(
          p.node(),
          p.opType(),
          Units.millis(p.time()),
          p.bound() == Placement.Bound.UNKNOWN ? "" : Units.percent(p.share()),
          switch (p.bound()) {
            case COMPUTE -> "arithmetic";
            case MEMORY -> "memory";
            case UNKNOWN -> "";
          });
    }
    text.append(table).append('\n');
  }

  private static void growth(StringBuilder text, Profile.WithAdvice result) {
    Table scaling = new Table("batch × length × threads", "a call", "examples/s");
    result
        .profile()
        .scaling()
        .forEach(s ->
            scaling.row(
                Summary.row(s.row()),
                Units.millis(s.latency()),
                String.format(Locale.ROOT, "%.1f", s.examplesPerSecond())));
    ProfileDetail detail = result.detail();
    if (!result.profile().scaling().isEmpty()) {
      text.append(scaling);
    }
    CostModel cost = detail.cost();
    if (cost != null) {
      text.append("  ").append(cost.text()).append("; n: ").append(detail.costUnit()).append('\n');
    }
    text.append("  intermediate results: ")
        .append(Units.bytes(detail.activations().peakBytes()))
        .append(" at the most, at ")
        .append(detail.activations().at())
        .append('\n');
    ProfileDetail.Memory memory = detail.memory();
    if (memory != null) {
      text.append("  memory added to a process: ")
          .append(Units.bytes(memory.modelBytes()))
          .append(", opened in ")
          .append(Units.millis(memory.load()))
          .append('\n');
    }
    text.append('\n');
  }
}
