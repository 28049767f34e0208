package dev.hasten.measure;

import dev.hasten.measure.Boxes.Box;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;

/**
 * Mean average precision of boxes as COCO defines it (Lin et al. 2014; {@code pycocotools}' {@code
 * COCOeval}): precision at 101 levels of recall, averaged over classes and over the overlaps 0.5,
 * 0.55 to 0.95; at most 100 boxes per image and class, boxes of all sizes.
 *
 * @param overlap the one overlap to look at; absent: all ten
 */
record MeanAveragePrecision(OptionalDouble overlap) implements Metric {
  private static final int MOST_FOUND = 100;
  private static final int LEVELS = 101;

  @Override
  public String name() {
    return overlap.isEmpty() ? "map" : "map@" + overlap.getAsDouble();
  }

  @Override
  public String meaning() {
    return "average precision of the boxes, averaged over classes"
        + (overlap.isEmpty()
            ? " and over overlaps of 0.5 to 0.95 with the right ones (COCO)"
            : ", right from an overlap of " + overlap.getAsDouble() + " on");
  }

  @Override
  public boolean needsLabels() {
    return true;
  }

  @Override
  public Set<OutputKind> kinds() {
    return Set.of(OutputKind.BOXES);
  }

  @Override
  public Score score(Sample sample) {
    List<List<Box>> found = new ArrayList<>();
    List<List<Box>> truth = new ArrayList<>();
    Set<Integer> types = new TreeSet<>();
    for (int i = 0; i < sample.size(); i++) {
      found.add(Boxes.found(name(), i, sample.candidate().row(i)));
      truth.add(Boxes.truth(name(), i, Labels.of(sample, i)));
      truth.get(i).stream().filter(box -> !box.crowd()).forEach(box -> types.add(box.type()));
    }
    double sum = 0;
    double[] overlaps = overlaps();
    for (int type : types) {
      sum += precision(type, found, truth, overlaps);
    }
    return Score.of(sum / types.size());
  }

  private double[] overlaps() {
    if (overlap.isPresent()) {
      return new double[] {overlap.getAsDouble()};
    }
    double[] all = new double[10];
    for (int i = 0; i < all.length; i++) {
      // As NumPy's linspace rounds: an overlap of just 0.55 falls on the same side.
      all[i] = i == all.length - 1 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / (all.length - 1));
    }
    return all;
  }

  /**
   * A found box at one overlap.
   *
   * @param right whether it found a box; null: it counts neither way, being in a crowd
   */
  private record Hit(double score, boolean right, boolean counts) {}

  private static double precision(
      int type, List<List<Box>> found, List<List<Box>> truth, double[] overlaps) {
    List<List<Hit>> hits = new ArrayList<>();
    for (int o = 0; o < overlaps.length; o++) {
      hits.add(new ArrayList<>());
    }
    long wanted = 0;
    for (int i = 0; i < found.size(); i++) {
      // Crowds last: a box of its own is taken before them.
      List<Box> there =
          truth.get(i).stream()
              .filter(box -> box.type() == type)
              .sorted(Comparator.comparing(Box::crowd))
              .toList();
      List<Box> here =
          found.get(i).stream().filter(box -> box.type() == type).limit(MOST_FOUND).toList();
      wanted += there.stream().filter(box -> !box.crowd()).count();
      double[][] overlap = new double[here.size()][there.size()];
      for (int f = 0; f < here.size(); f++) {
        for (int t = 0; t < there.size(); t++) {
          overlap[f][t] = here.get(f).overlap(there.get(t));
        }
      }
      for (int o = 0; o < overlaps.length; o++) {
        match(here, there, overlap, overlaps[o], hits.get(o));
      }
    }
    double sum = 0;
    for (List<Hit> each : hits) {
      sum += average(each, wanted);
    }
    return sum / overlaps.length;
  }

  /** Each found box, best first, takes the box that it overlaps most and nobody has taken. */
  private static void match(
      List<Box> found, List<Box> truth, double[][] overlap, double least, List<Hit> hits) {
    boolean[] taken = new boolean[truth.size()];
    for (int f = 0; f < found.size(); f++) {
      double best = Math.min(least, 1 - 1e-10);
      int match = -1;
      for (int t = 0; t < truth.size(); t++) {
        boolean crowd = truth.get(t).crowd();
        if (taken[t] && !crowd) {
          continue;
        }
        if (match >= 0 && !truth.get(match).crowd() && crowd) {
          break;
        }
        if (overlap[f][t] >= best) {
          best = overlap[f][t];
          match = t;
        }
      }
      if (match >= 0) {
        taken[match] = true;
      }
      boolean crowd = match >= 0 && truth.get(match).crowd();
      hits.add(new Hit(found.get(f).score(), match >= 0, !crowd));
    }
  }

  /** Area under the curve of precision over recall, made to fall, at {@link #LEVELS} places. */
  private static double average(List<Hit> hits, long wanted) {
    List<Hit> sorted = new ArrayList<>(hits);
    sorted.sort(Comparator.comparingDouble(Hit::score).reversed());
    sorted.removeIf(hit -> !hit.counts());
    int count = sorted.size();
    double[] precision = new double[count];
    double[] recall = new double[count];
    long right = 0;
    for (int i = 0; i < count; i++) {
      right += sorted.get(i).right() ? 1 : 0;
      precision[i] = (double) right / (i + 1);
      recall[i] = (double) right / wanted;
    }
    for (int i = count - 2; i >= 0; i--) {
      precision[i] = Math.max(precision[i], precision[i + 1]);
    }
    double sum = 0;
    int at = 0;
    for (int level = 0; level < LEVELS; level++) {
      double least = level == LEVELS - 1 ? 1 : level * 0.01;
      while (at < count && recall[at] < least) {
        at++;
      }
      sum += at < count ? precision[at] : 0;
    }
    return sum / LEVELS;
  }
}
