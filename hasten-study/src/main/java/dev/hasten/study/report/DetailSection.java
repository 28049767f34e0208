package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.measure.CostModel;
import dev.hasten.study.ProfileDetail;
import dev.hasten.study.blocks.BlockCost;
import java.util.List;
import java.util.Locale;

/** Inputs, blocks, memory and the cost model of a profile. */
final class DetailSection {
  /** Blocks shown; a model of more has them summed in its last row. */
  private static final int BLOCKS = 40;

  private DetailSection() {}

  /** How the inputs were made, guesses marked. */
  static Html inputs(ProfileDetail detail) {
    var table =
        Table.of(
            "One call of the profiled row",
            Table.words("Input"),
            Table.words("type"),
            Table.words("shape"),
            Table.words("values"));
    for (ProfileDetail.InputLine input : detail.inputs()) {
      table.row(
          el("code", input.name()),
          el("code", input.type()),
          el("code", input.shape().toString()),
          text(input.values()));
    }
    return join(
        el(
            "p.lead",
            "No data was given: the inputs are made up. Times hold for inputs of these sizes;"
                + " values hardly matter to them, unless the model branches."),
        when(
            !detail.warnings().isEmpty(),
            el(
                "div.warning",
                text("Guessed:"),
                el("ul", Html.each(detail.warnings(), w -> el("li", w))))),
        el("h3", "Inputs"),
        table.html());
  }

  static Html blocks(ProfileDetail detail) {
    double longest =
        detail.blocks().stream().mapToDouble(b -> b.perRun().toNanos()).max().orElse(1);
    var table =
        Table.of(
            "Milliseconds per run, in the model's order",
            Table.words("Block"),
            Table.number("nodes"),
            Table.number("parameters"),
            Table.number("ms"),
            Table.number("share"),
            Table.drawn(""));
    List<BlockCost> shown = detail.blocks();
    for (BlockCost block : shown.subList(0, Math.min(BLOCKS, shown.size()))) {
      double percent = 100 * block.perRun().toNanos() / Math.max(1, longest);
      table.row(
          el("code", block.name()),
          text(Format.count(block.nodes())),
          text(Format.rate(block.parameters(), "").strip()),
          text(Format.millis(block.perRun())),
          text(Format.percent(block.share())),
          el(
              "div.pair",
              el(
                  "div.bar",
                  attr("aria-hidden", "true"),
                  attr("style", String.format(Locale.ROOT, "width:%.2f%%", percent)))));
    }
    return join(
        table.html(),
        when(
            shown.size() > BLOCKS,
            el("p.soft", "And " + (shown.size() - BLOCKS) + " more, in the JSON.")));
  }

  /** Memory, and how time grows. */
  static Html growth(ProfileDetail detail) {
    var facts =
        new Facts()
            .add(
                "Intermediate results",
                "%s at the most, at %s; %s in all"
                    .formatted(
                        Format.bytes(detail.activations().peakBytes()),
                        detail.activations().at(),
                        Format.bytes(detail.activations().allBytes())));
    ProfileDetail.Memory memory = detail.memory();
    if (memory != null) {
      facts.add(
          "Memory",
          "%s added to a process by loading and running it; opened in %s"
              .formatted(Format.bytes(memory.modelBytes()), Format.duration(memory.load())));
    }
    CostModel cost = detail.cost();
    if (cost != null) {
      facts.add("Cost", cost.text() + "; b: examples a call, n: " + detail.costUnit());
    }
    return facts.html();
  }
}
