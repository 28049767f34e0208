package dev.hasten.measure;

import java.util.List;

/**
 * The speeds of all subjects in one row.
 *
 * @param row the condition
 * @param subjects the baseline first, then the candidates in the order given
 * @param noise the baseline against itself: what a ratio of exactly 1 looked like in the same
 *     blocks
 * @param stable whether the warm-up ended because times no longer drifted, not because its time was
 *     up
 */
public record RowSpeed(Row row, List<SubjectSpeed> subjects, Interval noise, boolean stable) {
  public RowSpeed {
    subjects = List.copyOf(subjects);
  }

  /** The baseline. */
  public SubjectSpeed baseline() {
    return subjects.get(0);
  }

  /** The subject of that name. */
  public SubjectSpeed subject(String name) {
    return subjects.stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(name + ": not in this test " + subjects));
  }
}
