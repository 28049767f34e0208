@NullMarked
package dev.hasten.bench;

import org.jspecify.annotations.NullMarked;
