/**
 * The models that a server answers with: {@link dev.hasten.serve.repository.ModelRepository} finds
 * them in a folder, {@link dev.hasten.serve.repository.ServedModel} is one version of one, open.
 */
@NullMarked
package dev.hasten.serve.repository;

import org.jspecify.annotations.NullMarked;
