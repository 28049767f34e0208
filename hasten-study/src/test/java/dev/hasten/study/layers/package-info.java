@NullMarked
package dev.hasten.study.layers;

import org.jspecify.annotations.NullMarked;
