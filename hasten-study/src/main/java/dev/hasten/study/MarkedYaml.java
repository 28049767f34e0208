package dev.hasten.study;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** A YAML file as maps and lists, knowing on which line and column each of them stands. */
public final class MarkedYaml {
  private final Path file;
  private final Object content;
  private final Map<List<Object>, Mark> values = new HashMap<>();
  private final Map<List<Object>, Mark> keys = new HashMap<>();

  private MarkedYaml(Path file, Node root, Object content) {
    this.file = file;
    this.content = content;
    walk(root, List.of());
  }

  /**
   * @param expected what it should be, for messages
   * @param keys what it should have, for messages
   * @throws BadInputException naming line and column of what is no YAML
   */
  public static MarkedYaml read(Path file, String expected, String keys) {
    if (!Files.isRegularFile(file)) {
      throw new BadInputException(file + ": no such file (expected: " + expected + ")");
    }
    LoadSettings settings =
        LoadSettings.builder().setLabel(file.toString()).setAllowDuplicateKeys(false).build();
    try {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      Optional<Node> root = new Compose(settings).composeString(text);
      if (root.isEmpty()) {
        throw new BadInputException(file + ": empty (expected: " + keys + ")");
      }
      Object content = new StandardConstructor(settings).constructSingleDocument(root);
      return new MarkedYaml(file, root.get(), content);
    } catch (MarkedYamlEngineException e) {
      String where = e.getProblemMark().map(MarkedYaml::position).orElse("1:1");
      throw new BadInputException(file + ":" + where + ": not YAML: " + e.getProblem(), e);
    } catch (CharacterCodingException e) {
      throw new BadInputException(file + ": is not text (expected: UTF-8)", e);
    } catch (StackOverflowError e) {
      // The parser recurses, and sets no limit itself.
      throw new BadInputException(file + ": nested too deeply (expected: " + expected + ")", e);
    } catch (YamlEngineException | IOException e) {
      throw new BadInputException(file + ": cannot be read as YAML: " + e.getMessage(), e);
    }
  }

  /** Maps, lists, texts, numbers and booleans. */
  public Object content() {
    return content;
  }

  /**
   * {@code workload.yaml:12:5: quality.metric: message}.
   *
   * @param atKey whether the key is to blame, not its value
   */
  public String at(List<Object> path, String message, boolean atKey) {
    Mark mark = null;
    for (int n = path.size(); n >= 0 && mark == null; n--) {
      List<Object> prefix = path.subList(0, n);
      boolean whole = n == path.size();
      mark = whole && !atKey ? values.get(prefix) : keys.getOrDefault(prefix, values.get(prefix));
    }
    StringBuilder name = new StringBuilder();
    for (Object element : path) {
      if (element instanceof Integer i) {
        name.append('[').append(i).append(']');
      } else {
        name.append(name.isEmpty() ? "" : ".").append(element);
      }
    }
    return file
        + ":"
        + (mark == null ? "1:1" : position(mark))
        + ": "
        + (name.isEmpty() ? "" : name + ": ")
        + message;
  }

  /** An error at a value. */
  public BadInputException fault(String message, Object... path) {
    return new BadInputException(at(List.of(path), message, false));
  }

  private static String position(Mark mark) {
    return (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
  }

  private void walk(Node node, List<Object> path) {
    node.getStartMark().ifPresent(mark -> values.put(path, mark));
    if (node instanceof MappingNode map) {
      for (NodeTuple entry : map.getValue()) {
        String key = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
        List<Object> child = child(path, key);
        entry.getKeyNode().getStartMark().ifPresent(mark -> keys.put(child, mark));
        walk(entry.getValueNode(), child);
      }
    } else if (node instanceof SequenceNode list) {
      for (int i = 0; i < list.getValue().size(); i++) {
        walk(list.getValue().get(i), child(path, i));
      }
    }
  }

  private static List<Object> child(List<Object> path, Object element) {
    List<Object> child = new ArrayList<>(path);
    child.add(element);
    return List.copyOf(child);
  }
}
