package dev.hasten.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {
  @ParameterizedTest
  @CsvSource({
    "2.7, 2.70",
    "27.04, 27.0",
    "270.4, 270",
    "12345.6, '12,346'",
    "0.0123, 0.0123",
    "0, 0",
    "-0.5, −0.500",
    "1, 1.00",
    "NaN, –"
  })
  void numberHasThreeDigits(double value, String expected) {
    assertThat(Format.number(value)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"0.4266, 43 %", "0.0421, 4.2 %", "1, 100 %", "0.0996, 10 %", "0, 0.0 %"})
  void percent(double share, String expected) {
    assertThat(Format.percent(share)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"512, 512 B", "90400000, 90.4 MB", "999600, 1.00 MB", "1500, 1.50 kB"})
  void bytes(double bytes, String expected) {
    assertThat(Format.bytes(bytes).replace('\u00a0', ' ')).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "PT10M, 10 min",
    "PT0.00085S, 850 µs",
    "PT0.0123S, 12.3 ms",
    "PT4.2S, 4.20 s",
    "PT3M10S, 3 min 10 s",
    "PT1H5M, 1 h 5 min"
  })
  void duration(Duration time, String expected) {
    assertThat(Format.duration(time).replace('\u00a0', ' ')).isEqualTo(expected);
  }
}
