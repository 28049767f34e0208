package dev.hasten.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A few thousand executions of what {@link FuzzModels} runs by the million. */
class FuzzTest {
  @Test
  void mutantsAreRefusedOrGoAllTheWay() {
    ModelMutator mutator = new ModelMutator(FuzzSeeds.all(), 11);
    Map<FuzzTarget.Outcome, Integer> outcomes = new EnumMap<>(FuzzTarget.Outcome.class);
    for (int i = 0; i < 4_000; i++) {
      byte[] mutant = mutator.next();
      try {
        outcomes.merge(FuzzTarget.run(mutant), 1, Integer::sum);
      } catch (RuntimeException | AssertionError | StackOverflowError | OutOfMemoryError e) {
        fail("mutant " + i + ": " + HexFormat.of().formatHex(mutant), e);
      }
    }
    // Else the mutants are all broken in the same place, and nothing behind it is reached.
    assertThat(outcomes.get(FuzzTarget.Outcome.DONE)).isGreaterThan(400);
    assertThat(outcomes.get(FuzzTarget.Outcome.UNREADABLE)).isGreaterThan(400);
  }

  @Test
  void unmutatedSeedsGoAllTheWay() {
    FuzzSeeds.all()
        .forEach(seed -> assertThat(FuzzTarget.run(seed)).isEqualTo(FuzzTarget.Outcome.DONE));
  }
}
