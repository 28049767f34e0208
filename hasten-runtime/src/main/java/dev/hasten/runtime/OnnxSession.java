package dev.hasten.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A session of ONNX Runtime. */
final class OnnxSession implements Session {
  private final String name;
  private final OrtSession session;
  private final OrtSession.SessionOptions settings;
  private final List<TensorInfo> inputs;
  private final List<TensorInfo> outputs;
  private final Set<String> outputNames;
  private final boolean profiled;
  private final AtomicReference<@Nullable Path> profile = new AtomicReference<>();
  private final BlockingQueue<Scratch> scratches =
      new ArrayBlockingQueue<>(2 * Cores.available() + 2);
  private final Gate gate;

  /** Owns {@code session} and {@code settings} once it has returned normally. */
  OnnxSession(String name, OrtSession session, OrtSession.SessionOptions settings, boolean profiled)
      throws OrtException {
    this.name = name;
    this.session = session;
    this.settings = settings;
    this.profiled = profiled;
    this.inputs = inputs(name, session.getInputInfo().values());
    this.outputs =
        session.getOutputInfo().values().stream()
            .map(OnnxTensors::declared)
            .flatMap(Optional::stream)
            .toList();
    if (outputs.isEmpty()) {
      throw new BadInputException(
          "model: "
              + name
              + " has no output that is a tensor (expected: at least one; of a"
              + " classifier exported with ZipMap, turn ZipMap off)");
    }
    this.outputNames =
        outputs.stream().map(TensorInfo::name).collect(Collectors.toCollection(LinkedHashSet::new));
    this.gate = new Gate("the session of " + name, this::release);
  }

  private static List<TensorInfo> inputs(String model, Collection<NodeInfo> nodes) {
    List<TensorInfo> result = new ArrayList<>();
    for (NodeInfo node : nodes) {
      result.add(
          OnnxTensors.declared(node)
              .orElseThrow(() ->
                  new BadInputException(
                      "model: "
                          + model
                          + ", input "
                          + node.getName()
                          + " is "
                          + node.getInfo()
                          + " (expected: a tensor of numbers or strings)")));
    }
    return List.copyOf(result);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<TensorInfo> inputs() {
    return inputs;
  }

  @Override
  public List<TensorInfo> outputs() {
    return outputs;
  }

  @Override
  public Map<String, NdArray> run(Map<String, NdArray> given) {
    return run(given, (OrtSession.RunOptions) null);
  }

  @Override
  public Map<String, NdArray> run(Map<String, NdArray> given, Cancellation cancellation) {
    cancellation.check();
    try (OrtSession.RunOptions control = new OrtSession.RunOptions();
        var registration = cancellation.register(() -> terminate(control))) {
      Map<String, NdArray> result = run(given, control);
      cancellation.check();
      return result;
    } catch (BadInputException e) {
      // A run that was stopped fails with an error of its own, which is not the caller's fault.
      cancellation.check();
      throw e;
    } catch (OrtException e) {
      throw failure(e);
    }
  }

  private static void terminate(OrtSession.RunOptions control) {
    try {
      control.setTerminate(true);
    } catch (OrtException e) {
      throw new IllegalStateException("a run cannot be stopped", e);
    }
  }

  private Map<String, NdArray> run(
      Map<String, NdArray> given, OrtSession.@Nullable RunOptions control) {
    gate.enter();
    try {
      Scratch scratch = scratches.poll();
      if (scratch == null) {
        scratch = new Scratch(inputs);
      }
      Map<String, NdArray> result = run(given, scratch, control);
      if (scratch.isWorthKeeping()) {
        // Full: more runs at once than are worth keeping buffers for.
        boolean kept = scratches.offer(scratch);
      }
      return result;
    } catch (OrtException e) {
      throw failure(e);
    } finally {
      gate.leave();
    }
  }

  private Map<String, NdArray> run(
      Map<String, NdArray> given, Scratch scratch, OrtSession.@Nullable RunOptions control)
      throws OrtException {
    Map<String, OnnxTensor> bound = new LinkedHashMap<>();
    try {
      for (int i = 0; i < inputs.size(); i++) {
        TensorInfo input = inputs.get(i);
        bound.put(input.name(), scratch.tensor(i, checked(input, given.get(input.name()))));
      }
      try (OrtSession.Result result = session.run(bound, outputNames, control)) {
        Map<String, NdArray> copies = new LinkedHashMap<>();
        for (int i = 0; i < outputs.size(); i++) {
          TensorInfo output = outputs.get(i);
          copies.put(output.name(), OnnxTensors.copy((OnnxTensor) result.get(i), output.type()));
        }
        return Collections.unmodifiableMap(copies);
      }
    } finally {
      bound.values().forEach(OnnxTensor::close);
    }
  }

  private NdArray checked(TensorInfo input, @Nullable NdArray array) {
    if (array == null) {
      throw new BadInputException("input " + input.name() + " is missing (" + declaration() + ")");
    }
    if (array.type() != input.type()) {
      throw new BadInputException(
          "input "
              + input.name()
              + ": type "
              + array.type()
              + " (expected: "
              + input.type()
              + "; "
              + declaration()
              + ")");
    }
    // A model without a declared shape looks like a scalar here.
    boolean shapeDeclared = input.rank() > 0;
    if (shapeDeclared && !matches(input, array)) {
      throw new BadInputException(
          "input "
              + input.name()
              + ": shape "
              + Arrays.toString(array.shape())
              + " (expected: "
              + input
              + "; "
              + declaration()
              + ")");
    }
    return array;
  }

  private static boolean matches(TensorInfo input, NdArray array) {
    if (input.rank() != array.rank()) {
      return false;
    }
    for (int i = 0; i < input.rank(); i++) {
      long declared = input.shape().get(i);
      if (declared >= 0 && declared != array.dimension(i)) {
        return false;
      }
    }
    return true;
  }

  private String declaration() {
    return name + " takes " + OnnxTensors.describe(inputs);
  }

  private RuntimeException failure(OrtException e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("Failed to allocate memory") || message.contains("bad_alloc")) {
      return new EnvironmentException(
          name + ": not enough memory for this run: " + message + " (use a smaller batch)", e);
    }
    return new BadInputException(name + ": the run failed: " + message, e);
  }

  @Override
  public BoundRun bind(Map<String, List<Long>> inputShapes, Map<String, List<Long>> outputShapes) {
    gate.enter();
    try {
      return OnnxBoundRun.create(this, inputShapes, outputShapes);
    } catch (OrtException e) {
      throw failure(e);
    } finally {
      gate.leave();
    }
  }

  /** One run into tensors allocated before: nothing is copied. */
  void runInto(Map<String, OnnxTensor> in, Map<String, OnnxTensor> out) {
    gate.enter();
    try {
      session.run(in, Set.of(), out, null).close();
    } catch (OrtException e) {
      throw failure(e);
    } finally {
      gate.leave();
    }
  }

  @Override
  public Path endProfiling() {
    if (!profiled) {
      throw new IllegalStateException(name + " was not opened with profileTo");
    }
    gate.enter();
    try {
      synchronized (profile) {
        Path written = profile.get();
        if (written == null) {
          written = Path.of(session.endProfiling());
          profile.set(written);
        }
        return written;
      }
    } catch (OrtException e) {
      throw failure(e);
    } finally {
      gate.leave();
    }
  }

  @Override
  public void close() {
    gate.close();
    gate.awaitReleased();
  }

  private void release() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(name + ": the session cannot be freed", e);
    } finally {
      settings.close();
    }
  }
}
