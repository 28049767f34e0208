package dev.hasten.study.report;

import static dev.hasten.study.report.Html.attr;
import static dev.hasten.study.report.Html.each;
import static dev.hasten.study.report.Html.el;
import static dev.hasten.study.report.Html.join;
import static dev.hasten.study.report.Html.text;
import static dev.hasten.study.report.Html.when;

import dev.hasten.study.LayerStudy;
import dev.hasten.study.LayerStudy.Tried;
import dev.hasten.study.Step;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Trial;
import dev.hasten.study.layers.Probe;
import dev.hasten.study.layers.Probe.Effect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What quantizing each layer alone costs and gains, what became of it, and what was tried. */
final class LayerSection {
  /** What a layer that no format took has become. */
  private static final String UNTOUCHED = "fp32";

  private final StudyResult study;
  private final LayerStudy layers;
  private final @Nullable Tried shown;

  /** Signal to noise, in dB, of the most and the least sensitive layer. */
  private final double worst;

  private final double best;

  private LayerSection(StudyResult study, LayerStudy layers) {
    this.study = study;
    this.layers = layers;
    this.shown =
        layers.tried().stream()
            .filter(t -> t.trial().equals(study.outcome().trial()))
            .findFirst()
            .orElse(null);
    double[] all =
        layers.probes().stream()
            .flatMap(p -> this.main(p).stream())
            .mapToDouble(Effect::sqnr)
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    this.worst = all.length == 0 ? 0 : all[0];
    this.best = all.length == 0 ? 1 : Math.max(all[all.length - 1], worst + 1);
  }

  static Html render(StudyResult study, LayerStudy layers) {
    return new LayerSection(study, layers).section();
  }

  private Html section() {
    return join(
        el("p.lead", finding()),
        when(!layers.probes().isEmpty(), map()),
        when(!layers.tried().isEmpty(), el("h3", "The way to the mixture")),
        when(!layers.tried().isEmpty(), walk()),
        when(
            !layers.probes().isEmpty(),
            el("details", el("summary", "Every layer, every format"), table())),
        each(
            layers.left(),
            left -> el("p.soft", join(el("code", left.layer()), text(": " + left.reason())))));
  }

  private String finding() {
    Optional<Probe> weakest =
        layers.probes().stream()
            .filter(p -> main(p).isPresent())
            .min(Comparator.comparingDouble(p -> main(p).orElseThrow().sqnr()));
    return "Mixing was tried since %s. %s quantized alone in %s%s.%s"
        .formatted(
            layers.why(),
            Format.counted(layers.probes().size(), "layer"),
            Format.duration(layers.took()),
            weakest
                .map(p ->
                    "; the most sensitive is %s, which leaves the output %s dB above the noise"
                        .formatted(p.layer().name(), decibels(main(p).orElseThrow())))
                .orElse(""),
            shown == null ? " No mixture was delivered." : "");
  }

  /** The format that the delivered mixture gives to a layer, else the one that harms least. */
  private Optional<Effect> main(Probe probe) {
    Tried mixture = shown;
    String chosen = mixture == null ? null : mixture.stop().formats().get(probe.layer().name());
    return chosen != null
        ? probe.effect(chosen)
        : probe.effects().stream().min(Comparator.comparingDouble(Effect::error));
  }

  private String became(Probe probe) {
    Tried mixture = shown;
    return mixture == null
        ? ""
        : mixture.stop().formats().getOrDefault(probe.layer().name(), UNTOUCHED);
  }

  /** Blocks downwards, their layers across: what repeats stands in a column. */
  private Html map() {
    Map<String, List<Probe>> blocks = new LinkedHashMap<>();
    for (Probe probe : layers.probes()) {
      blocks.computeIfAbsent(probe.layer().block(), b -> new ArrayList<>()).add(probe);
    }
    return join(
        el(
            "ul.key",
            el("li", el("i.tough"), text("harmless")),
            el("li", el("i.tender"), text("sensitive")),
            el("li", "dB: output over noise with this layer alone quantized"),
            el("li", "ms: saved per call"),
            when(shown != null, el("li", el("i.stays"), text("stays in floating point")))),
        el(
            "div.scroll",
            el(
                "table.heat",
                el(
                    "caption",
                    "Each layer quantized alone, at "
                        + Figures.row(study.asked().headline())
                        + ", on "
                        + study.hardware().processor()),
                el(
                    "tbody",
                    each(
                        blocks.entrySet(),
                        block ->
                            el(
                                "tr",
                                el(
                                    "th",
                                    attr("scope", "row"),
                                    el("code", block.getKey().isEmpty() ? "–" : block.getKey())),
                                each(block.getValue(), this::cell)))))));
  }

