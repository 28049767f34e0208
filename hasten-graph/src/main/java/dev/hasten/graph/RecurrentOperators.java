package dev.hasten.graph;

import static dev.hasten.graph.OpFacts.Kind.CONTRACTION;

import java.util.Map;

/** RNN, GRU, LSTM. */
final class RecurrentOperators {
  private RecurrentOperators() {}

  static void addTo(Map<String, Operator> table) {
    table.put("RNN", recurrent(1));
    table.put("GRU", recurrent(3));
    table.put("LSTM", recurrent(4));
  }

  /** Input [length, batch, width] and weights [directions, gates × hidden, width]. */
  private static Operator recurrent(int gates) {
    return Operator.of(CONTRACTION, site -> infer(site, 2))
        .flow(RecurrentOperators::flow)
        .flops(
            "2 × steps × weights",
            node -> {
              Shape in = node.input(0);
              Shape weights = node.input(1);
              Shape recurrence = node.input(2);
              Dim steps = in.dim(0).times(in.dim(1));
              return steps.times(weights.size().plus(recurrence.size())).times(2);
            });
  }

  /** Steps depend on the steps before; rows of the batch on nothing else. */
  private static void flow(Costs.Shaped node, Operator.Flow flow) {
    boolean batchFirst = node.integer("layout", 0) != 0;
    flow.axis(0, batchFirst ? 1 : 0, new AxisFlow.Mix(0, batchFirst ? 1 : 0));
    flow.axis(0, batchFirst ? 0 : 2, new AxisFlow.Identity(0, batchFirst ? 0 : 1));
    for (int i = 1; i < node.node().outputs().size(); i++) {
      flow.axis(i, batchFirst ? 0 : 1, new AxisFlow.Identity(0, batchFirst ? 0 : 1));
    }
  }

  /** Infers the outputs; {@code hiddenAxis} of the recurrence weights is as long as the state. */
  static void infer(Site site, int hiddenAxis) {
    Shape in = site.shape(0);
    Shape recurrence = site.shape(2);
    if (in == null || recurrence == null || in.rank() != 3 || recurrence.rank() != 3) {
      for (int i = 0; i < site.outputCount(); i++) {
        site.put(i, site.type(0), null);
      }
      return;
    }
    boolean batchFirst = site.integer("layout", 0) != 0;
    Dim length = in.dim(batchFirst ? 1 : 0);
    Dim batch = in.dim(batchFirst ? 0 : 1);
    Dim directions = recurrence.dim(0);
    Dim hidden = recurrence.dim(hiddenAxis);
    Shape state =
        batchFirst ? Shape.of(batch, directions, hidden) : Shape.of(directions, batch, hidden);
    site.put(
        0,
        site.type(0),
        batchFirst
            ? Shape.of(batch, length, directions, hidden)
            : Shape.of(length, directions, batch, hidden));
    site.put(1, site.type(0), state);
    site.put(2, site.type(0), state);
  }
}
