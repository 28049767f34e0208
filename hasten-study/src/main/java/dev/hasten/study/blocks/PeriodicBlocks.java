package dev.hasten.study.blocks;

import dev.hasten.graph.Node;
import dev.hasten.graph.Tensor;
import dev.hasten.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Blocks by structure. The nodes in order are a sequence of signs (operator and weights' shapes); a
 * stretch in which every sign equals the one a period later is a run of equal blocks. The stretch
 * that covers most is taken, then what lies before and after it is searched again.
 */
final class PeriodicBlocks {
  private static final Set<String> PRODUCTS =
      Set.of(
          "MatMul",
          "Gemm",
          "Conv",
          "ConvTranspose",
          "MatMulInteger",
          "ConvInteger",
          "QLinearConv",
          "QLinearMatMul",
          "Attention",
          "QAttention",
          "LSTM",
          "GRU",
          "MatMulNBits",
          "DynamicQuantizeMatMul",
          "MatMulIntegerToFloat",
          "QGemm",
          "Einsum");

  /** Beyond this the search, quadratic in the nodes, would take seconds. */
  private static final int MOST = 20_000;

  private final List<Node> nodes;
  private final int[] signs;
  private final boolean[] products;
  private final List<int[]> runs = new ArrayList<>();

  private PeriodicBlocks(List<Node> nodes) {
    this.nodes = nodes;
    this.signs = new int[nodes.size()];
    this.products = new boolean[nodes.size()];
    Map<String, Integer> known = new HashMap<>();
    for (int i = 0; i < signs.length; i++) {
      Node node = nodes.get(i);
      signs[i] = known.computeIfAbsent(sign(node), s -> known.size());
      products[i] = PRODUCTS.contains(node.opType());
    }
  }

  private static String sign(Node node) {
    StringBuilder sign = new StringBuilder(node.domain()).append(node.opType());
    for (Value input : node.inputs()) {
      Tensor weight = input == null ? null : input.constant();
      if (weight != null && weight.rank() > 0) {
        sign.append(weight.dims());
      }
    }
    return sign.toString();
  }

  static List<Block> find(List<Node> nodes) {
    List<Node> computing = nodes.stream().filter(n -> !n.is("Constant")).toList();
    if (computing.size() > MOST) {
      return List.of();
    }
    PeriodicBlocks search = new PeriodicBlocks(computing);
    search.search(0, computing.size());
    return search.blocks();
  }

  private void search(int from, int to) {
    int[] best = null;
    int most = 0;
    for (int period = 2; period <= (to - from) / 2; period++) {
      int start = from;
      for (int i = from; i + period <= to; i++) {
        boolean end = i + period == to || signs[i] != signs[i + period];
        if (end) {
          // Signs start … i - 1 equal those a period later.
          int covered = i - start + period;
          int times = covered / period;
          if (i > start
              && times > 1
              && times * period > most
              && hasProduct(start, start + period)) {
            most = times * period;
            best = new int[] {start, period, times};
          }
          start = i + 1;
        }
      }
    }
    if (best == null) {
      return;
    }
    int end = best[0] + best[1] * best[2];
    search(from, best[0]);
    runs.add(best);
    search(end, to);
  }

  private boolean hasProduct(int from, int to) {
    for (int i = from; i < to; i++) {
      if (products[i]) {
        return true;
      }
    }
    return false;
  }

  private List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    for (int r = 0; r < runs.size(); r++) {
      int[] run = runs.get(r);
      String family = letters(r);
      for (int k = 0; k < run[2]; k++) {
        int from = run[0] + k * run[1];
        blocks.add(new Block(family, family + " " + (k + 1), nodes.subList(from, from + run[1])));
      }
    }
    return blocks;
  }

  /** A, B, … Z, AA, AB… */
  private static String letters(int number) {
    String head = number < 26 ? "" : letters(number / 26 - 1);
    return head + (char) ('A' + number % 26);
  }
}
