package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import dev.hasten.measure.OperatorProfile;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.OperatorProfile.OperatorTime;
import dev.hasten.study.Slowness.Cause;
import dev.hasten.study.Slowness.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds in the profiles of a model and of its quantized form what makes the latter slow. */
final class SlowFinder {
  private static final Set<String> WEIGHTED = Set.of("MatMul", "Gemm", "Conv", "Attention");
  private static final Set<String> UNFUSED = Set.of("MatMulInteger", "ConvInteger");
  private static final Set<String> TO_BYTES = Set.of("QuantizeLinear", "DynamicQuantizeLinear");

  /** What costs less of a run is not told. */
  private static final double LEAST = 0.003;

  /** A layer must lose more than this against floating point: profiles differ from run to run. */
  private static final double LOSS = 1.08;

  /** A speed-up by threads below this share of the reference's is told. */
  private static final double SCALING = 0.85;

  private final Model a;
  private final Model b;
  private final OperatorProfile profileA;
  private final OperatorProfile profileB;
  private final ExecutedNames ofA;
  private final ExecutedNames ofB;
  private final Map<String, Node> nodesOfB = new HashMap<>();
  private final List<Cause> causes = new ArrayList<>();

  SlowFinder(Model a, Model b, OperatorProfile profileA, OperatorProfile profileB) {
    this.a = a;
    this.b = b;
    this.profileA = profileA;
    this.profileB = profileB;
    this.ofA = new ExecutedNames(a.graph());
    this.ofB = new ExecutedNames(b.graph());
    b.graph().allNodes().forEach(node -> nodesOfB.put(node.name(), node));
  }

  /** All operators of a run. */
  static Duration sum(OperatorProfile profile) {
    return profile.operators().stream()
        .map(OperatorTime::perRun)
        .reduce(Duration.ZERO, Duration::plus);
  }

  /** Of several profiles of a model the least time of each node. */
  static OperatorProfile least(List<OperatorProfile> profiles) {
    Map<String, NodeTime> nodes = new LinkedHashMap<>();
    for (OperatorProfile profile : profiles) {
      profile
          .nodes()
          .forEach(node ->
              nodes.merge(
                  node.node(), node, (p, q) -> p.perRun().compareTo(q.perRun()) <= 0 ? p : q));
    }
    Map<String, List<NodeTime>> types =
        nodes.values().stream()
            .collect(
                Collectors.groupingBy(NodeTime::opType, LinkedHashMap::new, Collectors.toList()));
    double all = nodes.values().stream().mapToLong(n -> n.perRun().toNanos()).sum();
    List<OperatorTime> operators = new ArrayList<>();
    types.forEach((type, own) -> {
      long nanos = own.stream().mapToLong(n -> n.perRun().toNanos()).sum();
      operators.add(
          new OperatorTime(type, own.size(), Duration.ofNanos(nanos), nanos / Math.max(1, all)));
    });
    OperatorProfile first = profiles.getFirst();
    return new OperatorProfile(first.runs(), first.run(), operators, List.copyOf(nodes.values()));
  }

  List<Cause> causes() {
    return causes.stream().sorted(Comparator.comparing(Cause::cost).reversed()).toList();
  }

  /** Looks at every executed node of the quantized model, and at its layers. */
  void layers() {
    double least = LEAST * sum(profileB).toNanos();
    Map<String, Double> before = perLayer(profileA, a);
    Map<String, Double> after = perLayer(profileB, b);
    for (NodeTime node : profileB.nodes()) {
      if (node.perRun().toNanos() < least) {
        continue;
      }
      if (node.opType().equals("DequantizeLinear")) {
        dequantize(node);
      } else if (UNFUSED.contains(node.opType())) {
        unfused(node);
      } else if (node.opType().equals("QuantizeLinear") && feedsDequantize(node)) {
        causes.add(
            new Cause(
                Kind.EXTRA_PAIR,
                node.node(),
                layer(node),
                node.perRun(),
                "QuantizeLinear and DequantizeLinear run as operators of their own: "
                    + micros(node.perRun()),
                "let the operators between two such pairs be quantized too, or none of them"));
      }
    }
    Set<String> told = new LinkedHashSet<>();
    causes.forEach(c -> told.add(c.layer()));
    before.forEach((layer, nanos) -> {
      double now = after.getOrDefault(layer, 0.0);
      boolean integer = becameInteger(layer);
      if (integer && now > LOSS * nanos && now - nanos > least && !told.contains(layer)) {
        causes.add(
            new Cause(
                Kind.TOO_SMALL,
                layer,
                layer,
                Duration.ofNanos(Math.round(now - nanos)),
                String.format(
                    Locale.ROOT,
                    "takes %.0f µs in 8 bits, quantizing its input included, and %.0f µs in"
                        + " floating point",
                    now / 1e3,
                    nanos / 1e3),
                "leave it in floating point: exclude it"));
      }
    });
  }

  private void dequantize(NodeTime node) {
    Node own = nodesOfB.get(node.node());
    if (own == null || own.input(0).constant() == null) {
      causes.add(
          new Cause(
              Kind.EXTRA_PAIR,
              node.node(),
              layer(node),
              node.perRun(),
              "DequantizeLinear runs as an operator of its own: " + micros(node.perRun()),
              "let the operators between two such pairs be quantized too, or none of them"));
      return;
    }
    String layer =
        own.output(0).users().stream()
            .map(use -> reference(use.node()))
            .filter(name -> !name.isEmpty())
            .findFirst()
            .orElse("");
    causes.add(
        new Cause(
            Kind.WEIGHT_DEQUANTIZED,
            node.node(),
            layer,
            node.perRun(),
            "a weight is made floating point anew in each run: " + micros(node.perRun()),
            "exclude the layer, or use dynamic-int8, whose products take the bytes themselves"));
  }

