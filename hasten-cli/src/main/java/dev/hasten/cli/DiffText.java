package dev.hasten.cli;

import dev.hasten.study.picture.ModelDiff;
import java.util.List;
import java.util.function.Function;

/** The difference of two models on the terminal. */
final class DiffText {
  private static final int MOST = 25;

  private DiffText() {}

  static String of(ModelDiff diff) {
    StringBuilder text = new StringBuilder();
    Table whole = new Table("model", "nodes", "parameters", "weights");
    for (ModelDiff.Side side : List.of(diff.a(), diff.b())) {
      whole.row(side.name(), side.nodes(), side.parameters(), Units.bytes(side.weightBytes()));
    }
    text.append(whole).append('\n');
    if (diff.none()) {
      return text.append("The models are the same.\n").toString();
    }
    diff.notes().forEach(note -> text.append("  ").append(note).append('\n'));
    if (!diff.operators().isEmpty()) {
      Table operators = new Table("operator", "before", "after");
      diff.operators().forEach(c -> operators.row(c.op(), c.a(), c.b()));
      text.append(operators).append('\n');
    }
    list(text, "nodes added", diff.added(), n -> n.op() + "  " + n.name());
    list(text, "nodes removed", diff.removed(), n -> n.op() + "  " + n.name());
    list(
        text,
        "nodes changed",
        diff.changed(),
        c -> c.op() + "  " + c.name() + ": " + brief(c.what()));
    list(
        text,
        "weights changed",
        diff.weightsChanged(),
        w -> w.name() + ": " + w.typeA() + " → " + w.typeB() + ", " + w.what());
    list(
        text,
        "weights added",
        diff.weightsAdded(),
        w -> w.name() + ": " + w.type() + ", " + Units.bytes(w.bytes()));
    list(
        text,
        "weights removed",
        diff.weightsRemoved(),
        w -> w.name() + ": " + w.type() + ", " + Units.bytes(w.bytes()));
    return text.append(diff.equal()).append(" nodes are the same.\n").toString();
  }

  /** A change of operator says enough; else the first two differences. */
  private static String brief(List<String> what) {
    int most = what.getFirst().startsWith("operator ") ? 1 : 2;
    String told = String.join("; ", what.subList(0, Math.min(most, what.size())));
    return what.size() > most ? told + "; and " + (what.size() - most) + " more" : told;
  }

  private static <T> void list(
      StringBuilder text, String title, List<T> items, Function<T, String> line) {
    if (items.isEmpty()) {
      return;
    }
    text.append(items.size()).append(' ').append(title).append(":\n");
    items.stream().limit(MOST).forEach(i -> text.append("  ").append(line.apply(i)).append('\n'));
    if (items.size() > MOST) {
      text.append("  … and ").append(items.size() - MOST).append(" more (--json lists all)\n");
    }
    text.append('\n');
  }
}
