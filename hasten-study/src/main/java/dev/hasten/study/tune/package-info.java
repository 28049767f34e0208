/**
 * Finding a bundle's settings by real load. Start reading at {@link dev.hasten.study.tune.Tuner}.
 */
@NullMarked
package dev.hasten.study.tune;

import org.jspecify.annotations.NullMarked;
