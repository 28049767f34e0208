package dev.hasten.measure;

import dev.hasten.runtime.BadInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The metrics that are known. */
public final class Metrics {
  /** Neighbours that {@code overlap@k} looks at unless told. */
  private static final int NEIGHBOURS = 10;

  private static final Pattern OVERLAP = Pattern.compile("overlap@([1-9][0-9]{0,3})");
  private static final Pattern TOP = Pattern.compile("top-([1-9][0-9]{0,3})");

  private static final Pattern PRECISION = Pattern.compile("map@(0\\.[0-9]{1,4})");

  private Metrics() {}

  /** Every metric that ships with Hasten, agreement first; parametric ones with their default. */
  public static List<Metric> all() {
    return List.of(
        new NeighbourOverlap(NEIGHBOURS),
        new Cosine(),
        new TopAgreement(),
        new KlDivergence(),
        new Deviation(),
        new TopAccuracy(1),
        new TopAccuracy(5),
        new MacroF1(),
        new Auc(),
        new LinearProbe(),
        new SquaredError(),
        new Spearman(),
        new IntersectionOverUnion(),
        new MeanAveragePrecision(OptionalDouble.empty()),
        new MeanAveragePrecision(OptionalDouble.of(0.5)),
        new TextAgreement(),
        ErrorRate.ofCharacters(),
        ErrorRate.ofWords());
  }

  /**
   * The metric of that name: a shipped one ({@code overlap@5}, {@code top-3} and {@code map@0.75}
   * carry their own number), one registered as a service, or a class by its full name.
   *
   * @throws BadInputException if there is none, listing the known ones
   */
  public static Metric byName(String name) {
    for (Metric metric : all()) {
      if (metric.name().equals(name)) {
        return metric;
      }
    }
    Matcher overlap = OVERLAP.matcher(name);
    if (overlap.matches()) {
      return new NeighbourOverlap(Integer.parseInt(overlap.group(1)));
    }
    Matcher top = TOP.matcher(name);
    if (top.matches()) {
      return new TopAccuracy(Integer.parseInt(top.group(1)));
    }
    Matcher precision = PRECISION.matcher(name);
    if (precision.matches()) {
      return new MeanAveragePrecision(OptionalDouble.of(Double.parseDouble(precision.group(1))));
    }
    List<String> known = new ArrayList<>(all().stream().map(Metric::name).toList());
    for (Metric metric : ServiceLoader.load(Metric.class)) {
      if (metric.name().equals(name)) {
        return metric;
      }
      known.add(metric.name());
    }
    if (name.contains(".")) {
      return ofClass(name);
    }
    throw new BadInputException(
        "metric: %s (expected: one of %s, or the full name of a class that implements %s)"
            .formatted(name, String.join(", ", known), Metric.class.getName()));
  }

