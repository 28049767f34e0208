package dev.hasten.study.layers;

import dev.hasten.graph.DataType;
import dev.hasten.graph.Graph;
import dev.hasten.graph.Model;
import dev.hasten.graph.Shape;
import dev.hasten.graph.Shapes;
import dev.hasten.graph.Value;
import dev.hasten.runtime.NdArray;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What lies between some values of a model and some others, as a model of its own. Weights are
 * shared with the whole.
 *
 * @param model the part
 * @param inputs the part's name for each of the whole's values that it reads
 * @param outputs the whole's names of what it gives, in the order of the part's outputs
 */
record Part(Model model, Map<String, String> inputs, List<String> outputs) {
  /**
   * Cuts a part out.
   *
   * @param shapes of the whole's values
   * @param given values that are known, with an example of each for its type
   * @param wanted values to compute, none of them given
   */
  static Part of(
      Model whole, Shapes shapes, Map<String, NdArray> given, Collection<String> wanted) {
    Model model = whole.copy();
    Graph graph = model.graph();
    for (Value output : List.copyOf(graph.outputs())) {
      graph.removeOutput(output);
    }
    Map<String, String> inputs = new LinkedHashMap<>();
    given.forEach((name, example) -> {
      Value value = graph.value(name);
      if (value.isInput()) {
        inputs.put(name, name);
      } else {
        DataType type = DataType.of(example.type().onnx());
        Shape shape = shapes.shape(whole.graph().value(name));
        Value input = graph.addInput(name + "_given", type, shape);
        graph.replaceUses(value, input);
        inputs.put(name, input.name());
      }
    });
    wanted.forEach(name -> graph.addOutput(graph.value(name)));
    graph.removeDead();
    for (Value input : List.copyOf(graph.inputs())) {
      if (!input.isUsed()) {
        graph.remove(input);
        inputs.values().remove(input.name());
      }
    }
    return new Part(model, inputs, List.copyOf(wanted));
  }

  /** Picks this part's inputs out of the values known. */
  Map<String, NdArray> feed(Map<String, NdArray> values) {
    Map<String, NdArray> feed = new LinkedHashMap<>();
    inputs.forEach((whole, own) -> {
      NdArray value = values.get(whole);
      if (value != null) {
        feed.put(own, value);
      }
    });
    return feed;
  }
}
