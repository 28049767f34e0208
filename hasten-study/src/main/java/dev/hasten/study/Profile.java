package dev.hasten.study;

import dev.hasten.graph.Model;
import dev.hasten.measure.Hardware;
import java.time.Duration;
import java.util.List;

/** Finds out where the time of a model goes, and what could help. */
public final class Profile {
  private Profile() {}

  /** A profile with the advice drawn from it. */
  public record WithAdvice(ProfileResult profile, List<Advice> advice) {
    public WithAdvice {
      advice = List.copyOf(advice);
    }
  }

  /** Profiles the workload's model on its data; about half a minute. */
  public static WithAdvice of(Workload workload, Progress progress) {
    Model model = Model.read(workload.model());
    Hardware hardware = Hardware.detect();
    try (Lab lab = new Lab(workload, model, hardware, workload.folder(), null)) {
      progress.phase("Profile", 1, 1);
      progress.at("operators, peaks, scaling", 0.1, Duration.ofSeconds(15));
      ProfileResult profile = lab.profile(new TrialRunner.Subject(TrialRunner.BASELINE, ""), true);
      progress.at("done", 1, Duration.ZERO);
      return new WithAdvice(profile, Advisor.advise(profile, hardware));
    }
  }
}
