/** The ONNX model in memory. Start reading at {@link dev.hasten.graph.Model}. */
@NullMarked
package dev.hasten.graph;

import org.jspecify.annotations.NullMarked;
