package dev.hasten.study;

import dev.hasten.measure.LabeledExample;
import dev.hasten.measure.Row;
import dev.hasten.measure.SpeedOptions;
import dev.hasten.measure.SpeedTest;
import dev.hasten.measure.Split;
import dev.hasten.measure.Subject;
import dev.hasten.measure.SubjectSpeed;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.InputPipeline;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Measures {@link PaddingCost}: the same examples in the order of arrival and sorted by length. */
final class PaddingMeter {
  private static final List<Integer> BATCHES = List.of(8, 32);
  private static final int WINDOW = 64;
  private static final int WINDOWS = 6;

  private final Data data;
  private final int threads;

  PaddingMeter(Data data, int threads) {
    this.data = data;
    this.threads = threads;
  }

  /** Encoded runs of one window. */
  private record Window(List<Map<String, NdArray>> runs, long tokens, long cells) {}

  /**
   * Empty if the examples have one length, cannot share a run, or are too few for a window.
   *
   * @param perBatch time for the measurement at each batch
   */
  List<PaddingCost> measure(Path model, Duration perBatch) {
    InputPipeline pipeline = data.pipeline();
    List<Example> examples =
        data.first(Split.VALIDATE, WINDOW * WINDOWS).stream().map(LabeledExample::example).toList();
    if (examples.size() < WINDOW || pipeline.mostAtOnce() < BATCHES.getLast()) {
      return List.of();
    }
    List<PaddingCost> costs = new ArrayList<>();
    for (int batch : BATCHES) {
      List<Window> arrival = new ArrayList<>();
      List<Window> grouped = new ArrayList<>();
      for (int from = 0; from + WINDOW <= examples.size(); from += WINDOW) {
        List<Example> window = examples.subList(from, from + WINDOW);
        arrival.add(window(window, batch));
        grouped.add(window(byLength(window), batch));
      }
      double padded = padding(arrival);
      if (padded == 0) {
        return List.of();
      }
      costs.add(cost(model, batch, arrival, grouped, perBatch));
    }
    return costs;
  }

  private List<Example> byLength(List<Example> window) {
    record Measured(Example example, int length) {}
    return window.stream()
        .map(e -> new Measured(e, data.pipeline().length(e)))
        .sorted(Comparator.comparingInt(Measured::length))
        .map(Measured::example)
        .toList();
  }

  private Window window(List<Example> examples, int size) {
    List<Map<String, NdArray>> runs = new ArrayList<>();
    long tokens = 0;
    long cells = 0;
    for (List<Example> batch : Data.batches(data.pipeline(), examples, size)) {
      runs.add(data.pipeline().encode(batch));
      int longest = 0;
      for (Example example : batch) {
        int length = data.pipeline().length(example);
        tokens += length;
        longest = Math.max(longest, length);
      }
      cells += (long) longest * batch.size();
    }
    return new Window(runs, tokens, cells);
  }

  private static double padding(List<Window> windows) {
    double tokens = windows.stream().mapToLong(Window::tokens).sum();
    double cells = windows.stream().mapToLong(Window::cells).sum();
    return cells == 0 ? 0 : 1 - tokens / cells;
  }

  private PaddingCost cost(
      Path model, int batch, List<Window> arrival, List<Window> grouped, Duration time) {
    var measured =
        SpeedTest.run(
                subject("arrival", model, arrival),
                List.of(subject("grouped", model, grouped)),
                List.of(new Row(batch, 0, threads)),
                SpeedOptions.defaults().withBudgetPerRow(time).withBlocks(5, 500))
            .getFirst();
    SubjectSpeed sorted = measured.subject("grouped");
    return new PaddingCost(
        batch,
        padding(arrival),
        padding(grouped),
        WINDOW,
        measured.baseline().p50(),
        sorted.p50(),
        sorted.speedup());
  }

  private static Subject subject(String name, Path model, List<Window> windows) {
    return new Subject(
        name,
        row -> {
          Session session =
              Backend.cpu()
                  .open(model, SessionOptions.defaults().withIntraOpThreads(row.threads()));
          return new Subject.Call() {
            @Override
            public void run(int input) {
              windows.get(input % windows.size()).runs().forEach(session::run);
            }

            @Override
            public void close() {
              session.close();
            }
          };
        });
  }
}
