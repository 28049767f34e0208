package dev.hasten.serve.repository;

import dev.hasten.runtime.BadInputException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which versions of a model are served; Triton's {@code version_policy}. */
public sealed interface VersionPolicy {
  /** What a version's folder may be called. */
  String NUMBER = "[1-9][0-9]{0,17}";

  /**
   * The newest that can be opened.
   *
   * @param count how many
   */
  record Latest(int count) implements VersionPolicy {
    public Latest {
      if (count < 1) {
        throw new BadInputException("latest:" + count + " (expected: at least 1)");
      }
    }
  }

  /** Each. */
  record All() implements VersionPolicy {}

  /** These. */
  record Specific(Set<Long> numbers) implements VersionPolicy {
    public Specific {
      numbers = Set.copyOf(numbers);
      if (numbers.isEmpty()) {
        throw new BadInputException("none (expected: at least one number)");
      }
    }
  }

  /** The newest alone, as Triton does where nothing is said. */
  static VersionPolicy latest() {
    return new Latest(1);
  }

  /**
   * @param text {@code latest}, {@code latest:3}, {@code all} or {@code 1,4}
   */
  static VersionPolicy parse(String text) {
    String word = text.strip();
    if (word.equals("all")) {
      return new All();
    }
    if (word.equals("latest")) {
      return latest();
    }
    if (word.matches("latest:[0-9]{1,9}")) {
      return new Latest(Integer.parseInt(word.substring("latest:".length())));
    }
    if (word.matches(NUMBER + "(\\s*,\\s*" + NUMBER + ")*")) {
      return new Specific(
          List.of(word.split("\\s*,\\s*")).stream()
              .map(Long::valueOf)
              .collect(Collectors.toCollection(TreeSet::new)));
    }
    throw new BadInputException(
        "'%s' (expected: latest, latest:N, all, or numbers such as 1,4)".formatted(text));
  }

  /** Those that may be served, the newest first: the first {@link #most} that open are. */
  default List<String> candidates(Collection<String> versions) {
    List<String> wanted = new ArrayList<>(versions);
    if (this instanceof Specific(Set<Long> numbers)) {
      wanted.removeIf(version -> !numbers.contains(Long.valueOf(version)));
    }
    wanted.sort(ModelFiles.BY_NUMBER.reversed());
    return wanted;
  }

  /** How many are served at once. */
  default int most() {
    return switch (this) {
      case Latest(int count) -> count;
      case All() -> Integer.MAX_VALUE;
      case Specific s -> Integer.MAX_VALUE;
    };
  }
}
