package dev.hasten.study.layers;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Few patterns for many names: {@code /layer.*&#47;query/MatMul} for that of every block. */
final class Patterns {
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  /** Numbers of a name that may become a star, all ways tried: 2 to this power. */
  private static final int NUMBERS = 4;

  private Patterns() {}

  /**
   * Patterns that fit all of {@code wanted} and none of {@code others}: time and again the one that
   * fits the most of what is left, and of those the longest, which says most.
   */
  static List<String> of(Collection<String> wanted, Collection<String> others) {
    Set<String> candidates = new LinkedHashSet<>();
    wanted.forEach(name -> candidates.addAll(patterns(name)));
    List<String> left = new ArrayList<>(wanted);
    List<String> sound = new ArrayList<>();
    for (String pattern : candidates) {
      Pattern regex = regex(pattern);
      if (others.stream().noneMatch(name -> regex.matcher(name).matches())) {
        sound.add(pattern);
      }
    }
    List<String> chosen = new ArrayList<>();
    while (!left.isEmpty()) {
      String best = left.getFirst();
      long most = 1;
      for (String pattern : sound) {
        Pattern regex = regex(pattern);
        long fits = left.stream().filter(name -> regex.matcher(name).matches()).count();
        if (fits > most || (fits == most && fits > 1 && pattern.length() > best.length())) {
          best = pattern;
          most = fits;
        }
      }
      chosen.add(best);
      Pattern regex = regex(best);
      left.removeIf(name -> regex.matcher(name).matches());
    }
    return List.copyOf(chosen);
  }

  private static Pattern regex(String pattern) {
    return Pattern.compile("\\Q" + pattern.replace("*", "\\E.*\\Q") + "\\E");
  }

  /** What a name may be generalized to: any of its numbers a star, only its scope, only its end. */
  private static List<String> patterns(String name) {
    List<MatchResult> numbers = NUMBER.matcher(name).results().limit(NUMBERS).toList();
    List<String> patterns = new ArrayList<>();
    for (int bits = 1; bits < 1 << numbers.size(); bits++) {
      StringBuilder text = new StringBuilder(name);
      for (int i = numbers.size() - 1; i >= 0; i--) {
        if ((bits >> i & 1) == 1) {
          text.replace(numbers.get(i).start(), numbers.get(i).end(), "*");
        }
      }
      patterns.add(text.toString());
    }
    for (int i = name.indexOf('/', 1); i >= 0; i = name.indexOf('/', i + 1)) {
      patterns.add(name.substring(0, i + 1) + "*");
      patterns.add("*" + name.substring(i));
    }
    return patterns;
  }
}
