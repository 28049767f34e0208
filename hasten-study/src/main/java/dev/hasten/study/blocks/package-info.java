/**
 * The repeated blocks of a model (the layers of an encoder, the stages of a convolutional network),
 * and what they cost. Start reading at {@link dev.hasten.study.blocks.Blocks}.
 */
@NullMarked
package dev.hasten.study.blocks;

import org.jspecify.annotations.NullMarked;
