package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.BadInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalTest {
  private static final Map<String, String> HEADER = Map.of("workload", "abc", "runtime", "1.29");

  @TempDir Path folder;

  record Answer(String text, double number, Duration took, List<Integer> list) {}

  private Path file() {
    return folder.resolve("deep/er/journal.jsonl");
  }

  private Journal open() {
    return Journal.open(file(), HEADER, false);
  }

  private static Answer answer(int i) {
    return new Answer("é\n" + i, 0.1 * i, Duration.ofNanos(1_234_567_891L * i), List.of(i, 2 * i));
  }

  private static Answer neverAgain() {
    throw new AssertionError("what is known is not found out again");
  }

  @Test
  void whatIsKnownIsReplayedWithoutRunning() {
    try (Journal journal = open()) {
      assertThat(journal.resumed()).isFalse();
      for (int i = 0; i < 5; i++) {
        int n = i;
        assertThat(journal.once("k" + i, Answer.class, () -> answer(n))).isEqualTo(answer(i));
        assertThat(journal.once("k" + i, Answer.class, JournalTest::neverAgain))
            .isEqualTo(answer(i));
      }
    }
    try (Journal journal = open()) {
      assertThat(journal.resumed()).isTrue();
      for (int i = 0; i < 5; i++) {
        assertThat(journal.has("k" + i)).isTrue();
        assertThat(journal.once("k" + i, Answer.class, JournalTest::neverAgain))
            .isEqualTo(answer(i));
      }
      assertThat(journal.once("k5", Answer.class, () -> answer(5))).isEqualTo(answer(5));
    }
    assertThat(file()).content().hasLineCount(7);
  }

  @Test
  void theFirstAnswerHasTheTypesOfTheReplayedOne() {
    Step step = new Step("t", Map.of("a", 5L, "b", 0.25f, "c", List.of(1L), "d", true));
    Step first;
    try (Journal journal = open()) {
      first = journal.once("k", Step.class, () -> step);
    }
    try (Journal journal = open()) {
      assertThat(journal.once("k", Step.class, () -> step)).isEqualTo(first);
    }
  }

  @Test
  void aLineTornAnywhereCostsThatLineOnly() throws IOException {
    try (Journal journal = open()) {
      journal.once("a", Answer.class, () -> answer(1));
      journal.once("b", Answer.class, () -> answer(2));
    }
    byte[] whole = Files.readAllBytes(file());
    int last = lastLine(whole);
    for (int cut = last; cut < whole.length; cut++) {
      Files.write(file(), Arrays.copyOf(whole, cut));
      try (Journal journal = open()) {
        assertThat(journal.once("a", Answer.class, JournalTest::neverAgain)).isEqualTo(answer(1));
        assertThat(journal.has("b")).as("cut at %d of %d", cut, whole.length).isFalse();
        journal.once("b", Answer.class, () -> answer(3));
      }
      try (Journal journal = open()) {
        assertThat(journal.once("b", Answer.class, JournalTest::neverAgain))
            .as("written after a cut at %d", cut)
            .isEqualTo(answer(3));
      }
    }
  }

  /** Where the last line begins. */
  private static int lastLine(byte[] text) {
    int at = text.length - 2;
    while (text[at] != '\n') {
      at--;
    }
    return at + 1;
  }

  @Test
  void aTornHeaderBeginsAnew() throws IOException {
    open().close();
    byte[] whole = Files.readAllBytes(file());
    for (int cut = 0; cut < whole.length; cut++) {
      Files.write(file(), Arrays.copyOf(whole, cut));
      try (Journal journal = open()) {
        assertThat(journal.resumed()).isFalse();
      }
      assertThat(file()).content().startsWith("{\"key\":\"header\"").hasLineCount(1);
    }
    assertThat(asides()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "garbage",
        "[1]",
        "{\"value\":1}",
        "{\"key\":\"x\"}{\"key\":\"y\"}",
        "{\"key\":\"x\",\"value\":",
      })
  void aDamagedLineIsForgottenAtTheEndAndRefusedBefore(String line) throws IOException {
    try (Journal journal = open()) {
      journal.once("a", Answer.class, () -> answer(1));
    }
    String good = Files.readString(file());
    Files.writeString(file(), good + line + "\n");
    try (Journal journal = open()) {
      assertThat(journal.once("a", Answer.class, JournalTest::neverAgain)).isEqualTo(answer(1));
    }
    assertThat(file()).content().isEqualTo(good);

    String first = good.substring(0, good.indexOf('\n') + 1);
    Files.writeString(file(), first + line + "\n" + good.substring(first.length()));
    assertThatThrownBy(this::open)
        .isInstanceOf(BadInputException.class)
        .hasMessage(file() + ":2: damaged; start anew with --fresh (it is kept aside)");
    Journal.open(file(), HEADER, true).close();
  }

  @Test
  void aHeaderWithoutItsTimeIsDamage() throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), "{\"key\":\"header\",\"value\":{}}\n{\"key\":\"a\",\"value\":1}\n");
    assertThatThrownBy(this::open)
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(":1: damaged");
  }

  @Test
  void anotherHeaderPutsTheOldJournalAside() throws IOException {
    try (Journal journal = open()) {
      journal.once("a", Answer.class, () -> answer(1));
    }
    String old = Files.readString(file());
    Map<String, String> newer = Map.of("workload", "abc", "runtime", "1.30");
    try (Journal journal = Journal.open(file(), newer, false)) {
      assertThat(journal.resumed()).isFalse();
      assertThat(journal.once("a", Answer.class, () -> answer(2))).isEqualTo(answer(2));
    }
    assertThat(asides()).hasSize(1);
    assertThat(asides().getFirst()).content().isEqualTo(old);
    try (Journal journal = Journal.open(file(), newer, false)) {
      assertThat(journal.once("a", Answer.class, JournalTest::neverAgain)).isEqualTo(answer(2));
    }
  }

  @Test
  void freshKeepsEachOldJournalAside() throws IOException {
    for (int i = 0; i < 3; i++) {
      int n = i;
      try (Journal journal = Journal.open(file(), HEADER, true)) {
        assertThat(journal.resumed()).isFalse();
        journal.once("a", Answer.class, () -> answer(n));
      }
    }
    assertThat(asides()).hasSize(2);
  }

  private List<Path> asides() throws IOException {
    try (Stream<Path> files = Files.list(file().getParent())) {
      return files.filter(f -> !f.equals(file())).sorted().toList();
    }
  }

  @Test
  void timeSpentIsCountedOverAllRuns() {
    AtomicLong clock = new AtomicLong(1_000);
    Instant began;
    try (Journal journal = Journal.open(file(), HEADER, false, clock::get)) {
      began = journal.started();
      clock.addAndGet(3_000_000_000L);
      journal.once("a", Answer.class, () -> answer(1));
      clock.addAndGet(5_000_000_000L);
      assertThat(journal.spent()).isEqualTo(Duration.ofSeconds(8));
    }
    // What was spent after the last record is lost with the kill.
    clock.set(77);
    try (Journal journal = Journal.open(file(), HEADER, false, clock::get)) {
      assertThat(journal.spent()).isEqualTo(Duration.ofSeconds(3));
      clock.addAndGet(1_000_000_000L);
      assertThat(journal.spent()).isEqualTo(Duration.ofSeconds(4));
      assertThat(journal.started()).isEqualTo(began);
    }
  }

  @Test
  void nothingAndNumbersThatAreNoneSurvive() {
    record Odd(@org.jspecify.annotations.Nullable String nothing, double a, double b, long c) {}
    Odd odd = new Odd(null, Double.NaN, Double.POSITIVE_INFINITY, Long.MAX_VALUE);
    try (Journal journal = open()) {
      assertThat(journal.once("odd", Odd.class, () -> odd)).isEqualTo(odd);
    }
    try (Journal journal = open()) {
      assertThat(journal.once("odd", Odd.class, () -> new Odd("", 0, 0, 0))).isEqualTo(odd);
    }
  }

  @Test
  void anAnswerOfAnotherFormIsNamed() {
    try (Journal journal = open()) {
      journal.once("a", String.class, () -> "text");
      assertThatThrownBy(() -> journal.once("a", Answer.class, JournalTest::neverAgain))
          .isInstanceOf(BadInputException.class)
          .hasMessage(file() + ": 'a' is of another form; start anew with --fresh");
    }
  }

  @Test
  void eachLineIsOneJsonObject() throws IOException {
    try (Journal journal = open()) {
      journal.once("a", Answer.class, () -> answer(1));
    }
    for (String line : Files.readAllLines(file(), StandardCharsets.UTF_8)) {
      assertThat(new com.fasterxml.jackson.databind.ObjectMapper().readTree(line).fieldNames())
          .toIterable()
          .containsExactly("key", "at", "spent", "value");
    }
  }
}
