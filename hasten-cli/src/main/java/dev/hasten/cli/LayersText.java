package dev.hasten.cli;

import dev.hasten.study.LayerErrors;
import java.util.List;
import java.util.Locale;

/** Where the error enters, for people. */
final class LayersText {
  private static final int STEPS = 12;

  private LayersText() {}

  static String of(LayerErrors errors) {
    StringBuilder text =
        new StringBuilder(
            "%s against %s on %d examples\n\n"
                .formatted(errors.b(), errors.a(), errors.examples()));
    text.append("Where the error enters, largest step first\n");
    text.append(table(errors.bySteps().stream().limit(STEPS).toList()));
    List<LayerErrors.Layer> quantized =
        errors.layers().stream().filter(LayerErrors.Layer::fewBits).toList();
    text.append("\nThe quantized layers in the model's order\n").append(table(quantized));
    text.append("\nWorst examples\n");
    for (LayerErrors.Worst worst : errors.worst()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %6.1f dB, cosine %.4f  #%d  %s%n",
              worst.decibels(),
              worst.cosine(),
              worst.example(),
              worst.input()));
    }
    text.append("\nWhat to try\n");
    for (LayerErrors.Suggestion suggestion : errors.suggestions()) {
      text.append("  ").append(suggestion.what()).append(": ").append(suggestion.why());
      text.append(suggestion.recipe().isEmpty() ? "\n" : "\n    " + suggestion.recipe() + "\n");
    }
    errors.notes().forEach(note -> text.append("\n! ").append(note));
    return text.toString();
  }

  private static Table table(List<LayerErrors.Layer> layers) {
    Table table = new Table("node", "operator", "SQNR in", "SQNR out", "noise added", "crest");
    for (LayerErrors.Layer layer : layers) {
      table.row(
          layer.node() + (layer.fewBits() ? " *" : ""),
          layer.operator(),
          String.format(Locale.ROOT, "%.1f dB", layer.inputDecibels()),
          String.format(Locale.ROOT, "%.1f dB", layer.decibels()),
          String.format(Locale.ROOT, "%+.3f %%", 100 * layer.added()),
          String.format(Locale.ROOT, "%.0f", layer.crest()));
    }
    return table;
  }
}
