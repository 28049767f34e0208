package dev.hasten.cli;

import java.util.stream.Collectors;

/** What a model consists of, on the terminal. */
final class InspectText {
  private InspectText() {}

  static String of(InspectCommand.Report r) {
    StringBuilder text = new StringBuilder();
    text.append(r.file())
        .append(": IR ")
        .append(r.irVersion())
        .append(", opsets ")
        .append(
            r.opsets().entrySet().stream()
                .map(e -> (e.getKey().isEmpty() ? "ai.onnx" : e.getKey()) + " " + e.getValue())
                .collect(Collectors.joining(", ")))
        .append(r.producer().isBlank() ? "" : ", made by " + r.producer())
        .append("\n\n");
    Table ports = new Table("", "name", "type", "shape");
    r.inputs().forEach(p -> ports.row("input", p.name(), p.type(), p.shape()));
    r.outputs().forEach(p -> ports.row("output", p.name(), p.type(), p.shape()));
    text.append(ports).append('\n');
    text.append(Units.count(r.parameters(), "parameters"))
        .append(", ")
        .append(Units.bytes(r.weightBytes()))
        .append(" of weights ")
        .append(
            r.weightBytesByType().entrySet().stream()
                .map(e -> e.getKey() + " " + Units.bytes(e.getValue()))
                .collect(Collectors.joining(", ", "(", ")")))
        .append('\n');
    Table weights = new Table("largest weight", "type", "shape", "size");
    r.largestWeights()
        .forEach(w -> weights.row(w.name(), w.type(), w.shape(), Units.bytes(w.bytes())));
    text.append(weights).append('\n').append(r.nodes()).append(" nodes\n");
    Table operators = new Table("operator", "count");
    r.operators().forEach(operators::row);
    text.append(operators).append('\n');
    text.append(
        r.shapesComplete()
            ? "All shapes are known.\n"
            : r.unknownShapes().size()
                + " shapes are not known, for example of "
                + r.unknownShapes().stream().limit(5).collect(Collectors.joining(", "))
                + "\n");
    r.contradictions().forEach(c -> text.append("! ").append(c).append('\n'));
    if (r.nodeList() != null) {
      Table nodes = new Table("node", "operator", "outputs");
      r.nodeList()
          .forEach(n ->
              nodes.row(
                  n.name(),
                  n.opType(),
                  n.outputs().stream()
                      .map(p -> p.type() + p.shape())
                      .collect(Collectors.joining(" "))));
      text.append('\n').append(nodes);
    }
    return text.toString();
  }
}