  private Html cell(Probe probe) {
    Optional<Effect> effect = main(probe);
    double heat = effect.map(e -> Math.clamp((best - e.sqnr()) / (best - worst), 0, 1)).orElse(0.0);
    String became = became(probe);
    return el(
        became.equals(UNTOUCHED) ? "td.stays" : "td",
        attr("style", String.format(Locale.ROOT, "--heat:%.0f%%", 100 * heat)),
        attr("title", probe.layer().name() + ", " + probe.layer().kind()),
        el("span.what", probe.layer().kind()),
        el("strong", effect.map(e -> decibels(e) + " dB").orElse("–")),
        el("span.gain", effect.map(e -> signed(probe.time().minus(e.time())) + " ms").orElse("")),
        when(!became.isEmpty(), el("span.became", became)));
  }

  private static String decibels(Effect effect) {
    return Double.isFinite(effect.sqnr()) ? String.format(Locale.ROOT, "%.1f", effect.sqnr()) : "∞";
  }

  /** What a call saves. */
  private static String signed(Duration saved) {
    return (saved.isNegative() ? "+" : "−") + Format.millis(saved.abs());
  }

  private Html walk() {
    var table =
        Table.of(
            "Mixtures tried, in their order; each was made, timed and scored as any other recipe",
            Table.words("Layers quantized"),
            Table.number("predicted"),
            Table.number("faster [95 % interval]"),
            Table.number("drop of " + study.asked().metric()),
            Table.words("promise"));
    for (Tried tried : layers.tried()) {
      Optional<Trial> trial =
          study.trials().stream().filter(t -> t.id().equals(tried.trial())).findFirst();
      boolean delivered = tried.trial().equals(study.outcome().trial());
      table.row(
          delivered ? "delivered" : "",
          el("a", attr("href", "#" + tried.trial()), text(mixture(tried))),
          text(predicted(tried)),
          trial
              .flatMap(t -> Figures.headline(t, study))
              .map(SpeedSection::estimate)
              .orElse(text("–")),
          trial
              .flatMap(Figures::quality)
              .map(q -> QualitySection.estimate(q.drop()))
              .orElse(text("–")),
          trial.map(t -> FrontierSection.status(t, delivered)).orElse(Html.NOTHING));
    }
    return table.html();
  }

  private static String predicted(Tried tried) {
    return String.format(
        Locale.ROOT,
        "%s ms, %.1f dB",
        signed(tried.stop().saved()),
        -10 * Math.log10(tried.stop().error()));
  }

  /** {@code 18 of 24} and how many of which format. */
  private String mixture(Tried tried) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (Step format : layers.formats()) {
      tried.stop().formats().values().stream()
          .filter(format.technique()::equals)
          .forEach(name -> counts.merge(name, 1, Integer::sum));
    }
    String parts =
        String.join(
            ", ", counts.entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).toList());
    return "%d of %d: %s".formatted(tried.stop().formats().size(), layers.probes().size(), parts);
  }

  private Html table() {
    var table =
        Table.of(
            "Time of a call of the layer alone; noise as it reaches the model's output",
            Table.words("Layer"),
            Table.words("what"),
            Table.words("format"),
            Table.number("noise, dB below"),
            Table.number("drop of " + study.asked().metric()),
            Table.number("ms"),
            Table.drawn(""));
    double longest = layers.probes().stream().mapToDouble(p -> p.time().toNanos()).max().orElse(1);
    for (Probe probe : layers.probes()) {
      for (Effect effect : probe.effects()) {
        boolean chosen = effect.format().equals(became(probe));
        table.row(
            chosen ? "delivered" : "",
            el("code", probe.layer().name()),
            text(probe.layer().kind()),
            text(effect.format()),
            text(decibels(effect)),
            text(Format.score(effect.drop())),
            text(Format.millis(probe.time()) + " → " + Format.millis(effect.time())),
            el(
                "div.pair",
                OperatorSection.bar("div.bar", probe.time(), longest),
                OperatorSection.bar("div.bar.after", effect.time(), longest)));
      }
    }
    return table.html();
  }
}
