package dev.hasten.runtime;

/** Whether worker threads that have nothing to do burn processor time to answer sooner. */
public enum Spinning {
  /** Idle workers sleep, even within a run. Best where other work shares the cores. */
  NEVER,
  /** Workers spin between the operators of a run and sleep once it has ended. */
  WITHIN_RUN,
  /** Workers go on spinning for a while after a run: ONNX Runtime's own default. */
  ALWAYS
}
