/** Benchmarks and soaks, run by hand; each class's Javadoc has its command. */
@NullMarked
package dev.hasten.bench;

import org.jspecify.annotations.NullMarked;
