package dev.hasten.serve.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hasten.runtime.PipelineSpec;
import dev.hasten.runtime.TableColumn;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a person has to give a model, so that the page can ask for it. */
final class InputForm {
  private InputForm() {}

  static void of(ObjectNode out, PipelineSpec pipeline) {
    switch (pipeline) {
      case PipelineSpec.Text text -> out.put("kind", "text").put("max_tokens", text.maxLength());
      case PipelineSpec.Image image -> out.put("kind", "image");
      case PipelineSpec.Audio audio -> out.put("kind", "audio").put("rate", audio.rate());
      case PipelineSpec.Tensors tensors -> out.put("kind", "tensors");
      case PipelineSpec.Table table -> {
        ArrayNode fields = out.put("kind", "row").putArray("fields");
        // A field may stand in several columns; the one that knows most of it decides.
        Map<String, TableColumn> columns = new LinkedHashMap<>();
        table
            .columns()
            .forEach(column ->
                columns.merge(
                    column.field(), column, (a, b) -> a instanceof TableColumn.Missing ? b : a));
        columns.values().forEach(column -> field(fields.addObject(), column));
      }
    }
  }

  private static void field(ObjectNode out, TableColumn column) {
    out.put("name", column.field());
    switch (column) {
      case TableColumn.Numeric numeric -> out.put("type", "number");
      case TableColumn.OneHot oneHot -> categories(out, oneHot.categories());
      case TableColumn.Ordinal ordinal -> categories(out, ordinal.categories());
      case TableColumn.Text text -> out.put("type", "text");
      case TableColumn.Missing missing -> out.put("type", "text");
    }
  }

  private static void categories(ObjectNode out, List<@Nullable Object> categories) {
    out.put("type", "category");
    ArrayNode values = out.putArray("categories");
    for (Object category : categories) {
      switch (category) {
        case null -> {}
        case Boolean flag -> values.add(flag);
        case Number number
            when number.doubleValue() == Math.rint(number.doubleValue())
                && Math.abs(number.doubleValue()) < 1L << 53 ->
            values.add(number.longValue());
        case Number number -> values.add(number.doubleValue());
        default -> values.add(String.valueOf(category));
      }
    }
  }
}
