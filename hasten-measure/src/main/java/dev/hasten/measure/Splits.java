package dev.hasten.measure;

import java.util.List;

/**
 * A dataset, split.
 *
 * @param calibrate examples of {@link Split#CALIBRATE}
 * @param validate examples of {@link Split#VALIDATE}
 * @param test examples of {@link Split#TEST}
 * @param seen how many examples the dataset held before limits
 */
public record Splits(
    List<LabeledExample> calibrate,
    List<LabeledExample> validate,
    List<LabeledExample> test,
    long seen) {
  public Splits {
    calibrate = List.copyOf(calibrate);
    validate = List.copyOf(validate);
    test = List.copyOf(test);
  }

  /** The examples of one split. */
  public List<LabeledExample> of(Split split) {
    return switch (split) {
      case CALIBRATE -> calibrate;
      case VALIDATE -> validate;
      case TEST -> test;
    };
  }
}
