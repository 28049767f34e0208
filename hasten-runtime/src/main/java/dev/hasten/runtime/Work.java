package dev.hasten.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What a request wants computed, and how several of a kind are computed together. */
sealed interface Work {
  /** Only works of an equal group share a run. */
  String group();

  int rows();

  int length();

  long bytes();

  /** An example through the input pipeline. */
  record One(Prepared example) implements Work {
    @Override
    public String group() {
      return "example " + example.group();
    }

    @Override
    public int rows() {
      return 1;
    }

    @Override
    public int length() {
      return example.length();
    }

    @Override
    public long bytes() {
      return example.bytes();
    }
  }

  /** Tensors as they are, the batch on their first axis where {@code rows} may be joined. */
  record Raw(Map<String, NdArray> tensors, String group, int rows, int length, long bytes)
      implements Work {}

  /**
   * The outputs of each, and when the model's own run began and ended ({@link System#nanoTime}).
   */
  record Done(List<Map<String, NdArray>> outputs, long began, long ran) {}

  /** All in one run. */
  static Done run(
      List<? extends Work> works,
      InputPipeline pipeline,
      Function<Map<String, NdArray>, Map<String, NdArray>> model) {
    if (works.getFirst() instanceof Raw) {
      return raw(works.stream().map(Raw.class::cast).toList(), model);
    }
    List<Prepared> examples = works.stream().map(work -> ((One) work).example()).toList();
    Map<String, NdArray> encoded = pipeline.assemble(examples);
    long began = System.nanoTime();
    Map<String, NdArray> outputs = model.apply(encoded);
    long ran = System.nanoTime();
    Map<String, NdArray> decoded = pipeline.decode(encoded, outputs);
    return new Done(Rows.split(pipeline, decoded, examples.size()), began, ran);
  }

  private static Done raw(
      List<Raw> works, Function<Map<String, NdArray>, Map<String, NdArray>> model) {
    Map<String, NdArray> joined = new LinkedHashMap<>();
    for (String name : works.getFirst().tensors().keySet()) {
      List<NdArray> parts = new ArrayList<>();
      works.forEach(work -> parts.add(work.tensors().get(name)));
      joined.put(name, Rows.concatenate(parts));
    }
    long began = System.nanoTime();
    Map<String, NdArray> outputs = model.apply(joined);
    long ran = System.nanoTime();
    if (works.size() == 1) {
      return new Done(List.of(outputs), began, ran);
    }
    return new Done(split(works, outputs), began, ran);
  }

  private static List<Map<String, NdArray>> split(List<Raw> works, Map<String, NdArray> outputs) {
    int rows = works.stream().mapToInt(Raw::rows).sum();
    outputs.forEach((name, array) -> {
      if (!Rows.has(array, rows)) {
        // The requests are run again, one by one.
        throw new BadInputException(
            "output "
                + name
                + ": "
                + array
                + " for "
                + rows
                + " rows (expected: the batch on the first axis)");
      }
    });
    List<Map<String, NdArray>> result = new ArrayList<>();
    int from = 0;
    for (Raw work : works) {
      int start = from;
      Map<String, NdArray> own = new LinkedHashMap<>();
      outputs.forEach(
          (name, array) -> own.put(name, Rows.slice(array, start, start + work.rows())));
      result.add(own);
      from += work.rows();
    }
    return result;
  }
}
