package dev.hasten.graph.rewrite;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Use;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Products of one input with several constant matrices become one product.
 *
 * <pre>
 * x[…,k] · A[k,a] + c[a],  x · B[k,b] + d[b],  …
 * Split(x · [A B …] + [c d …], [a, b, …], axis −1)
 * </pre>
 *
 * All of them must have a bias, or none.
 */
final class MergeMatMuls implements Rule {
  /** A product and, where it has one, its bias and the value after it. */
  private record Branch(Value weights, @Nullable Value bias, Value result) {}

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!isProduct(node)) {
      return Outcome.none();
    }
    Value x = node.input(0);
    List<Branch> branches = new ArrayList<>();
    for (Use use : x.users()) {
      Node other = use.node();
      if (use.input() == 0
          && other.graph() == node.graph()
          && isProduct(other)
          && alike(node, other)) {
        branches.add(branch(other));
      }
    }
    if (branches.size() < 2) {
      return Outcome.none();
    }
    long biased = branches.stream().filter(branch -> branch.bias != null).count();
    if (biased != 0 && biased != branches.size()) {
      return Outcome.refused(
          "%d of %d products have a bias (expected: all or none)"
              .formatted(biased, branches.size()));
    }
    merge(node, x, branches, rewrite);
    return Outcome.changed(branches.size() + " MatMuls become one MatMul and a Split");
  }

  private static void merge(Node node, Value x, List<Branch> branches, Rewrite rewrite) {
    String base = node.output().name();
    Value weights =
        rewrite.constant(
            node, base + "/weights", Columns.join(branches.stream().map(Branch::weights).toList()));
    Value whole = rewrite.add(node, "MatMul", List.of(x, weights), Map.of());
    List<Value> biases = new ArrayList<>();
    for (Branch branch : branches) {
      if (branch.bias != null) {
        biases.add(branch.bias);
      }
    }
    if (!biases.isEmpty()) {
      Value bias = rewrite.constant(node, base + "/bias", Columns.join(biases));
      whole = rewrite.add(node, "Add", List.of(whole, bias), Map.of());
    }
    List<String> names = branches.stream().map(branch -> branch.result.name() + "/part").toList();
    Node split = Splits.add(node, whole, -1, widths(branches), names, rewrite);
    for (int i = 0; i < branches.size(); i++) {
      rewrite.replaceAndSweep(branches.get(i).result, split.output(i));
    }
  }

  private static long[] widths(List<Branch> branches) {
    return branches.stream()
        .mapToLong(branch -> {
          Tensor tensor = branch.weights.constant();
          return tensor == null ? 0 : tensor.dim(1);
        })
        .toArray();
  }

  private static Branch branch(Node product) {
    Value output = product.output();
    if (!output.isOutput() && output.users().size() == 1) {
      Node add = output.users().getFirst().node();
      if (add.is("", "Add") && add.graph() == product.graph()) {
        Value bias = add.input(0) == output ? add.input(1) : add.input(0);
        Tensor constant = bias.constant();
        Tensor weights = product.input(1).constant();
        if (constant != null
            && weights != null
            && constant.dims().equals(List.of(weights.dim(1)))) {
          return new Branch(product.input(1), bias, add.output());
        }
      }
    }
    return new Branch(product.input(1), null, output);
  }

  private static boolean isProduct(Node node) {
    Value weights = node.is("", "MatMul") ? node.inputOrNull(1) : null;
    Tensor constant = weights == null ? null : weights.constant();
    return constant != null && constant.rank() == 2 && constant.type() == DataType.FLOAT;
  }

  private static boolean alike(Node a, Node b) {
    Tensor x = a.input(1).constant();
    Tensor y = b.input(1).constant();
    return x != null && y != null && x.dim(0) == y.dim(0) && x.type() == y.type();
  }
}
