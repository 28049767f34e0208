package dev.hasten.serve.protocol;

import dev.hasten.runtime.NdArray;
import dev.hasten.serve.repository.ServedModel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model's answer in tensors.
 *
 * @param id the request's
 * @param outputs by name, in the order asked for
 * @param binary those of them that are sent as bytes
 */
public record InferenceResponse(
    String model, String version, String id, Map<String, NdArray> outputs, Set<String> binary) {
  public InferenceResponse {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    binary = Set.copyOf(binary);
  }

  /** As the other, of a model. */
  static InferenceResponse of(
      ServedModel model, InferenceRequest request, Map<String, NdArray> given) {
    return of(model.name(), model.version(), request, given, model.labels());
  }

  /**
   * What was asked for of what the model gave.
   *
   * @param labels names of classes by output
   * @throws ProtocolException if the model has no such output
   */
  public static InferenceResponse of(
      String model,
      String version,
      InferenceRequest request,
      Map<String, NdArray> given,
      Map<String, List<String>> labels) {
    Map<String, NdArray> outputs = new LinkedHashMap<>();
    Set<String> binary = new java.util.LinkedHashSet<>();
    if (request.outputs().isEmpty()) {
      outputs.putAll(given);
      if (request.binaryOutputs()) {
        binary.addAll(given.keySet());
      }
    }
    for (InferenceRequest.RequestedOutput wanted : request.outputs()) {
      NdArray output = given.get(wanted.name());
      if (output == null) {
        throw ProtocolException.invalid(
            "output '%s' is not one of the model's (expected one of %s)"
                .formatted(Texts.brief(wanted.name()), given.keySet()));
      }
      outputs.put(
          wanted.name(),
          wanted.classes() > 0
              ? Classification.of(
                  output, wanted.classes(), labels.getOrDefault(wanted.name(), List.of()))
              : output);
      if (wanted.binary()) {
        binary.add(wanted.name());
      }
    }
    return new InferenceResponse(model, version, request.id(), outputs, binary);
  }
}
