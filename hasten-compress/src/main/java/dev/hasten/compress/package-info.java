/**
 * The techniques that make a model faster or smaller, and the recipes that chain them.
 *
 * <p>Start at {@link dev.hasten.compress.Techniques}, the list of all of them; {@link
 * dev.hasten.compress.Technique} is what one is, {@link dev.hasten.compress.Recipe} an ordered list
 * of them with parameters.
 */
@NullMarked
package dev.hasten.compress;

import org.jspecify.annotations.NullMarked;
