/**
 * Running models. Start reading at {@link dev.hasten.runtime.Predictor} (answers questions from a
 * {@link dev.hasten.runtime.Bundle}); below it lie {@link dev.hasten.runtime.InputPipeline}
 * (examples to tensors and back) and {@link dev.hasten.runtime.Backend} (tensors to tensors).
 */
@NullMarked
package dev.hasten.runtime;

import org.jspecify.annotations.NullMarked;
