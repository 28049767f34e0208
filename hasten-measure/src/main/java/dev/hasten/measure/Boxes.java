package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Boxes of one image: what was found, and what there is. */
final class Boxes {
  private static final int NUMBERS = 6;
  private static final String LABEL = "boxes as [left, top, right, bottom, class, crowd (0 or 1)]";

  private Boxes() {}

  /** {@code crowd}: stands for a crowd; what is found in it is neither right nor wrong. */
  record Box(
      double left, double top, double right, double bottom, int type, double score, boolean crowd) {
    private double area() {
      return (right - left) * (bottom - top);
    }

    /** Intersection over union; over the found box alone where the other is a crowd. */
    double overlap(Box truth) {
      double width = Math.min(right, truth.right) - Math.max(left, truth.left);
      double height = Math.min(bottom, truth.bottom) - Math.max(top, truth.top);
      if (width <= 0 || height <= 0) {
        return 0;
      }
      double both = width * height;
      return both / (truth.crowd ? area() : area() + truth.area() - both);
    }
  }

  /** Best first, those of score 0 or less left out. */
  static List<Box> found(String metric, int example, float[] row) {
    if (row.length % NUMBERS != 0) {
      throw new BadInputException(
          "metric %s: the answer to example %d has %d numbers (expected: six per box, as [boxes, 6]: left, top, right, bottom, score, class)"
              .formatted(metric, example, row.length));
    }
    List<Box> boxes = new ArrayList<>();
    for (int at = 0; at < row.length; at += NUMBERS) {
      if (row[at + 4] > 0) {
        boxes.add(
            new Box(
                row[at],
                row[at + 1],
                row[at + 2],
                row[at + 3],
                Math.round(row[at + 5]),
                row[at + 4],
                false));
      }
    }
    // Stable, as COCO's own sort: equals stay in the model's order.
    boxes.sort(Comparator.comparingDouble(Box::score).reversed());
    return boxes;
  }

  /** An empty text or list: there is nothing. */
  static List<Box> truth(String metric, int example, String label) {
    double[] numbers = NumberLists.parse(metric, example, label, LABEL);
    int each = label.indexOf(']') < 0 ? 5 : perBox(label);
    if (numbers.length % each != 0 || (numbers.length > 0 && each != 5 && each != NUMBERS)) {
      throw new BadInputException(
          "metric %s: the label of example %d has %d numbers, %d in its first box (expected: %s, a list of five or six numbers per box)"
              .formatted(metric, example, numbers.length, each, LABEL));
    }
    List<Box> boxes = new ArrayList<>();
    for (int at = 0; at < numbers.length; at += each) {
      boolean crowd = each == NUMBERS && numbers[at + 5] != 0;
      boxes.add(
          new Box(
              numbers[at],
              numbers[at + 1],
              numbers[at + 2],
              numbers[at + 3],
              (int) numbers[at + 4],
              1,
              crowd));
    }
    return boxes;
  }

  private static int perBox(String label) {
    String first = label.substring(0, label.indexOf(']'));
    return Math.max(1, (int) first.chars().filter(c -> c == ',').count() + 1);
  }
}
