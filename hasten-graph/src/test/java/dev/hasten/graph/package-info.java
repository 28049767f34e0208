@NullMarked
package dev.hasten.graph;

import org.jspecify.annotations.NullMarked;
