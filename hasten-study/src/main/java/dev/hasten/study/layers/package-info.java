/**
 * Mixed precision: what quantizing each layer alone costs in quality and gains in time, and which
 * layers to quantize how. Start at {@link dev.hasten.study.layers.LayerLab}, which measures, and
 * {@link dev.hasten.study.layers.Walk}, which allocates.
 */
@NullMarked
package dev.hasten.study.layers;

import org.jspecify.annotations.NullMarked;
