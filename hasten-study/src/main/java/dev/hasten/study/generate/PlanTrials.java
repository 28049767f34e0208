package dev.hasten.study.generate;

import dev.hasten.runtime.BadInputException;
import dev.hasten.runtime.Session;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Tries a plan on the session, then its neighbours, until one runs. */
final class PlanTrials {
  private static final int MOST = 60;
  private static final int DRAWS = 6;

  /** The default of a profile, so that what is tried is what is profiled. */
  private static final long FIRST_SEED = 42;

  private final Session session;

  PlanTrials(Session session) {
    this.session = session;
  }

  /**
   * @throws BadInputException if none runs, with what the runtime said to the first
   */
  InputPlan firstThatRuns(InputPlan draft) {
    BadInputException first = null;
    int tried = 0;
    for (InputPlan plan : neighbours(draft)) {
      if (tried++ >= MOST) {
        break;
      }
      try {
        tryOut(plan);
        return tried == 1 ? plan : noted(plan, draft, tried);
      } catch (BadInputException e) {
        first = first == null ? e : first;
      }
    }
    if (first == null) {
      throw new IllegalStateException("no plan was tried");
    }
    throw new BadInputException(
        "%s%s Tried %d choice(s) of sizes and values, the first being %s (expected: inputs that the model takes; give --shape NAME=SIZES or --dim NAME=SIZE, or a workload with data)"
            .formatted(
                String.valueOf(first.getMessage()).strip(),
                String.valueOf(first.getMessage()).strip().endsWith(".") ? "" : ".",
                Math.min(tried, MOST),
                describe(draft)),
        first);
  }

  /** Whole numbers of unknown meaning may fit by luck: several draws must run. */
  private void tryOut(InputPlan plan) {
    boolean lucky =
        plan.inputs().stream()
            .anyMatch(i -> i.values() instanceof ValueRule.Whole && !i.type().isFloating());
    for (int draw = 0; draw < (lucky ? DRAWS : 1); draw++) {
      session.run(plan.make(FIRST_SEED + draw));
    }
  }

  private static InputPlan noted(InputPlan plan, InputPlan draft, int tried) {
    List<String> notes = new ArrayList<>(plan.notes());
    notes.add(
        "the usual choice %s did not run; choice %d did: %s"
            .formatted(describe(draft), tried, describe(plan)));
    return new InputPlan(plan.inputs(), plan.axes(), notes);
  }

  static String describe(InputPlan plan) {
    return String.join(
        ", ",
        plan.inputs().stream()
            .map(i -> i.name() + " " + i.type() + plan.shape(i) + " of " + i.values().text())
            .toList());
  }

  /** The draft, then other sizes of each role, then of all, then other values with some of them. */
  private static Set<InputPlan> neighbours(InputPlan draft) {
    Set<InputPlan> plans = new LinkedHashSet<>();
    plans.add(draft);
    List<InputPlan> sized = new ArrayList<>(List.of(draft));
    for (AxisRole role : AxisRole.values()) {
      for (int step = 1; step < role.sizes().size(); step++) {
        sized.add(resized(draft, step, r -> r == role));
      }
    }
    for (int step = 1; step < 13; step++) {
      sized.add(resized(draft, step, role -> true));
    }
    plans.addAll(sized);
    for (long value : new long[] {1, 0}) {
      sized.stream().limit(8).forEach(plan -> plans.add(revalued(plan, value)));
    }
    return plans;
  }

  private static InputPlan resized(InputPlan draft, int step, Predicate<AxisRole> which) {
    List<Axis> axes =
        draft.axes().stream()
            .map(a ->
                a.origin() == Axis.Origin.GUESSED
                        && which.test(a.role())
                        && step < a.role().sizes().size()
                    ? a.withSize(a.role().sizes().get(step))
                    : a)
            .toList();
    return new InputPlan(draft.inputs(), axes, draft.notes());
  }

  /** Whole numbers that nothing is known of become {@code value}. */
  private static InputPlan revalued(InputPlan plan, long value) {
    List<PlannedInput> inputs =
        plan.inputs().stream()
            .map(i ->
                i.type().isFloating() || i.values() instanceof ValueRule.Words
                    ? i
                    : i.withValues(new ValueRule.Same(value)))
            .toList();
    return new InputPlan(inputs, plan.axes(), plan.notes());
  }
}
