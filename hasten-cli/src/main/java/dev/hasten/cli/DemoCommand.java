package dev.hasten.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Example;
import dev.hasten.runtime.Prediction;
import dev.hasten.runtime.Predictor;
import dev.hasten.study.Budget;
import dev.hasten.study.Study;
import dev.hasten.study.StudyResult;
import dev.hasten.study.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hasten demo}. */
@Command(
    name = "demo",
    description = "The whole story on a real sentence-embedding model and real text.",
    mixinStandardHelpOptions = true,
    footer = {
      "%nWrites the model, the text and workload.yaml to a folder, optimizes, and answers a query through the bundle.",
      "%nExamples:",
      "  hasten demo",
      "  hasten demo --query \"a place where ships are safe\"",
      "  hasten demo --prepare        only write the files, then: hasten optimize hasten-demo/workload.yaml"
    })
final class DemoCommand implements Callable<Integer> {
  private static final int CORPUS = 1_000;
  private static final int BATCH = 32;
  private static final int ANSWERS = 5;

  @Option(
      names = "--dir",
      paramLabel = "FOLDER",
      description = "Where the demo lives (default: ${DEFAULT-VALUE}).")
  private Path folder = Path.of("hasten-demo");

  @Option(
      names = "--query",
      paramLabel = "TEXT",
      description = "What to look up in the end (default: ${DEFAULT-VALUE}).")
  private String query = "a small animal that people keep at home";

  @Option(names = "--budget", paramLabel = "TIME", description = "How long the study may take.")
  private @Nullable String budget;

  @Option(names = "--prepare", description = "Only write the demo's files.")
  private boolean prepare;

  @Option(
      names = "--fresh",
      description = "Start anew; what an earlier run measured is kept aside.")
  private boolean fresh;

  @Mixin private Output output;

  record Answer(String word, String definition, double cosine) {}

  record Report(StudyResult study, String query, List<Answer> answers) {}

  private record Entry(String word, String definition, float[] embedding) {}

  @Override
  public Integer call() throws IOException {
    @Nullable Budget asking = budget == null ? null : Budget.parse("--budget", budget);
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new BadInputException("--dir: " + folder + " is a file (expected: a folder)");
    }
    DemoFiles files = new DemoFiles(folder).prepare();
    if (prepare) {
      output.print(
          files.workload().toString(), () -> "Prepared. Next: hasten optimize " + files.workload());
      return Main.Exit.DONE;
    }
    Workload workload = Workload.read(files.workload());
    if (asking != null) {
      workload = workload.withBudget(asking);
    }
    Workload asked = workload;
    StudyResult result =
        OptimizeCommand.study(
            asked,
            fresh,
            List.of("hasten demo" + (budget == null ? "" : " --budget " + budget)),
            false);
    if (!result.outcome().delivered()) {
      output.print(new Report(result, query, List.of()), () -> summary(result, asked));
      return Main.Exit.GOAL_NOT_MET;
    }
    List<Answer> answers = ask(asked.output(), files.examples());
    output.print(
        new Report(result, query, answers), () -> summary(result, asked) + "\n" + text(answers));
    return Main.Exit.DONE;
  }

  private static String summary(StudyResult result, Workload workload) {
    return Summary.of(result, workload.output(), Study.folder(workload));
  }

  /** Answers the query through the bundle, as an application would. */
  private List<Answer> ask(Path bundle, Path examples) throws IOException {
    try (Predictor predictor = Predictor.open(bundle)) {
      List<Entry> corpus = new ArrayList<>();
      List<JsonNode> batch = new ArrayList<>();
      ObjectMapper json = new ObjectMapper();
      for (String line : Files.readAllLines(examples).subList(0, CORPUS)) {
        batch.add(json.readTree(line));
        if (batch.size() == BATCH) {
          embed(predictor, batch, corpus);
          batch.clear();
        }
      }
      embed(predictor, batch, corpus);
      float[] wanted = predictor.predict(Example.text(query)).embedding();
      return corpus.stream()
          .map(e -> new Answer(e.word(), e.definition(), dot(wanted, e.embedding())))
          .sorted(Comparator.comparingDouble(Answer::cosine).reversed())
          .limit(ANSWERS)
          .toList();
    }
  }

  private static void embed(Predictor predictor, List<JsonNode> batch, List<Entry> into) {
    if (batch.isEmpty()) {
      return;
    }
    List<Prediction> predictions =
        predictor.predict(
            batch.stream().map(row -> Example.text(row.get("text").asText())).toList());
    for (int i = 0; i < batch.size(); i++) {
      JsonNode row = batch.get(i);
      into.add(
          new Entry(
              row.get("word").asText(), row.get("text").asText(), predictions.get(i).embedding()));
    }
  }

  /** Both are normalised, so this is the cosine. */
  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private String text(List<Answer> answers) {
    StringBuilder text =
        new StringBuilder("Asked the bundle for \"" + query + "\" among " + CORPUS + " glosses:\n");
    for (Answer answer : answers) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %.3f  %s: %s%n",
              answer.cosine(),
              answer.word(),
              answer.definition()));
    }
    return text.toString();
  }
}
