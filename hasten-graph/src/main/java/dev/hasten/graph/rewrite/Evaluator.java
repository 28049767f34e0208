package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Computes operators on constant tensors, on the host. Only operators whose result is defined to
 * the last bit are here (moving elements, integer arithmetic, IEEE +, −, ×, ÷, √): folding them
 * changes nothing that a runtime could compute differently.
 */
final class Evaluator {
  /**
   * Computes the outputs of one operator; throws {@link Unfoldable} with the reason if it can't.
   */
  @FunctionalInterface
  interface Kernel {
    Tensor apply(Call call);
  }

  /** What came of it. */
  sealed interface Result {}

  /** The contents of the outputs. */
  record Computed(List<Tensor> outputs) implements Result {}

  /** It could be computed, but is not. */
  record Refused(String reason) implements Result {}

  /** Nothing to compute: not all inputs are constant, or the operator is not among the kernels. */
  record Unknown() implements Result {}

  private static final Map<String, Kernel> KERNELS = kernels();

  private Evaluator() {}

  private static Map<String, Kernel> kernels() {
    Map<String, Kernel> kernels = new HashMap<>();
    HostMovement.register(kernels);
    HostIndexing.register(kernels);
    HostArithmetic.register(kernels);
    HostReduction.register(kernels);
    return Map.copyOf(kernels);
  }

  /**
   * Computes a node all of whose inputs are constant.
   *
   * @param maxBytes how large a result may be
   */
  static Result evaluate(Node node, long opset, long maxBytes) {
    Kernel kernel = node.domain().isEmpty() ? KERNELS.get(node.opType()) : null;
    if (kernel == null || node.outputs().size() != 1) {
      return new Unknown();
    }
    List<@Nullable Tensor> inputs = Call.constants(node);
    if (inputs == null || inputs.isEmpty()) {
      return new Unknown();
    }
    try {
      return new Computed(List.of(kernel.apply(new Call(node, inputs, opset, maxBytes))));
    } catch (Unfoldable e) {
      return new Refused(e.reason());
    } catch (ArithmeticException
        | IllegalArgumentException
        | IllegalStateException
        | IndexOutOfBoundsException
        | NegativeArraySizeException e) {
      // Inputs that the operator does not admit: what the runtime would say of them is not ours.
      return new Refused("not as its operator demands: " + e.getMessage());
    }
  }
}
