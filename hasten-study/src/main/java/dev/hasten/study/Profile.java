package dev.hasten.study;

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
    throw new UnsupportedOperationException();
  }
}
