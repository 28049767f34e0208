/**
 * Pattern rewriting. Start reading at {@link dev.hasten.graph.rewrite.Rules}, the lists of rules,
 * and {@link dev.hasten.graph.rewrite.Rewriter}, which applies them to a copy of a model until
 * nothing changes.
 */
@NullMarked
package dev.hasten.graph.rewrite;

import org.jspecify.annotations.NullMarked;
