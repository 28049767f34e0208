/**
 * The ONNX model in memory. Start reading at {@link dev.hasten.graph.Model} (read, copy, validate,
 * write) and {@link dev.hasten.graph.Graph} (the edits); {@link dev.hasten.graph.GraphBuilder}
 * writes small models down by hand.
 *
 * <p>What holds, and has to be kept by whoever works here:
 *
 * <ul>
 *   <li>Every edit leaves a valid graph: users and producers agree, {@code nodes()} is topological,
 *       names are unique where they can be seen, subgraphs included. A refused edit changes
 *       nothing.
 *   <li>What was not edited is written as it was read: each object keeps the message that it came
 *       from as its template, and reading then writing gives an equal message.
 *   <li>Weights never pass through the heap: protobuf copies all that it parses, so raw data are
 *       cut out before and put back after ({@code RawSlices}, {@code RawWriter}).
 *   <li>A file is untrusted: whatever is wrong with it ends in a {@link
 *       dev.hasten.graph.ModelException}, and nothing is allocated by a declared size alone.
 *   <li>Tensors are immutable and shared between models; a copy costs only the structure.
 * </ul>
 */
@NullMarked
package dev.hasten.graph;

import org.jspecify.annotations.NullMarked;