  private static Metric ofClass(String name) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return MetricJar.load(
        context == null ? Metrics.class.getClassLoader() : context,
        name,
        "the class path (a jar is named beside it: quality.jar)");
  }

  /**
   * A user's metric from a jar of its own, which sees Hasten's classes and the JDK's besides its
   * own.
   *
   * @param name the class's full name
   * @throws BadInputException if there is no such jar or class, it is no metric, or can't be made
   */
  public static Metric ofJar(Path jar, String name) {
    return MetricJar.load(jar, name);
  }

  /**
   * The metric to use when the user named none.
   *
   * @param kind what the model's output is
   * @param width numbers per row
   * @param labels whether the examples carry labels
   */
  public static Metric suggest(OutputKind kind, int width, boolean labels) {
    return switch (kind) {
      case EMBEDDING -> new NeighbourOverlap(NEIGHBOURS);
      case SCORES -> labels ? new TopAccuracy(1) : new TopAgreement();
      case BOXES -> new MeanAveragePrecision(OptionalDouble.empty());
      case TEXT -> labels ? ErrorRate.ofCharacters() : new TextAgreement();
      case VALUES -> labels && width == 1 ? new SquaredError() : new Deviation();
    };
  }

  /**
   * The metric to use when the user named none and the inputs were made up: which class wins, or
   * which example is near which, is luck where inputs mean nothing, so numbers are compared as they
   * are.
   *
   * @param kind what the model's output is
   * @param width numbers per row
   */
  public static Metric suggestForMadeUp(OutputKind kind, int width) {
    return kind == OutputKind.TEXT || width <= 1 ? suggest(kind, width, false) : new Cosine();
  }

  /**
   * What the rows look like, for {@link #suggest}: rows that sum to one are scores, single numbers
   * values, rows of unit length or of many numbers embeddings, the rest scores. A guess: a user who
   * knows says it.
   */
  public static OutputKind guessKind(List<float[]> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("no rows (expected: at least one)");
    }
    int width = rows.get(0).length;
    if (width == 1) {
      return OutputKind.VALUES;
    }
    if (rows.stream().allMatch(Vectors::isDistribution)) {
      return OutputKind.SCORES;
    }
    boolean unit = rows.stream().allMatch(row -> Math.abs(Vectors.norm(row) - 1) < 1e-3);
    return unit || width >= 64 ? OutputKind.EMBEDDING : OutputKind.SCORES;
  }

  /**
   * Compares a candidate with the original.
   *
   * @throws BadInputException if the metric needs labels that are missing, can't score this kind of
   *     output, or the original's outputs are not finite
   */
  public static Comparison compare(Metric metric, Sample sample) {
    check(metric, sample);
    for (int i = 0; i < sample.size(); i++) {
      if (!Vectors.isFinite(sample.original().row(i))) {
        throw new BadInputException(
            "the original's output for example %d of %d is not finite (expected: numbers); the model itself is at fault for this input"
                .formatted(i, sample.size()));
      }
    }
    int notFinite = 0;
    List<float[]> rows = new ArrayList<>(sample.size());
    for (float[] row : sample.candidate().rows()) {
      boolean finite = Vectors.isFinite(row);
      notFinite += finite ? 0 : 1;
      rows.add(finite ? row : new float[row.length]);
    }
    Sample clean =
        notFinite == 0
            ? sample
            : new Sample(
                sample.original(),
                new Outputs(sample.candidate().kind(), rows),
                sample.labels(),
                sample.fit());
    Score candidate = scored(metric, clean);
    if (metric.originalScore().isPresent()) {
      double perfect = metric.originalScore().getAsDouble();
      Optional<double[]> drops =
          candidate.perExample().map(scores -> drops(metric.direction(), perfect, scores));
      return new Comparison(metric, perfect, candidate.value(), drops, clean, notFinite);
    }
    Score original = scored(metric, clean.ofOriginal());
    double @Nullable [] before = original.perExample().orElse(null);
    double @Nullable [] after = candidate.perExample().orElse(null);
    Optional<double[]> drops = Optional.empty();
    if (before != null && after != null) {
      double[] differences = new double[before.length];
      for (int i = 0; i < before.length; i++) {
        differences[i] = metric.direction().drop(before[i], after[i]);
      }
      drops = Optional.of(differences);
    }
    return new Comparison(metric, original.value(), candidate.value(), drops, clean, notFinite);
  }

  /** A user's metric may fail, or answer for too few. */
  private static Score scored(Metric metric, Sample sample) {
    if (metric.getClass().getPackage() == Metrics.class.getPackage()) {
      return metric.score(sample);
    }
    Score score;
    try {
      score = metric.score(sample);
    } catch (BadInputException e) {
      throw e;
    } catch (RuntimeException | LinkageError e) {
      StackTraceElement[] trace = e.getStackTrace();
      throw new BadInputException(
          "metric %s: class %s failed: %s%s"
              .formatted(
                  metric.name(),
                  metric.getClass().getName(),
                  e,
                  trace.length == 0 ? "" : " at " + trace[0]),
          e);
    }
    int scores = score.perExample().map(each -> each.length).orElse(sample.size());
    if (scores != sample.size()) {
      throw new BadInputException(
          "metric %s: class %s gave %d scores for %d examples (expected: one for each, or Score.of)"
              .formatted(metric.name(), metric.getClass().getName(), scores, sample.size()));
    }
    return score;
  }

  private static double[] drops(Direction direction, double perfect, double[] scores) {
    double[] drops = new double[scores.length];
    for (int i = 0; i < drops.length; i++) {
      drops[i] = direction.drop(perfect, scores[i]);
    }
    return drops;
  }

  private static void check(Metric metric, Sample sample) {
    if (sample.size() == 0) {
      throw new BadInputException("metric " + metric.name() + ": no examples (expected: some)");
    }
    if (sample.original().width() != sample.candidate().width()) {
      throw new BadInputException(
          "metric %s: the candidate answers with %d numbers, the original with %d (expected: as many)"
              .formatted(metric.name(), sample.candidate().width(), sample.original().width()));
    }
    if (!metric.kinds().contains(sample.original().kind())) {
      List<String> fit =
          all().stream()
              .filter(m -> m.kinds().contains(sample.original().kind()))
              .map(Metric::name)
              .toList();
      throw new BadInputException(
          "metric %s: can't score %s (expected: %s); for these outputs take one of %s"
              .formatted(
                  metric.name(), sample.original().kind(), metric.kinds(), String.join(", ", fit)));
    }
    if (metric.needsLabels()) {
      checkLabels(metric, sample, "");
    }
    if (metric.needsFit()) {
      Sample fit =
          sample
              .fit()
              .orElseThrow(() ->
                  new BadInputException(
                      "metric "
                          + metric.name()
                          + ": needs labelled examples to fit on besides those it scores"
                          + " (expected: a calibrate split with labels)"));
      checkLabels(metric, fit, " to fit on");
    }
  }

  private static void checkLabels(Metric metric, Sample sample, String which) {
    for (int i = 0; i < sample.size(); i++) {
      if (sample.labels().get(i) == null) {
        throw new BadInputException(
            "metric %s: example %d of %d%s has no label (expected: a label on each); name the label field of the data, or take a metric without labels: overlap@10, cosine, top-1-agreement, kl, deviation"
                .formatted(metric.name(), i, sample.size(), which));
      }
    }
  }
}
