package dev.hasten.serve.protocol;

import dev.hasten.runtime.NdArray;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A call of a model with tensors.
 *
 * @param id given back with the answer; empty: none
 * @param inputs by name, in the order sent
 * @param outputs wanted; none: all
 * @param parameters strings, booleans and numbers by name
 * @param binaryOutputs whether outputs that do not say how they want to be sent are sent as bytes
 */
public record InferenceRequest(
    String id,
    Map<String, NdArray> inputs,
    List<RequestedOutput> outputs,
    Map<String, Object> parameters,
    boolean binaryOutputs) {
  public InferenceRequest {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    outputs = List.copyOf(outputs);
    parameters = Map.copyOf(parameters);
  }

  /**
   * @param binary whether it is sent as bytes behind the JSON
   * @param classes more than 0: only the labels of that many largest elements are wanted
   */
  public record RequestedOutput(String name, boolean binary, int classes) {}
}
