package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.ElementType;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.TensorInfo;
import dev.hasten.serve.protocol.Datatype;
import dev.hasten.serve.protocol.RawTensors;
import dev.hasten.serve.wire.ModelWarmup;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A request that a configuration gives to warm the model up with ({@code model_warmup}).
 *
 * @param count how often it is run
 */
record WarmUpSample(String name, Map<String, NdArray> tensors, int count) {
  private static final String FOLDER = "warmup";

  /** More is no warm-up. */
  private static final int MOST = 10_000;

  WarmUpSample {
    tensors = Map.copyOf(tensors);
  }

  /**
   * @param home the model's folder, with the files of inputs in {@code warmup}
   */
  static List<WarmUpSample> all(TritonConfig config, List<TensorInfo> inputs, Path home) {
    List<WarmUpSample> samples = new ArrayList<>();
    for (ModelWarmup warmup : config.config().getModelWarmupList()) {
      samples.add(sample(config, warmup, inputs, home));
    }
    return samples;
  }

  private static WarmUpSample sample(
      TritonConfig config, ModelWarmup warmup, List<TensorInfo> inputs, Path home) {
    String where = "model_warmup '" + warmup.getName() + "': ";
    boolean batches = config.batches();
    long rows = Integer.toUnsignedLong(warmup.getBatchSize());
    if (rows < 1 || rows > MOST || (!batches && rows > 1)) {
      throw config.fault(
          where
              + "batch_size: "
              + rows
              + (batches
                  ? " (expected: 1 to " + MOST + ")"
                  : " (expected: 1, as the model does not batch)"));
    }
    Map<String, NdArray> tensors = new HashMap<>();
    for (TensorInfo input : inputs) {
      ModelWarmup.Input given = warmup.getInputsMap().get(input.name());
      if (given == null) {
        throw config.fault(where + "input '" + input.name() + "' is missing in it");
      }
      try {
        NdArray one = one(input.name(), given, home);
        tensors.put(input.name(), batches ? repeated(one, (int) rows) : one);
      } catch (RuntimeException e) {
        throw config.fault(where + e.getMessage());
      }
    }
    long count = Integer.toUnsignedLong(warmup.getCount());
    return new WarmUpSample(warmup.getName(), tensors, (int) Math.max(1, Math.min(MOST, count)));
  }

  /** Without the batch axis. */
  private static NdArray one(String name, ModelWarmup.Input given, Path home) {
    Datatype type = Datatype.of(name, given.getDataType());
    long[] shape = given.getDimsList().stream().mapToLong(Long::longValue).toArray();
    int count = RawTensors.elements(name, shape);
    return switch (given.getInputDataTypeCase()) {
      case INPUT_DATA_FILE -> RawTensors.read(name, type, shape, file(given, home));
      case RANDOM_DATA -> MadeUpInputs.tensor(type.element(), shape);
      case ZERO_DATA, INPUTDATATYPE_NOT_SET ->
          type.element() == ElementType.STRING
              ? NdArray.strings(Collections.nCopies(count, ""), shape)
              : NdArray.of(
                  type.element(),
                  ByteBuffer.allocate(Math.multiplyExact(count, type.element().bytes())),
                  shape);
    };
  }

  private static ByteBuffer file(ModelWarmup.Input given, Path home) {
    String filename = given.getInputDataFile();
    if (!TritonConfig.plain(filename)) {
      throw new BadInputException(
          "input_data_file: '" + filename + "' (expected: the name of a file in " + FOLDER + ")");
    }
    Path file = home.resolve(FOLDER).resolve(filename);
    try {
      return ByteBuffer.wrap(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new BadInputException(file + ": no such file, or not readable", e);
    }
  }

  private static NdArray repeated(NdArray one, int rows) {
    long[] shape = new long[one.rank() + 1];
    shape[0] = rows;
    System.arraycopy(one.shape(), 0, shape, 1, one.rank());
    if (one.type() == ElementType.STRING) {
      List<String> all = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        all.addAll(one.strings());
      }
      return NdArray.strings(all, shape);
    }
    ByteBuffer bytes = one.bytes();
    ByteBuffer all = ByteBuffer.allocate(Math.multiplyExact(bytes.remaining(), rows));
    for (int i = 0; i < rows; i++) {
      all.put(bytes.duplicate());
    }
    return NdArray.of(one.type(), all.flip(), shape);
  }
}
