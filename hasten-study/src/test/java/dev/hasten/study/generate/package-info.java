@NullMarked
package dev.hasten.study.generate;

import org.jspecify.annotations.NullMarked;
