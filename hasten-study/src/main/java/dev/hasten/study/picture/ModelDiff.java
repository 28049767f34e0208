package dev.hasten.study.picture;

import dev.hasten.graph.Model;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one model has that another has not. A node is the same in both if its outputs have the same
 * names; else if it has the same name and operator.
 *
 * @param a the first model
 * @param b the second
 * @param operators how many nodes of each operator, where the numbers differ
 * @param added nodes only in {@code b}
 * @param removed nodes only in {@code a}
 * @param changed nodes in both that differ
 * @param weightsAdded initializers only in {@code b}, largest first
 * @param weightsRemoved initializers only in {@code a}, largest first
 * @param weightsChanged initializers in both that differ, largest first
 * @param equal nodes in both that do not differ
 * @param notes differences of the whole: opsets, inputs, outputs
 */
public record ModelDiff(
    Side a,
    Side b,
    List<Count> operators,
    List<DiffNode> added,
    List<DiffNode> removed,
    List<DiffChange> changed,
    List<DiffWeight> weightsAdded,
    List<DiffWeight> weightsRemoved,
    List<WeightChange> weightsChanged,
    int equal,
    List<String> notes) {
  public ModelDiff {
    operators = List.copyOf(operators);
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    changed = List.copyOf(changed);
    weightsAdded = List.copyOf(weightsAdded);
    weightsRemoved = List.copyOf(weightsRemoved);
    weightsChanged = List.copyOf(weightsChanged);
    notes = List.copyOf(notes);
  }

  /** A model as a whole. */
  public record Side(String name, int nodes, long parameters, long weightBytes) {}

  /** Nodes of an operator. */
  public record Count(String op, int a, int b) {}

  /** A node of one model. */
  public record DiffNode(String name, String op) {}

  /** A node of both: what became of its operator, inputs and attributes. */
  public record DiffChange(String name, String op, List<String> what) {
    public DiffChange {
      what = List.copyOf(what);
    }
  }

  /** An initializer of one model. */
  public record DiffWeight(String name, String type, long bytes) {}

  /** An initializer of both. */
  public record WeightChange(
      String name, String typeA, String typeB, long bytesA, long bytesB, String what) {}

  /** Whether nothing differs. */
  public boolean none() {
    return added.isEmpty()
        && removed.isEmpty()
        && changed.isEmpty()
        && weightsAdded.isEmpty()
        && weightsRemoved.isEmpty()
        && weightsChanged.isEmpty()
        && notes.isEmpty();
  }

  /** Compares. */
  public static ModelDiff of(Model a, String nameA, Model b, String nameB) {
    return new Comparer(a, b).compare(side(a, nameA), side(b, nameB));
  }

  private static Side side(Model model, String name) {
    return new Side(name, model.graph().allNodes().size(), model.parameters(), model.weightBytes());
  }

  /** Matches nodes and weights. */
  private static final class Comparer {
    private final Model a;
    private final Model b;
    private final List<DiffNode> added = new ArrayList<>();
    private final List<DiffNode> removed = new ArrayList<>();
    private final List<DiffChange> changed = new ArrayList<>();
    private int equal;

    Comparer(Model a, Model b) {
      this.a = a;
      this.b = b;
    }

    ModelDiff compare(Side sideA, Side sideB) {
      nodes();
      Map<String, Tensor> before = weights(a);
      Map<String, Tensor> after = weights(b);
      List<WeightChange> differing = new ArrayList<>();
      before.forEach((name, tensor) -> {
        Tensor other = after.get(name);
        if (other != null && !tensor.contentEquals(other)) {
          differing.add(
              new WeightChange(
                  name,
                  type(tensor),
                  type(other),
                  tensor.byteSize(),
                  other.byteSize(),
                  type(tensor).equals(type(other)) ? distance(tensor, other) : "retyped"));
        }
      });
      differing.sort(Comparator.comparingLong(WeightChange::bytesA).reversed());
      return new ModelDiff(
          sideA,
          sideB,
          counts(),
          added,
          removed,
          changed,
          only(after, before),
          only(before, after),
          differing,
          equal,
          notes());
    }

    private void nodes() {
      Map<String, Node> byOutput = new HashMap<>();
      Map<String, Node> byName = new HashMap<>();
      for (Node node : a.graph().allNodes()) {
        node.outputs().forEach(o -> byOutput.putIfAbsent(o.name(), node));
        byName.putIfAbsent(node.name() + "\n" + node.opType(), node);
      }
      byOutput.remove("");
      Map<Node, Node> partner = new LinkedHashMap<>();
      Map<Node, Node> taken = new HashMap<>();
      List<Node> all = b.graph().allNodes();
      for (Node node : all) {
        Node other = node.outputs().isEmpty() ? null : byOutput.get(node.output().name());
        if (other != null && taken.putIfAbsent(other, node) == null) {
          partner.put(node, other);
        }
      }
      for (Node node : all) {
        Node other = byName.get(node.name() + "\n" + node.opType());
        if (!partner.containsKey(node) && other != null && taken.putIfAbsent(other, node) == null) {
          partner.put(node, other);
        }
      }
      for (Node node : all) {
        Node other = partner.get(node);
        if (other == null) {
          added.add(new DiffNode(called(node), operator(node)));
          continue;
        }
        List<String> what = differences(other, node);
        if (what.isEmpty()) {
          equal++;
        } else {
          changed.add(new DiffChange(called(node), operator(node), what));
        }
      }
      for (Node node : a.graph().allNodes()) {
        if (!taken.containsKey(node)) {
          removed.add(new DiffNode(called(node), operator(node)));
        }
      }
    }

    private static List<String> differences(Node from, Node to) {
      List<String> what = new ArrayList<>();
      if (!operator(from).equals(operator(to))) {
        what.add("operator " + operator(from) + " → " + operator(to));
      }
      int inputs = Math.max(from.inputs().size(), to.inputs().size());
      for (int i = 0; i < inputs; i++) {
        String before = called(from.inputOrNull(i));
        String after = called(to.inputOrNull(i));
        if (!before.equals(after)) {
          what.add("input " + i + " " + before + " → " + after);
        }
      }
      var before = from.attributes();
      var after = to.attributes();
      before.forEach((key, value) -> {
        if (!after.containsKey(key)) {
          what.add(key + " is gone");
        } else if (from.subgraphs().isEmpty() && !same(value, after.get(key))) {
          what.add(key + " " + value + " → " + after.get(key));
        }
      });
      after.keySet().stream()
          .filter(key -> !before.containsKey(key))
          .forEach(key -> what.add(key + " is new: " + after.get(key)));
      return what;
    }

    private static boolean same(Object value, @Nullable Object other) {
      return value instanceof dev.hasten.graph.Attribute.TensorAttr(Tensor left)
              && other instanceof dev.hasten.graph.Attribute.TensorAttr(Tensor right)
          ? left.contentEquals(right)
          : Objects.equals(value, other);
    }

    private static String called(@Nullable Value value) {
      return value == null ? "nothing" : value.name();
    }

    private static String called(Node node) {
      return node.name().isEmpty() && !node.outputs().isEmpty()
          ? node.output().name()
          : node.name();
    }

    private static String operator(Node node) {
      return node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
    }

    private List<Count> counts() {
      Map<String, int[]> counts = new TreeMap<>();
      a.graph().allNodes().forEach(n -> counts.computeIfAbsent(operator(n), o -> new int[2])[0]++);
      b.graph().allNodes().forEach(n -> counts.computeIfAbsent(operator(n), o -> new int[2])[1]++);
      return counts.entrySet().stream()
          .filter(e -> e.getValue()[0] != e.getValue()[1])
          .map(e -> new Count(e.getKey(), e.getValue()[0], e.getValue()[1]))
          .sorted(
              Comparator.comparingInt((Count c) -> Math.abs(c.a() - c.b()))
                  .reversed()
                  .thenComparing(Count::op))
          .toList();
    }

    private static Map<String, Tensor> weights(Model model) {
      Map<String, Tensor> weights = new LinkedHashMap<>();
      for (Value value : model.graph().initializers()) {
        Tensor tensor = value.initializer();
        if (tensor != null) {
          weights.put(value.name(), tensor);
        }
      }
      return weights;
    }

    private static List<DiffWeight> only(Map<String, Tensor> here, Map<String, Tensor> there) {
      return here.entrySet().stream()
          .filter(e -> !there.containsKey(e.getKey()))
          .map(e -> new DiffWeight(e.getKey(), type(e.getValue()), e.getValue().byteSize()))
          .sorted(Comparator.comparingLong(DiffWeight::bytes).reversed())
          .toList();
    }

    private static String type(Tensor tensor) {
      return tensor.type() + tensor.dims().toString().replace(" ", "");
    }

    /** {@code ‖b − a‖ ÷ ‖a‖} in per cent. */
    private static String distance(Tensor from, Tensor to) {
      if (!from.type().isFloating() || from.size() > Integer.MAX_VALUE - 8) {
        return "other values";
      }
      float[] before = from.toFloats();
      float[] after = to.toFloats();
      double off = 0;
      double norm = 0;
      for (int i = 0; i < before.length; i++) {
        off += ((double) after[i] - before[i]) * ((double) after[i] - before[i]);
        norm += (double) before[i] * before[i];
      }
      return norm == 0
          ? "other values"
          : String.format(
              java.util.Locale.ROOT, "differs by %.3g %% in norm", 100 * Math.sqrt(off / norm));
    }

    private List<String> notes() {
      List<String> notes = new ArrayList<>();
      note(notes, "opsets", a.opsets(), b.opsets());
      note(notes, "IR version", a.irVersion(), b.irVersion());
      note(notes, "inputs", inputs(a), inputs(b));
      note(notes, "outputs", outputs(a), outputs(b));
      return notes;
    }

    /** As declared, defaults left out. */
    private static List<String> inputs(Model model) {
      return model.graph().inputs().stream()
          .filter(v -> !v.isInitializer())
          .map(Value::toString)
          .toList();
    }

    private static List<String> outputs(Model model) {
      return model.graph().outputs().stream().map(Value::toString).toList();
    }

    private static void note(List<String> notes, String what, Object a, Object b) {
      if (!a.equals(b)) {
        notes.add(what + ": " + a + " → " + b);
      }
    }
  }
}
