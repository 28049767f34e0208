@NullMarked
package dev.hasten.study.tune;

import org.jspecify.annotations.NullMarked;
