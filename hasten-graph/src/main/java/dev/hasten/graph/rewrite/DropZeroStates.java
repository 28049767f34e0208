package dev.hasten.graph.rewrite;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An initial state of zeros, which exporters compute from the batch size, is the default and goes.
 *
 * <pre>
 * LSTM(x, W, R, B, lengths, zeros[D,N,H], zeros[D,N,H])     also GRU, RNN
 * LSTM(x, W, R, B, lengths)
 * </pre>
 */
final class DropZeroStates implements Rule {
  private static final Set<String> RECURRENT = Set.of("LSTM", "GRU", "RNN");
  private static final int[] STATES = {5, 6};
  private static final long MAX_SIZE = 1 << 20;

  @Override
  public Outcome apply(Node node, Rewrite rewrite) {
    if (!node.domain().isEmpty() || !RECURRENT.contains(node.opType())) {
      return Outcome.none();
    }
    int dropped = 0;
    for (int input : STATES) {
      Value state = node.inputOrNull(input);
      if (state != null && isZero(state)) {
        Node producer = state.producer();
        node.graph().setInput(node, input, null);
        if (producer != null && !producer.isRemoved()) {
          rewrite.sweep(producer);
        }
        dropped++;
      }
    }
    return dropped == 0
        ? Outcome.none()
        : Outcome.changed(dropped + " initial states of zeros go: they are the default");
  }

  private static boolean isZero(@Nullable Value value) {
    if (value == null) {
      return false;
    }
    Tensor constant = value.constant();
    if (constant != null) {
      return constant.type().isFloating()
          && constant.size() <= MAX_SIZE
          && Arrays.stream(constant.toDoubles()).allMatch(x -> x == 0);
    }
    Node node = value.producer();
    if (node == null || !node.domain().isEmpty()) {
      return false;
    }
    return switch (node.opType()) {
      case "ConstantOfShape" -> {
        Tensor fill = node.tensorAttribute("value");
        yield fill == null || fill.type().isFloating() && fill.toDoubles()[0] == 0;
      }
      case "Expand",
          "Slice",
          "Reshape",
          "Squeeze",
          "Unsqueeze",
          "Transpose",
          "Identity",
          "Gather",
          "Split" ->
          isZero(node.inputOrNull(0));
      case "Concat" -> node.inputs().stream().allMatch(DropZeroStates::isZero);
      default -> false;
    };
  }
}
