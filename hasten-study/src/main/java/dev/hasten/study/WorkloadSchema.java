package dev.hasten.study;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.NodePath;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The published schema, and its violations in words. */
final class WorkloadSchema {
  /** Most characters of a value that a message shows. */
  private static final int SHOWN = 60;

  private static final String RESOURCE = "workload.schema.json";

  private WorkloadSchema() {}

  /**
   * A violation.
   *
   * @param path of the value, such as {@code [data, split, test]}
   * @param message without the path
   * @param atKey whether the key is at fault rather than the value
   */
  record Fault(List<Object> path, String message, boolean atKey) {}

  static String text() {
    try (InputStream in = WorkloadSchema.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from Hasten's own jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every violation of the document, given as JSON. */
  static List<Fault> check(String json) {
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(text(), InputFormat.JSON);
    List<Fault> faults = new ArrayList<>();
    for (Error error : schema.validate(json, InputFormat.JSON)) {
      faults.add(fault(error));
    }
    return faults;
  }

  private static Fault fault(Error error) {
    List<Object> path = new ArrayList<>();
    NodePath location = error.getInstanceLocation();
    for (int i = 0; i < location.getNameCount(); i++) {
      path.add(location.getElement(i));
    }
    String found = error.getInstanceNode() == null ? "" : error.getInstanceNode().toString();
    // Somebody may have given another file, whose parts can be of any size.
    found = found.length() > SHOWN ? found.substring(0, SHOWN) + "…" : found;
    found =
        found.startsWith("\"") && found.endsWith("\"")
            ? "'" + found.substring(1, found.length() - 1) + "'"
            : found;
    switch (error.getKeyword()) {
      case "additionalProperties", "unevaluatedProperties" -> {
        String key = String.valueOf(error.getProperty());
        List<String> known = properties(error);
        path.add(key);
        return new Fault(path, "unknown field (" + Words.hint(key, known) + ")", true);
      }
      case "required" -> {
        return new Fault(path, "'" + error.getProperty() + "' is missing: add it", true);
      }
      case "enum" -> {
        List<String> known = new ArrayList<>();
        error.getSchemaNode().forEach(n -> known.add(n.stringValue("")));
        return new Fault(
            path, found + " (" + Words.hint(found.replace("'", ""), known) + ")", false);
      }
      case "pattern" -> {
        return new Fault(path, found + " (expected: " + form(path, "another form") + ")", false);
      }
      case "type" -> {
        return new Fault(path, found + " (expected: " + form(path, expected(error)) + ")", false);
      }
      default -> {
        return new Fault(path, found + " (expected: " + expected(error) + ")", false);
      }
    }
  }

  private static List<String> properties(Error error) {
    List<String> known = new ArrayList<>();
    // The keyword's own node is `false`; the fields stand beside it, so they are looked up from
    // the root by the path of the value.
    tools.jackson.databind.JsonNode node =
        tools.jackson.databind.json.JsonMapper.shared().readTree(text());
    for (int i = 0; i < error.getInstanceLocation().getNameCount(); i++) {
      Object element = error.getInstanceLocation().getElement(i);
      node =
          element instanceof Integer
              ? node.path("items")
              : node.path("properties").path(String.valueOf(element));
    }
    known.addAll(node.path("properties").propertyNames());
    return known;
  }

  private static String expected(Error error) {
    String wanted = String.valueOf(error.getSchemaNode()).replace("\"", "");
    return switch (error.getKeyword()) {
      case "type" ->
          wanted.startsWith("[")
              ? wanted.substring(1, wanted.length() - 1).replace(",", " or ")
              : wanted;
      case "minimum" -> ">= " + wanted;
      case "maximum" -> "<= " + wanted;
      case "exclusiveMinimum" -> "> " + wanted;
      case "exclusiveMaximum" -> "< " + wanted;
      case "minItems" -> "at least " + wanted + " entry";
      case "minLength" -> "text that is not empty";
      default -> error.getMessage();
    };
  }

  /** How a field whose text has a form is written. */
  private static String form(List<Object> path, String otherwise) {
    return switch (path.isEmpty() ? "" : String.valueOf(path.getLast())) {
      case "budget" -> "a time such as 90s, 10m or 1h30m";
      case "p99" -> "a time such as 20ms or 1.5s";
      case "memory", "size" -> "a size such as 500MB or 30MiB";
      case "maxDrop" -> "a number >= 0 or a percentage such as 1%";
      case "targetOrt" -> "a release of ONNX Runtime such as '1.17'";
      case "length" -> "a number of tokens >= 1, or natural";
      default -> otherwise;
    };
  }
}
