package dev.hasten.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hasten.runtime.EnvironmentException;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryRoomTest {
  private static final long GB = 1_000_000_000L;

  private static List<List<Long>> groups(long room, List<Long> sizes) {
    return new MemoryRoom(room).groups(sizes, 4 * GB, Long::longValue);
  }

  @Test
  void whatDoesNotFitTogetherIsMeasuredInGroups() {
    List<Long> sizes = List.of(GB, 4 * GB, 4 * GB, GB);
    // Beside 6 GB of the original's: 1.5 + 6 fit, then 6 + 1.5.
    assertThat(groups(16 * GB, sizes)).containsExactly(List.of(GB, 4 * GB), List.of(4 * GB, GB));
    assertThat(groups(64 * GB, sizes)).hasSize(1);
    assertThat(groups(0, sizes)).as("unknown").hasSize(1);
    assertThat(groups(9 * GB, sizes)).hasSize(4);
    assertThat(groups(16 * GB, List.of())).containsExactly(List.of());
  }

  @Test
  void twoModelsThatAreMoreThanThereIsAreRefusedBeforeTheSystemKillsTheProcess() {
    assertThatThrownBy(() -> groups(7 * GB, List.of(4 * GB)))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("together 8.0 GB do not fit into the 7.0 GB");
  }

  @Test
  void sessionsThatFit() {
    assertThat(new MemoryRoom(13 * GB).sessions(4 * GB)).isEqualTo(2);
    assertThat(new MemoryRoom(13 * GB).sessions(1)).isEqualTo(1_000);
    assertThat(new MemoryRoom(0).sessions(4 * GB)).isEqualTo(Integer.MAX_VALUE);
  }
}
