package dev.hasten.measure;

/** The three disjoint parts of a dataset. */
public enum Split {
  /** For ranges of activations, and for fitting a linear probe. */
  CALIBRATE,
  /** For the search: every trial is scored on it. */
  VALIDATE,
  /** For the promise: touched once, at the end. */
  TEST
}
