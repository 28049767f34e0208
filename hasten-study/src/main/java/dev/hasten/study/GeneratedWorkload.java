package dev.hasten.study;

import dev.hasten.graph.Dim;
import dev.hasten.graph.Model;
import dev.hasten.runtime.AtomicFiles;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Npz;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.generate.AxisRole;
import dev.hasten.study.generate.GivenShapes;
import dev.hasten.study.generate.InputPlan;
import dev.hasten.study.generate.InputPlanner;
import dev.hasten.study.generate.PlannedInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * A workload for a model that comes without data: examples made up as for a profile, in a file
 * beside the model, and the workload file that names them and says that they are made up. From
 * there on it is a workload like any other; whoever has data replaces the path.
 */
public final class GeneratedWorkload {
  static final String DATA = "generated-inputs.npz";
  private static final String WORKLOAD = "workload.yaml";
  private static final int EXAMPLES = 500;

  /**
   * Where answers are classes, equal or not, rare differences may hide in what was not asked: to
   * allow one in a hundred takes this many.
   */
  private static final int OF_CLASSES = 1_500;

  /** A third of them is tested on, and with fewer than twenty nothing is promised. */
  private static final int FEWEST = 80;

  /** Weights beyond which a model takes so long to answer that fewer examples are made. */
  private static final double LARGE_WEIGHTS = 256e6;

  /** A larger file would take longer to write and read than a study. */
  private static final long MOST_BYTES = 128L << 20;

  private static final long SEED = 42;

  private GeneratedWorkload() {}

  /**
   * Writes both files into a folder beside the model. Equal models and sizes give equal files, so a
   * study that was stopped goes on. What is there and differs is left as it is: the workload file
   * asks to be edited.
   *
   * @param told hears every guess
   * @return the workload file
   * @throws BadInputException if no inputs can be made up that the model runs with, or one of the
   *     files is there and differs
   */
  public static Path write(Path model, GivenShapes given, Consumer<String> told) {
    Model read = Model.read(model);
    read.validate();
    InputPlan plan;
    int wanted;
    try (Session session = Backend.cpu().open(model, SessionOptions.defaults())) {
      plan = InputPlanner.plan(read, session, given);
      wanted = wanted(session.outputs().getFirst().type(), read.weightBytes());
    }
    plan.warnings().forEach(told);
    String name = String.valueOf(model.getFileName());
    String stem = name.replaceFirst("\\.onnx$", "");
    Path folder = model.toAbsolutePath().resolveSibling(stem + "-generated");
    boolean batchAxis = batchesFirst(plan);
    Path workload = folder.resolve(WORKLOAD);
    byte[] text = yaml("../" + name, batchAxis, plan).getBytes(StandardCharsets.UTF_8);
    if (Files.exists(workload) && !Arrays.equals(read(workload), text)) {
      throw new BadInputException(
          "%s: was edited, or made up for other sizes or another model (expected: none, or as it was written); run hasten optimize %s, or delete it"
              .formatted(workload, workload));
    }
    Path data = folder.resolve(DATA);
    Map<String, NdArray> made = data(plan.with(1, 0), batchAxis, wanted);
    if (!Files.exists(data)) {
      Npz.write(data, made);
    } else if (!Npz.read(data).equals(made)) {
      throw new BadInputException(
          data
              + ": holds other examples than would be made up (expected: none, or the same); delete"
              + " or rename it");
    }
    AtomicFiles.write(workload, text);
    told.accept("made up " + data + ", named by " + workload);
    return workload;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BadInputException(file + ": cannot be read: " + e, e);
    }
  }

  /** Whether the first axis of every input is the batch: only then may examples be stacked. */
  private static boolean batchesFirst(InputPlan plan) {
    return plan.inputs().stream()
        .allMatch(input ->
            input.shape().rank() > 0
                && input.shape().dim(0) instanceof Dim.Symbol(String symbol)
                && plan.axes().stream()
                    .anyMatch(a -> a.symbol().equals(symbol) && a.role() == AxisRole.BATCH));
  }

  /** How many examples decide whether a promise is kept, as far as the time allows. */
  private static int wanted(ElementType answer, long weightBytes) {
    boolean numbers =
        answer == ElementType.FLOAT
            || answer == ElementType.FLOAT16
            || answer == ElementType.BFLOAT16
            || answer == ElementType.DOUBLE;
    double share = Math.min(1, LARGE_WEIGHTS / Math.max(1, weightBytes));
    return (int) Math.max(FEWEST, share * (numbers ? EXAMPLES : OF_CLASSES));
  }

  private static Map<String, NdArray> data(InputPlan plan, boolean batchAxis, int wanted) {
    double bytes = 0;
    for (PlannedInput input : plan.inputs()) {
      if (input.type() == ElementType.STRING) {
        throw new BadInputException(
            "input %s is text, which no .npz file holds (expected: numbers; write a workload with data of your own)"
                .formatted(input.name()));
      }
      double elements = plan.shape(input).stream().mapToDouble(d -> d).reduce(1, (a, b) -> a * b);
      bytes += elements * input.type().bytes();
    }
    if (bytes * FEWEST > Integer.MAX_VALUE) {
      throw new BadInputException(
          "an example takes %.0f MB, and at least %d are made up (expected: 2 GB for all); give smaller sizes by --shape or --dim"
              .formatted(bytes / 1e6, FEWEST));
    }
    int count = Math.clamp((long) (MOST_BYTES / Math.max(1, bytes)), FEWEST, wanted);
    List<Map<String, NdArray>> examples = plan.make(count, SEED);
    Map<String, NdArray> stacked = new LinkedHashMap<>();
    for (PlannedInput input : plan.inputs()) {
      List<NdArray> parts = new ArrayList<>();
      examples.forEach(e -> parts.add(Objects.requireNonNull(e.get(input.name()))));
      stacked.put(input.name(), stack(parts, batchAxis));
    }
    return stacked;
  }

  /** One array along a first axis of examples; of parts with a batch axis of 1, that very axis. */
  private static NdArray stack(List<NdArray> parts, boolean batchAxis) {
    NdArray first = parts.getFirst();
    long[] each = first.shape();
    LongStream rest = LongStream.of(each).skip(batchAxis ? 1 : 0);
    long[] shape = LongStream.concat(LongStream.of(parts.size()), rest).toArray();
    ByteBuffer data =
        ByteBuffer.allocate(Math.multiplyExact(parts.size(), first.bytes().remaining()))
            .order(ByteOrder.nativeOrder());
    parts.forEach(part -> data.put(part.bytes()));
    return NdArray.of(first.type(), data.flip(), shape);
  }

  private static String yaml(String model, boolean batchAxis, InputPlan plan) {
    StringBuilder text = new StringBuilder();
    text.append("# The examples are made up: what a study promises holds for such inputs only.\n");
    text.append("# Name data of your own under data.path, and take out `generated`.\n");
    plan.warnings().forEach(w -> text.append("# ").append(w.replace('\n', ' ')).append('\n'));
    text.append("model: '").append(model.replace("'", "''")).append("'\n");
    text.append("input:\n  type: tensors\n  batchAxis: ").append(batchAxis).append('\n');
    text.append("data:\n  path: ").append(DATA).append("\n  generated: true\n");
    return text.toString();
  }
}
