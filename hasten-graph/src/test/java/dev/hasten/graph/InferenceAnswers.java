package dev.hasten.graph;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the ONNX project's inference says of a set of models, as {@code
 * bench/peers/onnx_inference.py} writes it, compared value by value with ours.
 */
final class InferenceAnswers {
  /** How ours stands to theirs. */
  enum Verdict {
    MORE_PRECISE,
    EQUAL,
    LESS_PRECISE,
    CONTRADICTION
  }

  /** One value of theirs; dims null where not even the rank is known, null in it where a length. */
  record Answer(Form form, @Nullable DataType type, @Nullable List<@Nullable String> dims) {}

  private final Map<String, Map<String, Answer>> models = new LinkedHashMap<>();
  private final Map<Verdict, Integer> counts = new TreeMap<>();
  private final Map<String, Map<Verdict, Integer>> byOperator = new TreeMap<>();
  private final List<String> findings = new ArrayList<>();
  private int unreadable;

  private InferenceAnswers() {}

  static InferenceAnswers read(Path file) throws IOException {
    InferenceAnswers out = new InferenceAnswers();
    Map<String, Answer> model = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] words = line.split("\t");
      switch (words[0]) {
        case "#" -> {}
        case "M" -> {
          model = new LinkedHashMap<>();
          out.models.put(words[1], model);
        }
        case "V" -> model.put(words[1], answer(words));
        default -> throw new IOException(file + ": line '" + line + "' (expected: #, M or V)");
      }
    }
    return out;
  }

  private static Answer answer(String[] words) {
    Form form =
        switch (words[2]) {
          case "t" -> Form.TENSOR;
          case "s" -> Form.SEQUENCE;
          case "o" -> Form.OPTIONAL;
          case "os" -> Form.OPTIONAL_SEQUENCE;
          default -> Form.OTHER;
        };
    List<@Nullable String> dims = null;
    if (!words[4].equals("-")) {
      dims = new ArrayList<>();
      for (String dim : words[4].equals("[]") ? new String[0] : words[4].split(",")) {
        dims.add(dim.equals("?") ? null : dim);
      }
    }
    return new Answer(form, DataType.find(Integer.parseInt(words[3])), dims);
  }

  Map<Verdict, Integer> counts() {
    return counts;
  }

  Map<String, Map<Verdict, Integer>> byOperator() {
    return byOperator;
  }

  /** Every value where ours is less precise or says otherwise. */
  List<String> findings() {
    return findings;
  }

  int count(Verdict verdict) {
    return counts.getOrDefault(verdict, 0);
  }

  /** Models that Hasten does not read: older than opset 7. */
  int unreadable() {
    return unreadable;
  }

  int modelCount() {
    return models.size();
  }

  /** Compares all models found below a folder; those missing there are left out. */
  void compare(Path folder) {
    models.forEach((path, answers) -> {
      Path file = folder.resolve(path);
      if (!Files.exists(file)) {
        return;
      }
      Model model;
      try {
        model = Model.read(file);
      } catch (ModelException e) {
        unreadable++;
        return;
      }
      Shapes shapes = ShapeInference.inferUndeclared(model);
      Map<String, Dim> symbols = new LinkedHashMap<>();
      answers.forEach((name, theirs) -> {
        Value value = model.graph().find(name);
        Node producer = value == null ? null : value.producer();
        if (value != null && producer != null) {
          judge(path, producer, value, theirs, shapes, symbols);
        }
      });
      shapes.contradictions().forEach(c -> findings.add(path + " CONTRADICTS ITSELF " + c));
    });
  }

  private void judge(
      String path,
      Node producer,
      Value value,
      Answer theirs,
      Shapes shapes,
      Map<String, Dim> symbols) {
    Fact ours = shapes.fact(value);
    Verdict verdict = verdict(ours, theirs, symbols);
    counts.merge(verdict, 1, Integer::sum);
    String operator =
        (producer.domain().isEmpty() ? "" : producer.domain() + ".") + producer.opType();
    byOperator.computeIfAbsent(operator, _ -> new TreeMap<>()).merge(verdict, 1, Integer::sum);
    if (verdict.compareTo(Verdict.EQUAL) > 0) {
      findings.add(
          "%s %s %s of %s: ours %s %s %s, theirs %s"
              .formatted(
                  path,
                  verdict,
                  value.name(),
                  producer,
                  ours.form(),
                  ours.type(),
                  ours.shape(),
                  theirs));
    }
  }

  /** {@code symbols}: ours for each symbol of theirs; what they hold equal must be equal. */
  private static Verdict verdict(Fact ours, Answer theirs, Map<String, Dim> symbols) {
    boolean more = false;
    boolean less = false;
    boolean nothing = ours.type() == null && ours.shape() == null;
    if (ours.form() != theirs.form() && !nothing) {
      return Verdict.CONTRADICTION;
    }
    if (ours.type() == null) {
      less = theirs.type() != null;
    } else if (theirs.type() != null && theirs.type() != ours.type()) {
      return Verdict.CONTRADICTION;
    }
    Shape shape = ours.shape();
    List<@Nullable String> dims = theirs.dims();
    if (shape == null || dims == null) {
      more |= shape != null;
      less |= dims != null;
    } else if (shape.rank() != dims.size()) {
      return Verdict.CONTRADICTION;
    } else {
      for (int i = 0; i < dims.size(); i++) {
        Dim mine = shape.dim(i);
        String other = dims.get(i);
        boolean known = !Broadcasting.isAnonymous(mine);
        if (other == null || other.startsWith("unk__")) {
          more |= known;
          Dim before = other == null ? null : symbols.putIfAbsent(other, mine);
          less |= before != null && !before.equals(mine);
        } else if (mine.isFixed() && other.matches("\\d+")) {
          if (!mine.toString().equals(other)) {
            return Verdict.CONTRADICTION;
          }
        } else if (mine.isFixed()) {
          more = true;
        } else if (other.matches("\\d+") || !known) {
          less = true;
        }
      }
    }
    return less ? Verdict.LESS_PRECISE : more ? Verdict.MORE_PRECISE : Verdict.EQUAL;
  }

  /** {@code ANSWERS FOLDER}: prints counts and findings. */
  public static void main(String[] args) throws IOException {
    InferenceAnswers answers = read(Path.of(args[0]));
    answers.compare(Path.of(args[1]));
    answers.findings().forEach(System.out::println);
    answers.byOperator().forEach((operator, counts) -> System.out.println(operator + " " + counts));
    System.out.println(
        answers.modelCount()
            + " models, unreadable "
            + answers.unreadable()
            + ": "
            + answers.counts());
  }
}
