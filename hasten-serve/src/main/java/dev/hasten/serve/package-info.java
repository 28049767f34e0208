/**
 * The inference server. Start reading at {@link dev.hasten.serve.InferenceServer}, which puts
 * together the models ({@link dev.hasten.serve.repository}) and what clients speak ({@link
 * dev.hasten.serve.protocol}).
 */
@NullMarked
package dev.hasten.serve;

import org.jspecify.annotations.NullMarked;
