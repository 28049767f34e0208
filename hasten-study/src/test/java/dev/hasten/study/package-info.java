@NullMarked
package dev.hasten.study;

import org.jspecify.annotations.NullMarked;