  private void unfused(NodeTime node) {
    Duration cost = node.perRun();
    Node own = nodesOfB.get(node.node());
    if (own != null) {
      // Its way back to numbers: a Cast, then one or two Muls.
      Set<String> chain = new LinkedHashSet<>();
      Value next = own.output();
      for (int i = 0; i < 3 && next.users().size() == 1; i++) {
        Node user = next.users().getFirst().node();
        if (!user.is("Cast") && !user.is("Mul")) {
          break;
        }
        chain.add(user.name());
        next = user.output();
      }
      for (NodeTime other : profileB.nodes()) {
        cost = chain.contains(other.node()) ? cost.plus(other.perRun()) : cost;
      }
    }
    causes.add(
        new Cause(
            Kind.UNFUSED,
            node.node(),
            layer(node),
            cost,
            "%s and the scaling of its result run as operators of their own: %s"
                .formatted(node.opType(), micros(cost)),
            "exclude the layer, unless the integer product still wins by far"));
  }

  private boolean feedsDequantize(NodeTime node) {
    Node own = nodesOfB.get(node.node());
    return own != null
        && own.output().users().stream().allMatch(use -> use.node().is("DequantizeLinear"));
  }

  /** Nanoseconds of a run by the reference's layer, what quantizes their inputs included. */
  private Map<String, Double> perLayer(OperatorProfile profile, Model model) {
    Map<String, Double> times = new LinkedHashMap<>();
    for (NodeTime node : profile.nodes()) {
      double nanos = node.perRun().toNanos();
      if (model == b && TO_BYTES.contains(node.opType())) {
        Node own = nodesOfB.get(node.node());
        List<String> readers =
            own == null
                ? List.of()
                : own.outputs().getFirst().users().stream()
                    .map(Use::node)
                    .map(this::reference)
                    .filter(name -> !name.isEmpty())
                    .toList();
        readers.forEach(layer -> times.merge(layer, nanos / readers.size(), Double::sum));
        continue;
      }
      String layer = layer(node);
      if (!layer.isEmpty()) {
        times.merge(layer, nanos, Double::sum);
      }
    }
    return times;
  }

  /** Whether the layer of the reference is computed from bytes in the other model. */
  private boolean becameInteger(String layer) {
    return b.graph().allNodes().stream()
        .anyMatch(n ->
            (UNFUSED.contains(n.opType()) || n.is("DequantizeLinear") || n.is("QAttention"))
                && (reference(n).equals(layer)
                    || (n.is("DequantizeLinear")
                        && n.output().users().stream()
                            .anyMatch(u -> reference(u.node()).equals(layer)))));
  }

  /** The reference's node with weights that an executed one stems from; empty if none. */
  private String layer(NodeTime executed) {
    Node own = ofA.node(executed.node()).orElse(null);
    if (own == null) {
      own = ofB.node(executed.node()).orElse(null);
      return own == null ? "" : reference(own);
    }
    return weighted(own) ? own.name() : "";
  }

  private String reference(Node ofOther) {
    @Nullable Node node = ofA.node(ofOther.name()).orElse(null);
    if (node == null && !ofOther.outputs().isEmpty()) {
      node = ofA.node(ofOther.output(0).name()).orElse(null);
    }
    return node != null && weighted(node) ? node.name() : "";
  }

  private static boolean weighted(Node node) {
    return WEIGHTED.contains(node.opType())
        && node.inputs().size() > 1
        && node.input(1).constant() != null;
  }

  /**
   * Looks at how both scale from one thread to more.
   *
   * @param manyA the reference on {@code threads} threads
   * @param manyB the other on as many
   */
  void threads(
      int threads,
      OperatorProfile manyA,
      OperatorProfile manyB,
      OperatorProfile oneA,
      OperatorProfile oneB) {
    double gainA = (double) sum(oneA).toNanos() / Math.max(1, sum(manyA).toNanos());
    double gainB = (double) sum(oneB).toNanos() / Math.max(1, sum(manyB).toNanos());
    if (gainB >= SCALING * gainA) {
      return;
    }
    Map<String, Double> one = new HashMap<>();
    oneB.operators().forEach(o -> one.put(o.opType(), (double) o.perRun().toNanos()));
    List<String> stuck = new ArrayList<>();
    for (OperatorTime operator : manyB.operators()) {
      double alone = one.getOrDefault(operator.opType(), 0.0);
      double now = operator.perRun().toNanos();
      if (stuck.size() < 3 && operator.share() > 0.03 && alone < 1.15 * now) {
        stuck.add(operator.opType() + " " + micros(operator.perRun()));
      }
    }
    double lost = sum(manyB).toNanos() - sum(oneB).toNanos() / gainA;
    causes.add(
        new Cause(
            Kind.THREADS,
            manyB.nodes().isEmpty() ? "" : manyB.nodes().getFirst().node(),
            "",
            Duration.ofNanos(Math.round(Math.max(0, lost))),
            String.format(
                Locale.ROOT,
                "%d threads make it %.2f times as fast, and the original %.2f times%s",
                threads,
                gainB,
                gainA,
                stuck.isEmpty() ? "" : "; no faster with them: " + String.join(", ", stuck)),
            "give it fewer threads and more instances, or larger batches"));
  }

  private static String micros(Duration time) {
    return String.format(Locale.ROOT, "%.0f µs a run", time.toNanos() / 1e3);
  }
}
