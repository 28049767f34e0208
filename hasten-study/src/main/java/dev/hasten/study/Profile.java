package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import dev.hasten.measure.OperatorProfile.NodeTime;
import dev.hasten.measure.ProcessCost;
import dev.hasten.runtime.Backend;
import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.EnvironmentException;
import dev.hasten.runtime.NdArray;
import dev.hasten.runtime.Session;
import dev.hasten.runtime.SessionOptions;
import dev.hasten.study.blocks.Activations;
import dev.hasten.study.blocks.BlockCosts;
import dev.hasten.study.blocks.Blocks;
import dev.hasten.study.generate.InputPlan;
import dev.hasten.study.generate.InputPlanner;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds out where the time of a model goes, and what could help. */
public final class Profile {
  /** A model that takes seconds to load and to answer is not looked at in every row. */
  private static final Duration MOST = Duration.ofMinutes(1);

  private Profile() {}

  /** A profile with what else was found and the advice drawn from it. */
  public record WithAdvice(ProfileResult profile, ProfileDetail detail, List<Advice> advice) {
    public WithAdvice {
      advice = List.copyOf(advice);
    }
  }

  /** Profiles the workload's model on its data; about half a minute. */
  public static WithAdvice of(Workload workload, Progress progress) {
    Model model = Model.read(workload.model());
    Hardware hardware = Hardware.detect();
    try (Lab lab = new Lab(workload, model, hardware, workload.folder(), null, progress)) {
      progress.phase("Profile", 1, 1);
      WorkloadSource source = new WorkloadSource(lab, workload);
      Profiler.Taken taken =
          new Profiler(source, hardware.cores(), Duration.ofMillis(700), MOST, progress)
              .profile(workload.model(), true, null);
      ProfileDetail detail =
          detail(workload.model(), model, source, taken, List.of(), List.of(), true);
      progress.at("done", 1, Duration.ZERO);
      return new WithAdvice(taken.result(), detail, Advisor.advise(taken.result(), hardware));
    }
  }

  /**
   * Profiles a model without data, on inputs made up for it; about ten seconds.
   *
   * @throws BadInputException if no inputs can be made up that the model runs with; the message
   *     gives the runtime's reason and how to give sizes
   */
  public static WithAdvice of(Path file, ProfileOptions options, Progress progress) {
    Model model = Model.read(file);
    model.validate();
    Hardware hardware = Hardware.detect();
    progress.phase("Profile", 1, 1);
    progress.at("inputs", 0.02, Duration.ofSeconds(15));
    InputPlan plan;
    try (Session session = Backend.cpu().open(file, SessionOptions.defaults())) {
      plan = InputPlanner.plan(model, session, options.given());
    }
    plan.warnings().forEach(progress::note);
    GeneratedSource source = new GeneratedSource(plan, options.threads(), options.seed());
    Profiler.Taken taken =
        new Profiler(source, hardware.cores(), options.perRow(), MOST, progress)
            .profile(file, options.scaling(), options.peaks());
    List<ProfileDetail.InputLine> lines =
        plan.inputs().stream()
            .map(i ->
                new ProfileDetail.InputLine(
                    i.name(), i.type().toString(), plan.shape(i), i.values().text()))
            .toList();
    progress.at("memory", 0.95, Duration.ofSeconds(2));
    ProfileDetail detail =
        detail(file, model, source, taken, lines, plan.warnings(), options.memory());
    progress.at("done", 1, Duration.ZERO);
    return new WithAdvice(taken.result(), detail, Advisor.advise(taken.result(), hardware));
  }

  private static ProfileDetail detail(
      Path file,
      Model model,
      ProfileSource source,
      Profiler.Taken taken,
      List<ProfileDetail.InputLine> lines,
      List<String> warnings,
      boolean memory) {
    List<Map<String, NdArray>> inputs = source.inputs(source.row());
    Map<String, List<Long>> shapes = new HashMap<>();
    inputs
        .getFirst()
        .forEach((name, array) -> shapes.put(name, Arrays.stream(array.shape()).boxed().toList()));
    List<String> told = new ArrayList<>(warnings);
    ProfileDetail.Memory used = memory ? memory(file, inputs, source, told) : null;
    Blocks blocks = Blocks.of(model.graph());
    return new ProfileDetail(
        source instanceof GeneratedSource,
        lines,
        told,
        blocks.all().isEmpty() ? List.of() : BlockCosts.of(model, blocks, taken.operators()),
        Activations.of(model, shapes, taken.operators()),
        used,
        taken.cost(),
        source instanceof GeneratedSource generated ? generated.unit() : "tokens",
        nodeTimes(model, taken));
  }

  private static ProfileDetail.@Nullable Memory memory(
      Path file, List<Map<String, NdArray>> inputs, ProfileSource source, List<String> warnings) {
    try {
      ProcessCost cost = ProcessCost.measure(file, inputs.subList(0, 1), source.row().threads());
      return new ProfileDetail.Memory(cost.modelBytes(), cost.load());
    } catch (BadInputException | EnvironmentException e) {
      // What else was found stands without it.
      warnings.add("memory was not measured: " + e.getMessage());
      return null;
    }
  }

  private static Map<String, Double> nodeTimes(Model model, Profiler.Taken taken) {
    ExecutedNames names = new ExecutedNames(model.graph());
    Map<String, Double> times = new HashMap<>();
    for (NodeTime node : taken.operators().nodes()) {
      names
          .node(node.node())
          .ifPresent(own -> times.merge(own.name(), node.perRun().toNanos() / 1e3, Double::sum));
    }
    return times;
  }
}
