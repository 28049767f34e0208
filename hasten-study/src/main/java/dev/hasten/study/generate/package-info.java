/**
 * Inputs for a model that comes without data. Start reading at {@link
 * dev.hasten.study.generate.InputPlanner}: it decides shapes and values, and says which of them it
 * guessed; {@link dev.hasten.study.generate.InputPlan} then makes batches of any size.
 */
@NullMarked
package dev.hasten.study.generate;

import org.jspecify.annotations.NullMarked;
