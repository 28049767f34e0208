package dev.hasten.measure;

import dev.hasten.runtime.Example;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One example of a dataset with what is known about it.
 *
 * @param id the data's own identifier, or the position in the file (from 0) where it has none
 * @param example what the model is asked
 * @param label the right answer, if the data hold one
 * @param slices field to value, for quality per slice
 */
public record LabeledExample(
    String id, Example example, @Nullable String label, Map<String, String> slices) {
  public LabeledExample {
    slices = Map.copyOf(slices);
  }
}
