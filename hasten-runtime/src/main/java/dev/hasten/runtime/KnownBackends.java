package dev.hasten.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import java.nio.file.Path;
import java.util.List;

/** The backends that Hasten knows of, with what each needs. */
final class KnownBackends {
  private KnownBackends() {}

  static List<Backend> all() {
    return List.of(
        CpuBackend.INSTANCE,
        new Unsupported(
            "openvino",
            OrtProvider.OPEN_VINO,
            "the plug-in provider library of the Python package onnxruntime-ep-openvino, unpacked"
                + " anywhere; this version of Hasten does not load it yet"),
        new Unsupported(
            "cuda",
            OrtProvider.CUDA,
            "an NVIDIA GPU with CUDA 12 and cuDNN 9, and the Maven artifact"
                + " com.microsoft.onnxruntime:onnxruntime_gpu in place of onnxruntime; this version"
                + " of Hasten does not run it yet"),
        new Unsupported(
            "tensorrt",
            OrtProvider.TENSOR_RT,
            "an NVIDIA GPU with TensorRT 10, and the Maven artifact"
                + " com.microsoft.onnxruntime:onnxruntime_gpu in place of onnxruntime; this version"
                + " of Hasten does not run it yet"));
  }

  /**
   * @throws BadInputException naming those that there are
   */
  static Backend named(String name) {
    return all().stream()
        .filter(backend -> backend.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new BadInputException(
                "backend: "
                    + name
                    + " (expected one of: "
                    + all().stream().map(Backend::name).toList()
                    + ")"));
  }

  /** Known, but not run by this version. */
  private record Unsupported(String name, OrtProvider provider, String needs) implements Backend {
    @Override
    public String version() {
      return "";
    }

    @Override
    public Availability.Missing availability() {
      boolean built =
          OnnxRuntime.failure() == null
              && OrtEnvironment.getAvailableProviders().contains(provider);
      return new Availability.Missing(
          built
              ? "the ONNX Runtime on the class path has this provider, but Hasten does not use it yet"
              : "the ONNX Runtime on the class path was built without this provider",
          needs);
    }

    @Override
    public Session open(Path model, SessionOptions options) {
      throw missing();
    }

    @Override
    public Session open(byte[] model, String modelName, SessionOptions options) {
      throw missing();
    }

    private EnvironmentException missing() {
      Availability.Missing missing = availability();
      return new EnvironmentException(
          "backend " + name + ": " + missing.reason() + " (it needs " + missing.remedy() + ")");
    }
  }
}
